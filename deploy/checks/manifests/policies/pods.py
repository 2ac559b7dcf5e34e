"""How each pod is confined, probed, stopped, and from which image it is made."""

import re
from collections.abc import Iterator

from manifests.cluster import Cluster, settings, version

_AFTER_THE_DRAIN_SECONDS = 10
"""What outlives the drain in a service (the relay's last batch) and the last telemetry."""


def pods_are_confined(cluster: Cluster) -> Iterator[str]:
    for pod in cluster.pods():
        spec, context = pod.spec, pod.spec.get("securityContext", {})
        if context.get("runAsNonRoot") is not True or not context.get("runAsUser"):
            yield f"{pod.name} may run as root"
        if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{pod.name} has no seccomp profile"
        for name in ("hostNetwork", "hostPID", "hostIPC"):
            if spec.get(name):
                yield f"{pod.name} has {name}"
        if any("hostPath" in volume for volume in spec.get("volumes", [])):
            yield f"{pod.name} mounts a path of the node"
        if spec.get("automountServiceAccountToken") is not False:
            yield f"{pod.name} gets a token of the cluster"
        if spec.get("enableServiceLinks") is not False:
            yield f"{pod.name} gets service links into its environment"
        for container in pod.containers:
            yield from _confined(f"{pod.name} {container['name']}", container)


def _confined(name: str, container: dict) -> Iterator[str]:
    context = container.get("securityContext", {})
    if context.get("privileged") or context.get("allowPrivilegeEscalation") is not False:
        yield f"{name} may gain privileges"
    if context.get("capabilities") != {"drop": ["ALL"]}:
        yield f"{name} keeps capabilities"
    if context.get("readOnlyRootFilesystem") is not True:
        yield f"{name} may write to its root file system"
    if context.get("runAsUser") == 0 or context.get("runAsNonRoot") is False:
        yield f"{name} may run as root"
    if any("hostPort" in port for port in container.get("ports", [])):
        yield f"{name} takes a port of the node"


def containers_have_requests_and_limits(cluster: Cluster) -> Iterator[str]:
    for pod in cluster.pods():
        for container in pod.containers:
            for kind in ("requests", "limits"):
                for resource in ("cpu", "memory"):
                    if resource not in container.get("resources", {}).get(kind, {}):
                        yield f"{pod.name} {container['name']} has no {kind} of {resource}"


def servers_have_probes(cluster: Cluster) -> Iterator[str]:
    for pod in cluster.pods():
        if pod.owner["kind"] != "Deployment":
            continue
        for container in pod.spec["containers"]:
            wanted = ("readinessProbe", "livenessProbe") + (("startupProbe",) if pod.is_server else ())
            for name in wanted:
                if name not in container:
                    yield f"{pod.name} {container['name']} has no {name}"
            liveness = container.get("livenessProbe", {})
            if "grpc" in liveness or liveness.get("httpGet", {}).get("path") == "/readyz":
                yield f"{pod.name} {container['name']} is killed when a dependency is away"
            if pod.service.endswith("-svc") and "grpc" not in container.get("readinessProbe", {}):
                yield f"{pod.name} {container['name']} is not asked by gRPC whether it is ready"


def images_are_of_a_version(cluster: Cluster) -> Iterator[str]:
    for pod in cluster.pods():
        for container in pod.containers:
            tag = re.search(r":([\w.-]+)$", container["image"])
            if not tag or tag.group(1) == "latest":
                yield f"{pod.name} {container['name']} has the image {container['image']}"
            elif "fitness-trainer/" in container["image"] and tag.group(1) != version():
                yield f"{pod.name} {container['name']} is not of version {version()}"


def servers_drain(cluster: Cluster) -> Iterator[str]:
    for pod in cluster.pods():
        if not pod.is_server:
            continue
        container = pod.spec["containers"][0]
        pause = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        if pause < 1:
            yield f"{pod.name} is stopped while calls still come"
        default = settings()["DRAIN_DEADLINE_SECONDS"]
        drain = int(cluster.environment(container).get("DRAIN_DEADLINE_SECONDS", default))
        if pod.spec.get("terminationGracePeriodSeconds", 30) <= pause + drain + _AFTER_THE_DRAIN_SECONDS:
            yield f"{pod.name} is killed before it has drained"
        strategy = pod.owner["spec"].get("strategy", {})
        alone = pod.owner["spec"].get("replicas") == 1
        if strategy.get("rollingUpdate", {}).get("maxUnavailable") != 0 and not alone:
            yield f"{pod.name} is away for a part of a roll-out"


def jobs_end(cluster: Cluster) -> Iterator[str]:
    for job in cluster.of("Job"):
        name = f"Job/{job['metadata']['name']}"
        for limit in ("backoffLimit", "ttlSecondsAfterFinished", "activeDeadlineSeconds"):
            if limit not in job["spec"]:
                yield f"{name} has no {limit}"
        if "argocd.argoproj.io/hook-delete-policy" not in job["metadata"].get("annotations", {}):
            yield f"{name} cannot be applied again"


def jobs_and_servers_are_of_one_image(cluster: Cluster) -> Iterator[str]:
    for pod in cluster.pods():
        server = cluster.server(pod.service)
        if server and pod.spec["containers"][0]["image"] != server.spec["containers"][0]["image"]:
            yield f"{pod.name} has another image than {server.name}"


def namespaces_enforce_the_restricted_standard(cluster: Cluster) -> Iterator[str]:
    for namespace in cluster.of("Namespace"):
        if namespace["metadata"].get("labels", {}).get("pod-security.kubernetes.io/enforce") != "restricted":
            yield f"Namespace/{namespace['metadata']['name']} lets in any pod"
    for document in cluster.documents:
        if document["kind"] != "Namespace" and not document["metadata"].get("namespace"):
            yield f"{document['kind']}/{document['metadata']['name']} is in no namespace"
