"""Settings, secrets and names that refer to something have to find it."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from manifests.cluster import Cluster, Pod, settings


def every_setting_is_documented(cluster: Cluster) -> Iterator[str]:
    for pod in (pod for pod in cluster.pods() if pod.owner["kind"] == "Job" or pod.is_server):
        for container in pod.containers:
            for name in cluster.environment(container):
                if name not in settings() and name.removesuffix("_FILE") not in settings():
                    yield f"{pod.name} sets {name}, which docs/configuration.md does not know"


def secrets_are_files(cluster: Cluster) -> Iterator[str]:
    secret = {name for name, default in settings().items() if default == "secret"}
    for pod in cluster.pods():
        for container in pod.containers:
            for name in secret & set(cluster.environment(container)):
                yield f"{pod.name} has {name} in its environment"
            if any("secretRef" in source for source in container.get("envFrom", [])):
                yield f"{pod.name} has a Secret in its environment"


def what_is_referred_to_exists(cluster: Cluster) -> Iterator[str]:
    secrets = cluster.secret_keys()
    for pod in cluster.pods():
        for container in pod.containers:
            for source in container.get("envFrom", []):
                name = source["configMapRef"]["name"]
                if not cluster.find("ConfigMap", name):
                    yield f"{pod.name} refers to ConfigMap/{name}"
        for name, keys in _mounted_secrets(pod):
            for key in keys:
                if key not in secrets.get(name, set()):
                    yield f"{pod.name} refers to the key {key} of Secret/{name}"
        for volume in pod.spec.get("volumes", []):
            claim = volume.get("persistentVolumeClaim", {}).get("claimName")
            if claim and not cluster.find("PersistentVolumeClaim", claim):
                yield f"{pod.name} refers to PersistentVolumeClaim/{claim}"
        account = pod.spec.get("serviceAccountName")
        if account and not cluster.find("ServiceAccount", account):
            yield f"{pod.name} refers to ServiceAccount/{account}"
    for authentication in cluster.of("TriggerAuthentication"):
        for one in authentication["spec"].get("secretTargetRef", []):
            if one["key"] not in secrets.get(one["name"], set()):
                yield f"TriggerAuthentication refers to the key {one['key']} of Secret/{one['name']}"
        for one in authentication["spec"].get("configMapTargetRef", []):
            found = cluster.find("ConfigMap", one["name"])
            if not found or one["key"] not in found["data"]:
                yield f"TriggerAuthentication refers to the key {one['key']} of ConfigMap/{one['name']}"
    for ingress in cluster.of("Ingress"):
        for tls in ingress["spec"].get("tls", []):
            if tls["secretName"] not in secrets:
                yield f"Ingress refers to Secret/{tls['secretName']}"


def _mounted_secrets(pod: Pod) -> Iterator[tuple[str, list[str]]]:
    for volume in pod.spec.get("volumes", []):
        for source in volume.get("projected", {}).get("sources", []):
            if "secret" in source:
                yield source["secret"]["name"], [item["key"] for item in source["secret"]["items"]]


def files_that_settings_name_are_mounted(cluster: Cluster) -> Iterator[str]:
    needed_by_jobs = {"migrate": {"DATABASE_URL_FILE"}, "topics": {"KAFKA_SASL_PASSWORD_FILE", "KAFKA_TLS_CA_FILE"}}
    for pod in cluster.pods():
        container = pod.spec["containers"][0]
        there = _mounted_files(pod)
        job = pod.labels.get("app.kubernetes.io/component")
        for name, value in cluster.environment(container).items():
            if not name.endswith("_FILE") or (job in needed_by_jobs and name not in needed_by_jobs[job]):
                continue
            if value not in there:
                yield f"{pod.name} has no file {value} for {name}"


def _mounted_files(pod: Pod) -> set[str]:
    volumes = {volume["name"]: volume for volume in pod.spec.get("volumes", [])}
    found = set()
    for mount in pod.spec["containers"][0].get("volumeMounts", []):
        for source in volumes.get(mount["name"], {}).get("projected", {}).get("sources", []):
            found |= {f"{mount['mountPath']}/{item['path']}" for item in source.get("secret", {}).get("items", [])}
    return found


def services_are_called_by_their_names(cluster: Cluster) -> Iterator[str]:
    for pod in (pod for pod in cluster.pods() if pod.is_server):
        environment = cluster.environment(pod.spec["containers"][0])
        for name in (name for name in environment if name.endswith("_SVC_URL")):
            url = urlsplit(environment[name])
            front = cluster.find("Service", url.hostname)
            if not front or url.port not in {port["port"] for port in front["spec"]["ports"]}:
                yield f"{pod.name} has {name} {environment[name]}, which no Service answers"


def ways_in_lead_to_the_gateway(cluster: Cluster) -> Iterator[str]:
    ports = {port["name"]: port["port"] for port in cluster.find("Service", "gateway")["spec"]["ports"]}
    backends = []
    for ingress in cluster.of("Ingress"):
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                service = path["backend"]["service"]
                backends.append((service["name"], service["port"].get("number", ports.get(service["port"].get("name")))))
    for route in cluster.of("HTTPRoute"):
        for rule in route["spec"]["rules"]:
            backends += [(backend["name"], backend["port"]) for backend in rule["backendRefs"]]
    for backend in backends:
        if backend != ("gateway", ports["http"]):
            yield f"a way in leads to {backend[0]}:{backend[1]}"
    gateway = cluster.server("gateway").spec["containers"][0]
    if backends and not cluster.environment(gateway).get("TRUSTED_PROXIES"):
        yield "behind a proxy that is not in TRUSTED_PROXIES all clients share the limits of one"
