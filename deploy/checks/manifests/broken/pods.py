"""Breaks the rules of pods."""

from manifests.broken.changes import breaks, container, pod, settings


@breaks("pods_are_confined")
def a_pod_runs_as_root(cluster):
    pod(cluster)["securityContext"]["runAsNonRoot"] = False


@breaks("pods_are_confined")
def a_container_runs_as_root(cluster):
    container(cluster)["securityContext"]["runAsUser"] = 0


@breaks("pods_are_confined")
def a_job_has_no_security_context(cluster):
    del container(cluster, "Job", "user-svc-migrate")["securityContext"]


@breaks("pods_are_confined")
def a_pod_has_no_seccomp_profile(cluster):
    del pod(cluster)["securityContext"]["seccompProfile"]


@breaks("pods_are_confined")
def a_pod_is_in_the_network_of_the_node(cluster):
    pod(cluster)["hostNetwork"] = True


@breaks("pods_are_confined")
def a_pod_sees_the_processes_of_the_node(cluster):
    pod(cluster)["hostPID"] = True


@breaks("pods_are_confined")
def a_pod_mounts_a_path_of_the_node(cluster):
    pod(cluster)["volumes"].append({"name": "node", "hostPath": {"path": "/"}})


@breaks("pods_are_confined")
def a_container_is_privileged(cluster):
    container(cluster)["securityContext"]["privileged"] = True


@breaks("pods_are_confined")
def a_container_may_gain_privileges(cluster):
    del container(cluster)["securityContext"]["allowPrivilegeEscalation"]


@breaks("pods_are_confined")
def a_container_gets_a_capability(cluster):
    container(cluster)["securityContext"]["capabilities"]["add"] = ["NET_BIND_SERVICE"]


@breaks("pods_are_confined")
def a_container_writes_to_its_root(cluster):
    container(cluster)["securityContext"]["readOnlyRootFilesystem"] = False


@breaks("pods_are_confined", "dev")
def the_mailbox_writes_to_its_root(cluster):
    container(cluster, name="mailpit")["securityContext"]["readOnlyRootFilesystem"] = False


@breaks("pods_are_confined")
def a_container_takes_a_port_of_the_node(cluster):
    container(cluster)["ports"][0]["hostPort"] = 50051


@breaks("pods_are_confined")
def a_pod_gets_a_token(cluster):
    del pod(cluster)["automountServiceAccountToken"]


@breaks("pods_are_confined")
def a_pod_gets_service_links(cluster):
    del pod(cluster)["enableServiceLinks"]


@breaks("containers_have_requests_and_limits")
def a_limit_is_missing(cluster):
    del container(cluster)["resources"]["limits"]["memory"]


@breaks("containers_have_requests_and_limits")
def a_job_requests_nothing(cluster):
    del container(cluster, "Job", "user-svc-migrate")["resources"]["requests"]


@breaks("servers_have_probes")
def a_probe_is_missing(cluster):
    del container(cluster)["readinessProbe"]


@breaks("servers_have_probes")
def a_service_dies_with_its_database(cluster):
    container(cluster)["livenessProbe"] = {"grpc": {"port": 50051}}


@breaks("images_are_of_a_version")
def an_image_is_the_latest(cluster):
    container(cluster)["image"] = "registry.example.com/fitness-trainer/user-svc:latest"


@breaks("images_are_of_a_version")
def an_image_has_no_tag(cluster):
    container(cluster)["image"] = "registry.example.com:5000/fitness-trainer/user-svc"


@breaks("images_are_of_a_version")
def an_image_is_of_another_release(cluster):
    container(cluster)["image"] = "registry.example.com/fitness-trainer/user-svc:0.0.9"


@breaks("servers_drain")
def a_pod_is_killed_while_it_drains(cluster):
    pod(cluster)["terminationGracePeriodSeconds"] = 15


@breaks("servers_drain")
def the_drain_takes_longer_than_the_grace_period(cluster):
    settings(cluster, "user-svc")["DRAIN_DEADLINE_SECONDS"] = "60"


@breaks("servers_drain")
def a_pod_is_stopped_while_calls_come(cluster):
    del container(cluster)["lifecycle"]


@breaks("servers_drain")
def a_roll_out_leaves_a_gap(cluster):
    cluster.find("Deployment", "user-svc")["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] = 1


@breaks("jobs_end", "prod")
def a_job_is_tried_for_ever(cluster):
    del cluster.find("Job", "user-svc-topics")["spec"]["backoffLimit"]


@breaks("jobs_end")
def a_job_is_kept_for_ever(cluster):
    del cluster.find("Job", "user-svc-migrate")["spec"]["ttlSecondsAfterFinished"]


@breaks("jobs_end")
def a_job_cannot_be_applied_again(cluster):
    del cluster.find("Job", "user-svc-migrate")["metadata"]["annotations"]


@breaks("jobs_and_servers_are_of_one_image")
def the_tables_are_of_another_release(cluster):
    container(cluster, "Job", "user-svc-migrate")["image"] = "fitness-trainer/user-svc:0.2.0"


@breaks("namespaces_enforce_the_restricted_standard")
def the_namespace_lets_in_any_pod(cluster):
    del cluster.of("Namespace")[0]["metadata"]["labels"]


@breaks("namespaces_enforce_the_restricted_standard")
def something_is_in_no_namespace(cluster):
    del cluster.find("Service", "user-svc")["metadata"]["namespace"]
