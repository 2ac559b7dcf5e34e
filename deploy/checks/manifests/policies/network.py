"""Who may talk to whom, and on which ports."""

from collections.abc import Iterator

from manifests.cluster import SERVICES, Cluster, Pod, matches, settings

_DENY_LABEL = "app.kubernetes.io/part-of"
FLOWS = {
    ("gateway", "user-svc", 50051),
    ("gateway", "workout-svc", 50052),
    ("gateway", "notify-svc", 50053),
    # For the keys of access tokens.
    ("workout-svc", "user-svc", 50051),
    ("notify-svc", "user-svc", 50051),
}
ADDRESSES = {
    "gateway": {"http": "GATEWAY_HTTP_ADDR", "ops": "GATEWAY_OPS_ADDR"},
    "user-svc": {"grpc": "USER_SVC_GRPC_ADDR", "ops": "USER_SVC_OPS_ADDR"},
    "workout-svc": {"grpc": "WORKOUT_SVC_GRPC_ADDR", "ops": "WORKOUT_SVC_OPS_ADDR"},
    "notify-svc": {"grpc": "NOTIFY_SVC_GRPC_ADDR", "ops": "NOTIFY_SVC_OPS_ADDR"},
}


def every_pod_is_denied_what_is_not_allowed(cluster: Cluster) -> Iterator[str]:
    for pod in cluster.pods():
        for direction in ("Ingress", "Egress"):
            if not any(_denies(policy, pod, direction) for policy in cluster.of("NetworkPolicy")):
                yield f"{pod.name} has no default deny of {direction}"


def _denies(policy: dict, pod: Pod, direction: str) -> bool:
    spec = policy["spec"]
    no_rules = not spec.get(direction.lower())
    return direction in spec["policyTypes"] and no_rules and matches(spec["podSelector"], pod.labels)


def only_the_known_flows_are_allowed(cluster: Cluster) -> Iterator[str]:
    pods = [pod for pod in cluster.pods() if pod.service in SERVICES]
    for source in pods:
        for target in (pod for pod in pods if pod.is_server):
            for port in _ports(target).values():
                allowed = _allows(cluster, source, target, port, "Egress") and _allows(
                    cluster, target, source, port, "Ingress"
                )
                wanted = source.is_server and (source.service, target.service, port) in FLOWS
                if allowed != wanted:
                    verb = "may" if allowed else "may not"
                    yield f"{source.name} {verb} talk to {target.name} on {port}"


def nothing_is_open_to_everybody(cluster: Cluster) -> Iterator[str]:
    for policy in cluster.of("NetworkPolicy"):
        for direction, peers in (("ingress", "from"), ("egress", "to")):
            for rule in policy["spec"].get(direction, []):
                if not rule.get(peers) or not rule.get("ports"):
                    yield f"NetworkPolicy/{policy['metadata']['name']} has an {direction} without peers or ports"


def _ports(pod: Pod) -> dict[str, int]:
    return {port["name"]: port["containerPort"] for port in pod.spec["containers"][0].get("ports", [])}


def _allows(cluster: Cluster, pod: Pod, peer: Pod, port: int, direction: str) -> bool:
    key, peers = direction.lower(), "from" if direction == "Ingress" else "to"
    listener = pod if direction == "Ingress" else peer
    for policy in cluster.of("NetworkPolicy"):
        if direction not in policy["spec"]["policyTypes"] or not matches(policy["spec"]["podSelector"], pod.labels):
            continue
        for rule in policy["spec"].get(key, []):
            numbers = [_ports(listener).get(one["port"], one["port"]) for one in rule.get("ports", [])]
            # Another namespace, or addresses outside the cluster, are none of our pods.
            near = [one for one in rule.get(peers, []) if set(one) == {"podSelector"}]
            if port in numbers and any(matches(one["podSelector"], peer.labels) for one in near):
                return True
    return False


def operators_read_nothing_that_we_deny(cluster: Cluster) -> Iterator[str]:
    """Operators copy labels to the pods they make; with this one those would be cut off."""
    for document in cluster.of("Kafka", "KafkaNodePool", "Cluster"):
        if _DENY_LABEL in document["metadata"].get("labels", {}):
            yield f"{document['kind']}/{document['metadata']['name']} has the label {_DENY_LABEL}"


def ports_agree(cluster: Cluster) -> Iterator[str]:
    for service in SERVICES:
        pod, front = cluster.server(service), cluster.find("Service", service)
        if not pod or not front:
            yield f"{service} has no Deployment or no Service"
            continue
        container = pod.spec["containers"][0]
        environment, ports = cluster.environment(container), _ports(pod)
        if not matches({"matchLabels": front["spec"]["selector"]}, pod.labels):
            yield f"Service/{service} selects another pod"
        if front["spec"].get("clusterIP") != "None" and service != "gateway":
            yield f"Service/{service} hides its replicas behind one address"
        for name, setting in ADDRESSES[service].items():
            address = environment.get(setting, settings()[setting])
            if not address.startswith("0.0.0.0:"):
                yield f"{service} listens on {address}"
            documented = settings()[setting].rsplit(":", 1)[1]
            numbers = {int(address.rsplit(":", 1)[1]), int(documented), ports.get(name)}
            numbers |= {port["port"] for port in front["spec"]["ports"] if port["targetPort"] == name}
            if len(numbers) != 1 or name not in {port["name"] for port in front["spec"]["ports"]}:
                yield f"{service} has {name} on {sorted(map(str, numbers))}"
        for probe in ("readinessProbe", "livenessProbe", "startupProbe"):
            asked = container.get(probe, {})
            port = asked.get("grpc", asked.get("httpGet", {})).get("port")
            if port not in ports and port not in ports.values():
                yield f"{service} is probed on {port}"


def job_pods_get_no_calls(cluster: Cluster) -> Iterator[str]:
    for front in cluster.of("Service"):
        for pod in cluster.pods():
            if pod.owner["kind"] == "Job" and matches({"matchLabels": front["spec"]["selector"]}, pod.labels):
                yield f"Service/{front['metadata']['name']} selects {pod.name}"
