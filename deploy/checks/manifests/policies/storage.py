"""Where pictures are."""

from collections.abc import Iterator

from manifests.cluster import Cluster


def pictures_are_kept_and_shared(cluster: Cluster) -> Iterator[str]:
    pod = cluster.server("user-svc")
    environment = cluster.environment(pod.spec["containers"][0])
    if environment.get("FILES_URL", "").startswith("s3://"):
        return
    if cluster.most_replicas("user-svc") > 1:
        yield "the replicas of user-svc share no store of pictures"
    claims = {volume["name"] for volume in pod.spec["volumes"] if "persistentVolumeClaim" in volume}
    mounts = [one for one in pod.spec["containers"][0]["volumeMounts"] if one["name"] in claims]
    folder = environment.get("FILES_DIR", "")
    if not any(folder.startswith(mount["mountPath"]) and not mount.get("readOnly") for mount in mounts):
        yield "user-svc has nowhere to keep pictures"
