"""The manifests under deploy/kubernetes: rendered, valid for the API server and the operators, and within our rules."""

import copy
import json
import os
import re
import stat
import subprocess

import kubernetes_validate
import pytest
import yaml

from manifests import custom_resources, definitions, policies, rendering
from manifests.broken import BROKEN
from manifests.cache import ROOT
from manifests.cluster import SERVICES, Cluster, is_custom, secrets_of

KUBERNETES = ROOT / "deploy" / "kubernetes"
OVERLAYS = sorted(folder.name for folder in rendering.OVERLAYS.iterdir())
KUBERNETES_VERSION = "1.37"


@pytest.fixture(scope="session")
def made_secrets():
    """What make-secrets prints."""
    made = subprocess.run([KUBERNETES / "make-secrets"], capture_output=True, text=True, check=True)
    return rendering.load(made.stdout)


@pytest.fixture(scope="session")
def cluster_of(made_secrets):
    """An overlay with the Secrets that belong to it, free to be changed."""

    def make(overlay: str) -> Cluster:
        folder = rendering.OVERLAYS / overlay
        template = folder / "secrets.template.yaml"
        brought = secrets_of(rendering.load(template.read_text())) if template.exists() else {}
        if overlay != "prod":
            brought |= secrets_of(made_secrets)
        return Cluster(rendering.documents(folder), brought)

    return make


@pytest.fixture(scope="session")
def schemas():
    """The schemas of the custom resources."""
    return definitions.schemas()


def test_the_overlays_are_the_documented_ones():
    assert OVERLAYS == ["dev", "in-cluster", "prod"]
    readme = (KUBERNETES / "README.md").read_text()
    for overlay in OVERLAYS:
        assert f"`{overlay}`" in readme


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_built_in_kinds_are_valid(overlay):
    for document in rendering.documents(rendering.OVERLAYS / overlay):
        if not is_custom(document):
            kubernetes_validate.validate(document, KUBERNETES_VERSION, strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_custom_resources_are_valid(overlay, schemas):
    for document in rendering.documents(rendering.OVERLAYS / overlay):
        if is_custom(document):
            name = f"{document['kind']}/{document['metadata']['name']}"
            assert custom_resources.problems(document, schemas) == [], name


def test_every_component_is_in_an_overlay():
    used = "".join((rendering.OVERLAYS / overlay / "kustomization.yaml").read_text() for overlay in OVERLAYS)
    for component in (KUBERNETES / "components").iterdir():
        assert f"../../components/{component.name}\n" in used


@pytest.mark.parametrize("rule", policies.ALL.values(), ids=policies.ALL)
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_rules_are_kept(overlay, rule, cluster_of):
    assert list(rule(cluster_of(overlay))) == []


@pytest.mark.parametrize(("overlay", "rule", "change"), BROKEN, ids=[change.__name__ for _, _, change in BROKEN])
def test_the_rules_can_be_broken(overlay, rule, change, cluster_of):
    cluster = cluster_of(overlay)
    change(cluster)
    assert list(policies.ALL[rule](cluster)) != []


def test_every_rule_is_broken_by_some_change():
    assert set(policies.ALL) == {rule for _, rule, _ in BROKEN}


@pytest.mark.parametrize(
    "kind",
    ["Deployment", "Job", "Service", "NetworkPolicy", "PodDisruptionBudget", "HorizontalPodAutoscaler", "Ingress"],
)
def test_an_unknown_field_of_a_built_in_kind_is_refused(kind):
    documents = rendering.documents(rendering.OVERLAYS / "prod")
    document = next(one for one in documents if one["kind"] == kind)
    document["spec"]["replicaz"] = 2
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(document, KUBERNETES_VERSION, strict=True)


def custom_documents() -> list[dict]:
    """One document of each custom kind that is used anywhere."""
    everything = [one for overlay in OVERLAYS for one in rendering.documents(rendering.OVERLAYS / overlay)]
    return list({one["kind"]: one for one in everything if is_custom(one)}.values())


def test_an_unknown_field_of_a_custom_resource_is_refused(schemas):
    documents = custom_documents()
    assert len(documents) >= 11
    for document in documents:
        changed = copy.deepcopy(document)
        changed["spec"]["replicaz"] = 2
        assert any("replicaz" in problem for problem in custom_resources.problems(changed, schemas)), document["kind"]


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("Kafka", ["spec", "kafka", "listeners", 0, "tls"], "yes"),
        ("KafkaNodePool", ["spec", "roles"], ["brocker"]),
        ("KafkaTopic", ["spec", "partitions"], 0),
        ("KafkaUser", ["spec", "authorization", "acls", 0, "operations"], ["Look"]),
        ("Cluster", ["spec", "managed", "roles", 0, "login"], "yes"),
        ("Cluster", ["spec", "postgresql", "synchronous", "method"], "some"),
        ("Database", ["spec", "owner"], None),
        ("ScheduledBackup", ["spec", "method"], "tape"),
        ("ScaledObject", ["spec", "maxReplicaCount"], "twelve"),
        ("TriggerAuthentication", ["spec", "secretTargetRef", 0], {"name": "kafka"}),
        ("HTTPRoute", ["spec", "rules", 0, "timeouts", "request"], "long"),
        ("PodMonitor", ["spec", "podMetricsEndpoints", 0, "interval"], "often"),
        ("PrometheusRule", ["spec", "groups", 0, "rules", 0], {"alert": "NoExpression"}),
    ],
)
def test_a_wrong_value_in_a_custom_resource_is_refused(kind, path, value, schemas):
    # The last overlay that has the kind may have patched parts of it away.
    documents = [one for one in rendering.documents(rendering.OVERLAYS / "in-cluster") if one["kind"] == kind]
    inner = documents[0]
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    assert custom_resources.problems(documents[0], schemas) != []


def test_the_rules_of_prometheus_are_those_of_the_rule_files():
    files = [ROOT / "deploy" / "observability" / "prometheus" / name for name in ("recordings.yaml", "alerts.yaml")]
    groups = [group for file in files for group in yaml.safe_load(file.read_text())["groups"]]
    for overlay in ("in-cluster", "prod"):
        documents = rendering.documents(rendering.OVERLAYS / overlay)
        assert [one["spec"]["groups"] for one in documents if one["kind"] == "PrometheusRule"] == [groups]


def test_every_dashboard_is_rendered():
    files = {path.name: json.loads(path.read_text()) for path in (ROOT / "deploy").glob("observability/grafana/dashboards/*.json")}
    assert files
    for overlay in ("in-cluster", "prod"):
        maps = [one for one in rendering.documents(rendering.OVERLAYS / overlay) if one["kind"] == "ConfigMap"]
        shown = [one for one in maps if one["metadata"].get("labels", {}).get("grafana_dashboard") == "1"]
        assert {name: json.loads(text) for one in shown for name, text in one["data"].items()} == files


def test_no_secret_has_a_value_in_the_repository():
    for overlay in OVERLAYS:
        assert [one for one in rendering.documents(rendering.OVERLAYS / overlay) if one["kind"] == "Secret"] == []
        template = rendering.OVERLAYS / overlay / "secrets.template.yaml"
        for secret in rendering.load(template.read_text()) if template.exists() else []:
            assert set(secret["stringData"].values()) == {""}


def test_made_secrets_are_valid_and_fresh(made_secrets):
    again = subprocess.run([KUBERNETES / "make-secrets"], capture_output=True, text=True, check=True)
    values = [text for secret in made_secrets for text in secret["stringData"].values()]
    repeated = [text for secret in rendering.load(again.stdout) for text in secret["stringData"].values()]
    assert set(values) & set(repeated) == {"user_svc", "workout_svc", "notify_svc"}
    for secret in made_secrets:
        kubernetes_validate.validate(secret, KUBERNETES_VERSION, strict=True)
    by_name = {secret["metadata"]["name"]: secret["stringData"] for secret in made_secrets}
    assert by_name["user-svc"]["JWT_SIGNING_KEY"].startswith("-----BEGIN PRIVATE KEY-----\n")
    assert re.fullmatch(r"first:[A-Za-z0-9+/]{43}=", by_name["sealing"]["SEALING_KEYS"])
    database = by_name["user-svc-database"]
    assert database["uri"].startswith(f"postgres://{database['username']}:{database['password']}@fitness-postgres-rw:5432/")


@pytest.fixture(scope="session")
def mounted(made_secrets, tmp_path_factory):
    """A folder with every file that a pod may find under /run/secrets/fitness."""
    folder = tmp_path_factory.mktemp("secrets")
    made = {name: text for secret in made_secrets for name, text in secret["stringData"].items()}
    own = ("JWT_SIGNING_KEY", "CODE_PEPPER", "SEALING_KEYS")
    event_keys = [f"{service}_EVENT_{kind}" for service in ("USER_SVC", "WORKOUT_SVC") for kind in ("KEY", "PUBLIC_KEY")]
    for name in (*own, *event_keys):
        (folder / name).write_text(made[name])
    (folder / "DATABASE_URL").write_text(made["uri"])
    for name in ("KAFKA_SASL_PASSWORD", "FILES_S3_ACCESS_KEY_ID", "FILES_S3_SECRET_ACCESS_KEY", "SMTP_USER", "SMTP_PASS"):
        (folder / name).write_text("something\n")
    authority = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    out = ["-subj", "/CN=authority", "-keyout", folder / "key", "-out", folder / "kafka-ca.crt"]
    subprocess.run([*authority, *out], check=True, capture_output=True)
    (folder / "external-ca.crt").write_text((folder / "kafka-ca.crt").read_text())
    return folder


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_each_service_takes_its_settings(overlay, service, cluster_of, mounted, binary):
    cluster = cluster_of(overlay)
    environment = cluster.environment(cluster.server(service).spec["containers"][0])
    environment = {name: value.replace("/run/secrets/fitness", str(mounted)) for name, value in environment.items()}
    done = subprocess.run([binary(service), "config"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    shown = dict(line.split(maxsplit=1) for line in done.stdout.splitlines() if " " in line)
    # A setting that the service does not read is set for another one, or misspelt.
    own = set(cluster.find("ConfigMap", _own_settings(cluster, service))["data"])
    assert own <= set(shown) | {f"{name}_FILE" for name in shown}


def _own_settings(cluster: Cluster, service: str) -> str:
    sources = cluster.server(service).spec["containers"][0]["envFrom"]
    return sources[1]["configMapRef"]["name"]


@pytest.fixture
def kubectl(tmp_path, monkeypatch):
    """A kubectl that only writes down what it is asked for."""
    log = tmp_path / "log"
    script = tmp_path / "kubectl"
    script.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >>"{log}"\ncase "$*" in *"$KUBECTL_FAILS"*) exit 1;; esac\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("KUBECTL_FAILS", "nothing of this")
    return log


def test_apply_removes_old_jobs_and_waits_for_new_ones_and_for_the_roll_out(kubectl):
    subprocess.run([KUBERNETES / "apply", "prod", "5m"], check=True)
    commands = kubectl.read_text().splitlines()
    assert [next(word for word in ("delete", "apply", "wait", "rollout") if word in line.split()) for line in commands] == [
        "delete",
        "apply",
        "wait",
        "rollout",
    ]
    assert all("-n fitness-trainer" in line for line in commands if "apply -k" not in line)
    labels = "app.kubernetes.io/part-of=fitness-trainer,app.kubernetes.io/component in (migrate,topics)"
    assert labels in commands[0] and labels in commands[2]


def test_apply_stops_where_a_job_fails(kubectl, monkeypatch):
    monkeypatch.setenv("KUBECTL_FAILS", "wait jobs")
    done = subprocess.run([KUBERNETES / "apply", "prod"], check=False)
    assert done.returncode != 0
    assert "rollout" not in kubectl.read_text()
