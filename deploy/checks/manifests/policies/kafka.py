"""Topics, and the users that may read and write them."""

from collections.abc import Iterator

from manifests.cluster import SERVICES, Cluster


def topics_are_as_the_services_would_make_them(cluster: Cluster) -> Iterator[str]:
    for service in SERVICES:
        environment = cluster.environment(cluster.server(service).spec["containers"][0])
        for topic in cluster.of("KafkaTopic"):
            name, spec = topic["metadata"]["name"], topic["spec"]
            partitions = 1 if name.endswith(".dead-letters") else int(environment["KAFKA_TOPIC_PARTITIONS"])
            if (spec["partitions"], spec["replicas"]) != (partitions, int(environment["KAFKA_TOPIC_REPLICATION"])):
                yield f"{service} would make the topic {name} with other partitions or copies"
    for pool in cluster.of("KafkaNodePool"):
        for topic in cluster.of("KafkaTopic"):
            if topic["spec"]["replicas"] > pool["spec"]["replicas"]:
                yield f"the topic {topic['metadata']['name']} has more copies than there are brokers"
            if topic["spec"]["config"]["min.insync.replicas"] > max(1, topic["spec"]["replicas"] - 1):
                yield f"the topic {topic['metadata']['name']} takes no records while one broker is away"


def traffic_is_encrypted_and_signed_in(cluster: Cluster) -> Iterator[str]:
    for service in SERVICES:
        environment = cluster.environment(cluster.server(service).spec["containers"][0])
        if environment.get("KAFKA_SECURITY_PROTOCOL") != "sasl_ssl" or not environment.get("KAFKA_SASL_USERNAME"):
            yield f"{service} talks to Kafka in the clear or without a name"
        if not environment.get("KAFKA_BROKERS"):
            yield f"{service} does not know where Kafka is"
    for kafka in cluster.of("Kafka"):
        for listener in kafka["spec"]["kafka"]["listeners"]:
            if not listener["tls"] or "authentication" not in listener:
                yield f"the listener {listener['name']} lets anybody in"


def users_have_the_rights_they_need(cluster: Cluster) -> Iterator[str]:
    if not cluster.of("Kafka"):
        return
    events = {name: f"fitness.{name}.events" for name in ("user", "workout", "notification")}
    reads = {
        "gateway": set(events.values()),
        "user-svc": {events["workout"]},
        "workout-svc": {events["user"]},
        "notify-svc": {events["user"], events["workout"]} | {f"{service}.dead-letters" for service in SERVICES[1:]},
    }
    writes = {
        "gateway": set(),
        "user-svc": {events["user"], "user-svc.dead-letters"},
        "workout-svc": {events["workout"], "workout-svc.dead-letters"},
        # The others' topics when a dead letter is replayed.
        "notify-svc": {*events.values(), "notify-svc.dead-letters"},
    }
    topics = {topic["metadata"]["name"] for topic in cluster.of("KafkaTopic")}
    for service in SERVICES:
        name = cluster.environment(cluster.server(service).spec["containers"][0])["KAFKA_SASL_USERNAME"]
        user = cluster.find("KafkaUser", name)
        if not user:
            yield f"{service} signs in as {name}, which is no KafkaUser"
            continue
        acls = user["spec"]["authorization"]["acls"]
        # Asked for again before the first letter is written; other topics are made by others.
        creates = {topic for topic in writes[service] if topic.endswith(".dead-letters")}
        for operation, wanted in (("Read", reads[service]), ("Write", writes[service]), ("Create", creates)):
            may = {
                acl["resource"]["name"]
                for acl in acls
                if acl["resource"]["type"] == "topic" and operation in acl["operations"]
            }
            if may != wanted:
                yield f"{name} may {operation} {sorted(may)} and needs {sorted(wanted)}"
        if not (reads[service] | writes[service]) <= topics:
            yield f"a topic of {service} is not declared"
