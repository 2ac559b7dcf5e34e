"""Breaks the rules of who may talk to whom."""

from manifests.broken.changes import breaks, container, remove, settings


@breaks("every_pod_is_denied_what_is_not_allowed")
def nothing_is_denied(cluster):
    remove(cluster, "NetworkPolicy", "default-deny")


@breaks("every_pod_is_denied_what_is_not_allowed", "dev")
def the_mailbox_is_not_denied(cluster):
    labels = cluster.find("Deployment", "mailpit")["spec"]["template"]["metadata"]["labels"]
    del labels["app.kubernetes.io/part-of"]


@breaks("only_the_known_flows_are_allowed")
def a_service_may_call_another(cluster):
    for name in ("user-svc", "workout-svc"):
        spec = cluster.find("NetworkPolicy", name)["spec"]
        spec["podSelector"] = {}
    peer = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "notify-svc"}}}
    cluster.find("NetworkPolicy", "user-svc")["spec"]["ingress"].append({"from": [peer], "ports": [{"port": 50052}]})
    peer = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "workout-svc"}}}
    cluster.find("NetworkPolicy", "notify-svc")["spec"]["egress"].append({"to": [peer], "ports": [{"port": 50052}]})


@breaks("only_the_known_flows_are_allowed")
def the_gateway_is_not_let_in(cluster):
    cluster.find("NetworkPolicy", "user-svc")["spec"]["ingress"][0]["from"].pop(0)


@breaks("only_the_known_flows_are_allowed")
def the_gateway_is_not_let_out(cluster):
    remove(cluster, "NetworkPolicy", "gateway")


@breaks("nothing_is_open_to_everybody")
def a_policy_names_no_peers(cluster):
    del cluster.find("NetworkPolicy", "allow-way-in")["spec"]["ingress"][0]["from"]


@breaks("nothing_is_open_to_everybody")
def a_policy_names_no_ports(cluster):
    del cluster.find("NetworkPolicy", "allow-smtp")["spec"]["egress"][0]["ports"]


@breaks("operators_read_nothing_that_we_deny")
def kafka_would_be_cut_off(cluster):
    cluster.of("Kafka")[0]["metadata"]["labels"] = {"app.kubernetes.io/part-of": "fitness-trainer"}


@breaks("ports_agree")
def a_service_has_another_port(cluster):
    cluster.find("Service", "user-svc")["spec"]["ports"][0]["port"] = 50052


@breaks("ports_agree")
def a_service_listens_on_loopback(cluster):
    del settings(cluster, "user-svc")["USER_SVC_GRPC_ADDR"]


@breaks("ports_agree")
def a_service_hides_its_replicas(cluster):
    del cluster.find("Service", "user-svc")["spec"]["clusterIP"]


@breaks("ports_agree")
def a_probe_asks_another_port(cluster):
    container(cluster)["readinessProbe"]["grpc"]["port"] = 50052


@breaks("job_pods_get_no_calls")
def a_service_selects_the_pods_of_jobs(cluster):
    del cluster.find("Service", "user-svc")["spec"]["selector"]["app.kubernetes.io/component"]
