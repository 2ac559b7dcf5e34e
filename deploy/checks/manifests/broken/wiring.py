"""Breaks what refers to something."""

from manifests.broken.changes import breaks, container, pod, remove, settings


@breaks("every_setting_is_documented")
def a_setting_is_misspelt(cluster):
    settings(cluster, "user-svc")["SESSION_TTL"] = "3600"


@breaks("secrets_are_files")
def a_secret_is_in_the_environment(cluster):
    container(cluster)["env"] = [{"name": "CODE_PEPPER", "value": "pepper"}]


@breaks("secrets_are_files")
def a_whole_secret_is_in_the_environment(cluster):
    container(cluster)["envFrom"].append({"secretRef": {"name": "user-svc"}, "configMapRef": {"name": "none"}})


@breaks("what_is_referred_to_exists", "prod")
def a_secret_is_not_in_the_template(cluster):
    del cluster.brought["sealing"]


@breaks("what_is_referred_to_exists")
def a_key_of_a_secret_has_another_name(cluster):
    cluster.brought["user-svc"].discard("CODE_PEPPER")


@breaks("what_is_referred_to_exists")
def a_settings_map_is_missing(cluster):
    container(cluster)["envFrom"][0]["configMapRef"]["name"] = "fitness-trainer"


@breaks("what_is_referred_to_exists", "dev")
def a_volume_is_missing(cluster):
    remove(cluster, "PersistentVolumeClaim", "user-svc-files")


@breaks("what_is_referred_to_exists")
def a_service_account_is_missing(cluster):
    remove(cluster, "ServiceAccount", "user-svc")


@breaks("what_is_referred_to_exists")
def keda_has_no_password(cluster):
    remove(cluster, "KafkaUser", "kafka-keda")


@breaks("files_that_settings_name_are_mounted")
def a_secret_is_not_mounted(cluster):
    pod(cluster)["volumes"][0]["projected"]["sources"].pop()


@breaks("files_that_settings_name_are_mounted")
def a_job_cannot_read_its_database_url(cluster):
    container(cluster, "Job", "user-svc-migrate")["volumeMounts"] = []


@breaks("services_are_called_by_their_names")
def a_url_leads_nowhere(cluster):
    settings(cluster, "gateway")["WORKOUT_SVC_URL"] = "http://workouts:50052"


@breaks("ways_in_lead_to_the_gateway")
def a_route_leads_to_another_port(cluster):
    cluster.of("HTTPRoute")[0]["spec"]["rules"][0]["backendRefs"][0]["port"] = 9464


@breaks("ways_in_lead_to_the_gateway", "prod")
def an_ingress_leads_to_another_service(cluster):
    rule = cluster.of("Ingress")[0]["spec"]["rules"][0]
    rule["http"]["paths"][0]["backend"]["service"]["name"] = "user-svc"


@breaks("ways_in_lead_to_the_gateway")
def all_clients_share_one_address(cluster):
    del settings(cluster, "gateway")["TRUSTED_PROXIES"]
