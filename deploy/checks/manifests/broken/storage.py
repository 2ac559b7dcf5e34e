"""Breaks the rules of pictures."""

from manifests.broken.changes import breaks, settings


@breaks("pictures_are_kept_and_shared")
def replicas_keep_pictures_each_for_itself(cluster):
    del settings(cluster, "user-svc")["FILES_URL"]


@breaks("pictures_are_kept_and_shared", "dev")
def pictures_are_kept_where_nothing_can_be_written(cluster):
    settings(cluster, "user-svc")["FILES_DIR"] = "/tmp/files"
