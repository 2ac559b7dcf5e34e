"""How many there are, and how many may be away at once."""

from collections.abc import Iterator

from manifests.cluster import SERVICES, Cluster, matches, settings


def servers_have_a_disruption_budget(cluster: Cluster) -> Iterator[str]:
    budgets = cluster.of("PodDisruptionBudget")
    for pod in (pod for pod in cluster.pods() if pod.is_server):
        found = [one for one in budgets if matches(one["spec"]["selector"], pod.labels)]
        if len(found) != 1:
            yield f"{pod.name} has {len(found)} disruption budgets"
    for budget in budgets:
        if not any(matches(budget["spec"]["selector"], pod.labels) for pod in cluster.pods() if pod.is_server):
            yield f"PodDisruptionBudget/{budget['metadata']['name']} selects nothing"
        if budget["spec"].get("maxUnavailable") in (0, "0%"):
            yield f"PodDisruptionBudget/{budget['metadata']['name']} keeps nodes from being drained"


def one_autoscaler_for_each_server(cluster: Cluster) -> Iterator[str]:
    scalers = cluster.of("HorizontalPodAutoscaler", "ScaledObject")
    for scaler in scalers:
        target = scaler["spec"]["scaleTargetRef"]["name"]
        if not cluster.find("Deployment", target):
            yield f"{scaler['kind']}/{scaler['metadata']['name']} scales {target}, which is not there"
        least = scaler["spec"].get("minReplicas", scaler["spec"].get("minReplicaCount", 0))
        if least < 2:
            yield f"{scaler['kind']}/{scaler['metadata']['name']} goes down to {least}"
    for service in SERVICES:
        count = sum(scaler["spec"]["scaleTargetRef"]["name"] == service for scaler in scalers)
        replicas = cluster.server(service).owner["spec"].get("replicas")
        if count > 1:
            yield f"{service} has {count} autoscalers"
        if count == 1 and replicas is not None:
            yield f"{service} is set back to {replicas} replicas by each apply"
        if count == 0 and replicas is None:
            yield f"nothing says how many of {service} there are"


def scaled_services_fit_the_partitions(cluster: Cluster) -> Iterator[str]:
    topics = {topic["metadata"]["name"]: topic["spec"]["partitions"] for topic in cluster.of("KafkaTopic")}
    for scaler in cluster.of("ScaledObject"):
        name, spec = f"ScaledObject/{scaler['metadata']['name']}", scaler["spec"]
        for trigger in (one["metadata"] for one in spec["triggers"] if one["type"] == "kafka"):
            partitions = topics.get(trigger["topic"])
            if partitions is None:
                yield f"{name} watches the topic {trigger['topic']}, which is not there"
            elif spec["maxReplicaCount"] > partitions:
                yield f"{name} scales to {spec['maxReplicaCount']} for {partitions} partitions"
            if trigger.get("excludePersistentLag") != "true":
                yield f"{name} scales by records that no replica can move"
            if trigger["consumerGroup"] != _group(cluster, spec["scaleTargetRef"]["name"]):
                yield f"{name} watches the group {trigger['consumerGroup']}"


def _group(cluster: Cluster, service: str) -> str:
    setting = {"notify-svc": "KAFKA_GROUP"}.get(service, f"{service.replace('-', '_').upper()}_KAFKA_GROUP")
    pod = cluster.server(service)
    return cluster.environment(pod.spec["containers"][0] if pod else {}).get(setting, settings()[setting])


def the_database_has_connections_for_all(cluster: Cluster) -> Iterator[str]:
    wanted = 0
    for service in SERVICES:
        environment = cluster.environment(cluster.server(service).spec["containers"][0])
        if "DATABASE_URL_FILE" in environment:
            each = environment.get("DATABASE_MAX_CONNECTIONS", settings()["DATABASE_MAX_CONNECTIONS"])
            # A roll-out has one more for a while.
            wanted += (cluster.most_replicas(service) + 1) * int(each)
    for postgres in (one for one in cluster.of("Cluster") if one["apiVersion"].startswith("postgresql.cnpg.io")):
        there = int(postgres["spec"]["postgresql"]["parameters"]["max_connections"])
        if wanted >= there:
            yield f"the services may open {wanted} connections and PostgreSQL takes {there}"
