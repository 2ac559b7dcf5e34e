"""What would be in the cluster: the documents of an overlay, and what is said about them elsewhere."""

import functools
import re
from dataclasses import dataclass, field

from manifests.cache import ROOT

SERVICES = ("gateway", "user-svc", "workout-svc", "notify-svc")
CUSTOM = ("kafka.strimzi.io", "postgresql.cnpg.io", "keda.sh", "monitoring.coreos.com", "gateway.networking.k8s.io")


@dataclass
class Pod:
    """A pod as a Deployment or Job makes it."""

    owner: dict
    labels: dict
    spec: dict

    @property
    def name(self) -> str:
        return f"{self.owner['kind']}/{self.owner['metadata']['name']}"

    @property
    def containers(self) -> list[dict]:
        return self.spec.get("initContainers", []) + self.spec["containers"]

    @property
    def is_server(self) -> bool:
        return self.labels.get("app.kubernetes.io/component") == "server"

    @property
    def service(self) -> str:
        return self.labels.get("app.kubernetes.io/name", "")


@dataclass
class Cluster:
    """The documents of an overlay, and the Secrets that are brought beside it: their keys by name."""

    documents: list[dict]
    brought: dict[str, set[str]] = field(default_factory=dict)

    def of(self, *kinds: str) -> list[dict]:
        return [document for document in self.documents if document["kind"] in kinds]

    def find(self, kind: str, name: str) -> dict | None:
        return next((one for one in self.of(kind) if one["metadata"]["name"] == name), None)

    def pods(self) -> list[Pod]:
        templates = [(owner, owner["spec"]["template"]) for owner in self.of("Deployment", "Job", "StatefulSet")]
        return [Pod(owner, made["metadata"].get("labels", {}), made["spec"]) for owner, made in templates]

    def server(self, service: str) -> Pod | None:
        return next((pod for pod in self.pods() if pod.is_server and pod.service == service), None)

    def environment(self, container: dict) -> dict[str, str]:
        """The settings of a container, as they are in the end."""
        values = {}
        for source in container.get("envFrom", []):
            found = self.find("ConfigMap", source["configMapRef"]["name"])
            values |= found["data"] if found else {}
        return values | {entry["name"]: entry.get("value", "") for entry in container.get("env", [])}

    def most_replicas(self, service: str) -> int:
        """How many of a service there may be."""
        for scaler in self.of("ScaledObject"):
            if scaler["spec"]["scaleTargetRef"]["name"] == service:
                return scaler["spec"]["maxReplicaCount"]
        for scaler in self.of("HorizontalPodAutoscaler"):
            if scaler["spec"]["scaleTargetRef"]["name"] == service:
                return scaler["spec"]["maxReplicas"]
        pod = self.server(service)
        return pod.owner["spec"].get("replicas", 1) if pod else 0

    def secret_keys(self) -> dict[str, set[str]]:
        """The keys of every Secret that there will be."""
        keys = {name: set(names) for name, names in self.brought.items()}
        for user in self.of("KafkaUser"):
            keys[user["metadata"]["name"]] = {"password", "sasl.jaas.config"}
        for kafka in self.of("Kafka"):
            keys[f"{kafka['metadata']['name']}-cluster-ca-cert"] = {"ca.crt", "ca.p12", "ca.password"}
        for postgres in (one for one in self.of("Cluster") if one["apiVersion"].startswith("postgresql.cnpg.io")):
            keys[f"{postgres['metadata']['name']}-ca"] = {"ca.crt", "ca.key"}
        for secret in self.of("Secret"):
            keys[secret["metadata"]["name"]] = keys_of(secret)
        return keys


def keys_of(secret: dict) -> set[str]:
    """The keys of a Secret."""
    return set(secret.get("data", {})) | set(secret.get("stringData", {}))


def matches(selector: dict, labels: dict) -> bool:
    """Whether a label selector takes these labels."""
    if any(labels.get(name) != value for name, value in selector.get("matchLabels", {}).items()):
        return False
    for rule in selector.get("matchExpressions", []):
        assert rule["operator"] == "In", "the checks know no other operator"
        if labels.get(rule["key"]) not in rule["values"]:
            return False
    return True


@functools.cache
def settings() -> dict[str, str]:
    """The settings of docs/configuration.md and their defaults."""
    text = (ROOT / "docs" / "configuration.md").read_text()
    rows = re.findall(r"^\| `([A-Z0-9_]+)` \| (.*?) \|", text, re.M)
    return {name: default.strip("`") for name, default in rows}


@functools.cache
def version() -> str:
    """The version of the workspace."""
    text = (ROOT / "Cargo.toml").read_text()
    return re.search(r"^\[workspace\.package\]$.*?^version = \"(.*?)\"", text, re.M | re.S).group(1)


def secrets_of(text_documents: list[dict]) -> dict[str, set[str]]:
    """The keys of the Secrets in a list of documents."""
    return {one["metadata"]["name"]: keys_of(one) for one in text_documents if one["kind"] == "Secret"}


def is_custom(document: dict) -> bool:
    """Whether the document is a custom resource."""
    return document["apiVersion"].split("/")[0] in CUSTOM

