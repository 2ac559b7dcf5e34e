"""Breaks the rules of topics and users."""

from manifests.broken.changes import breaks, remove, settings


@breaks("topics_are_as_the_services_would_make_them")
def a_topic_has_other_partitions(cluster):
    cluster.find("KafkaTopic", "fitness.user.events")["spec"]["partitions"] = 6


@breaks("topics_are_as_the_services_would_make_them", "dev")
def a_topic_has_more_copies_than_brokers(cluster):
    cluster.find("KafkaTopic", "fitness.user.events")["spec"]["replicas"] = 3


@breaks("topics_are_as_the_services_would_make_them")
def a_topic_needs_every_broker(cluster):
    cluster.find("KafkaTopic", "fitness.user.events")["spec"]["config"]["min.insync.replicas"] = 3


@breaks("traffic_is_encrypted_and_signed_in", "prod")
def kafka_is_spoken_to_in_the_clear(cluster):
    settings(cluster, "fitness-trainer")["KAFKA_SECURITY_PROTOCOL"] = "plaintext"


@breaks("traffic_is_encrypted_and_signed_in")
def kafka_lets_anybody_in(cluster):
    del cluster.of("Kafka")[0]["spec"]["kafka"]["listeners"][0]["authentication"]


@breaks("users_have_the_rights_they_need")
def a_user_may_write_too_much(cluster):
    cluster.find("KafkaUser", "kafka-gateway")["spec"]["authorization"]["acls"][0]["operations"].append("Write")


@breaks("users_have_the_rights_they_need")
def a_user_may_not_read_what_it_needs(cluster):
    cluster.find("KafkaUser", "kafka-workout-svc")["spec"]["authorization"]["acls"][0]["operations"].remove("Read")


@breaks("users_have_the_rights_they_need")
def a_user_is_missing(cluster):
    remove(cluster, "KafkaUser", "kafka-user-svc")


@breaks("users_have_the_rights_they_need")
def a_user_may_create_topics(cluster):
    cluster.find("KafkaUser", "kafka-user-svc")["spec"]["authorization"]["acls"][0]["operations"].append("Create")
