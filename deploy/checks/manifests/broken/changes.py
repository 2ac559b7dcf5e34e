"""How changes are written down, and ways to what they change."""

from collections.abc import Callable

from manifests.cluster import Cluster

BROKEN: list[tuple[str, str, Callable[[Cluster], None]]] = []
"""Overlay, rule, change."""


def breaks(rule: str, overlay: str = "in-cluster") -> Callable:
    def remember(change: Callable[[Cluster], None]) -> Callable:
        BROKEN.append((overlay, rule, change))
        return change

    return remember


def pod(cluster: Cluster, kind: str = "Deployment", name: str = "user-svc") -> dict:
    return cluster.find(kind, name)["spec"]["template"]["spec"]


def container(cluster: Cluster, kind: str = "Deployment", name: str = "user-svc") -> dict:
    return pod(cluster, kind, name)["containers"][0]


def settings(cluster: Cluster, name: str) -> dict:
    maps = (one for one in cluster.of("ConfigMap") if one["metadata"]["name"].startswith(f"{name}-"))
    return next(maps)["data"]


def remove(cluster: Cluster, kind: str, name: str) -> None:
    cluster.documents.remove(cluster.find(kind, name))
