"""Breaks the rules of how many there are."""

from manifests.broken.changes import breaks, remove, settings


@breaks("servers_have_a_disruption_budget")
def a_budget_is_missing(cluster):
    remove(cluster, "PodDisruptionBudget", "user-svc")


@breaks("servers_have_a_disruption_budget")
def a_budget_selects_nothing(cluster):
    selector = cluster.find("PodDisruptionBudget", "user-svc")["spec"]["selector"]
    selector["matchLabels"]["app.kubernetes.io/name"] = "user"


@breaks("servers_have_a_disruption_budget")
def a_budget_keeps_nodes_from_being_drained(cluster):
    cluster.find("PodDisruptionBudget", "user-svc")["spec"]["maxUnavailable"] = 0


@breaks("one_autoscaler_for_each_server", "prod")
def an_autoscaler_scales_nothing(cluster):
    cluster.find("HorizontalPodAutoscaler", "user-svc")["spec"]["scaleTargetRef"]["name"] = "user"


@breaks("one_autoscaler_for_each_server")
def an_autoscaler_leaves_one(cluster):
    cluster.find("ScaledObject", "user-svc")["spec"]["minReplicaCount"] = 1


@breaks("one_autoscaler_for_each_server")
def two_autoscalers_work_against_each_other(cluster):
    cluster.of("HorizontalPodAutoscaler")[0]["spec"]["scaleTargetRef"]["name"] = "user-svc"


@breaks("one_autoscaler_for_each_server")
def an_apply_sets_the_replicas_back(cluster):
    cluster.find("Deployment", "user-svc")["spec"]["replicas"] = 2


@breaks("scaled_services_fit_the_partitions")
def more_replicas_than_partitions(cluster):
    cluster.find("ScaledObject", "notify-svc")["spec"]["maxReplicaCount"] = 13


@breaks("scaled_services_fit_the_partitions")
def the_lag_of_another_group_counts(cluster):
    cluster.find("ScaledObject", "notify-svc")["spec"]["triggers"][0]["metadata"]["consumerGroup"] = "notify"


@breaks("scaled_services_fit_the_partitions")
def a_topic_that_is_not_there_is_watched(cluster):
    cluster.find("ScaledObject", "notify-svc")["spec"]["triggers"][0]["metadata"]["topic"] = "fitness.events"


@breaks("the_database_has_connections_for_all")
def the_database_runs_out_of_connections(cluster):
    settings(cluster, "user-svc")["DATABASE_MAX_CONNECTIONS"] = "40"
