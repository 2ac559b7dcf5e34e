"""compose.yaml, as Docker Compose's own library resolves it, against what the services and this repository say.

The rules are applied to the real project, where they find nothing, and to one with a fault, where they find it: a rule
that finds nothing in either is no rule.
"""

import copy
import re

import pytest
import yaml

from composition import rules
from composition.faults import FAULTS, put
from composition.reading import PROFILES, SERVICES, image_name, is_job


@pytest.fixture
def changed(everything):
    """A copy of the project to put a fault into."""
    return copy.deepcopy(everything)


@pytest.fixture(scope="session")
def settings(root):
    """Default of every setting, by name; `secret` for secrets."""
    rows = re.findall(r"^\| `([A-Z0-9_]+)` \| (.*?) \|", (root / "docs/configuration.md").read_text(), re.M)
    return {name: default.strip("`") for name, default in rows}


@pytest.fixture(scope="session")
def named_rules(root, settings, image_environment, secrets):
    """Every rule, with what it needs to know beside the project."""
    workspace = (root / "Cargo.toml").read_text()
    version = re.search(r'^version = "(.+)"$', workspace, re.M)[1]
    return {
        "unknown_settings": lambda project: rules.unknown_settings(project, settings),
        "loose_images": lambda project: rules.loose_images(project, version),
        "unwatched": rules.unwatched,
        "unlimited": rules.unlimited,
        "unconfined": rules.unconfined,
        "open_secrets": lambda project: rules.open_secrets(project, settings),
        "public_ports": rules.public_ports,
        "clashing_ports": rules.clashing_ports,
        "strange_ports": lambda project: rules.strange_ports(project, settings, image_environment),
        "unreachable": rules.unreachable,
        "hasty": rules.hasty,
        "jobs_skipped": rules.jobs_skipped,
        "cut_short": rules.cut_short,
        "believed_wrongly": rules.believed_wrongly,
        "missing_mounts": lambda project: rules.missing_mounts(project, root, root / ".data/compose/secrets"),
        "secrets_not_made": lambda project: rules.secrets_not_made(project, secrets),
    }


def test_the_project_keeps_every_rule(everything, named_rules):
    found = [f"{name}: {problem}" for name, rule in named_rules.items() for problem in rule(everything)]
    assert found == []


@pytest.mark.parametrize(("rule", "path", "value"), FAULTS, ids=lambda part: part if isinstance(part, str) else "")
def test_a_fault_is_found(rule, path, value, changed, named_rules, root):
    put(changed, path, value.replace("{root}", str(root)) if isinstance(value, str) else value)
    assert list(named_rules[rule](changed)) != []


def test_every_rule_is_known_to_find_something(named_rules):
    assert set(named_rules) == {rule for rule, _, _ in FAULTS}


# ---- the file itself -------------------------------------------------------------------------------------------------


def test_every_profile_that_is_promised_exists_and_no_service_is_outside_of_them(root, everything):
    used = {profile for service in everything["services"].values() for profile in service.get("profiles") or []}
    assert used == set(PROFILES)
    assert all(service.get("profiles") for service in everything["services"].values())
    explained = re.findall(r"^#   ([a-z]+) {3,}\S", (root / "compose.yaml").read_text(), re.M)
    assert explained == ["database", "kafka", "backend", "frontend", "nginx", "tracing", "logging", "dev", "full"]


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ("database", {"postgres"}),
        ("kafka", {"kafka", "kafka-ui"}),
        ("backend", {"postgres", "kafka", *SERVICES[1:]}),
        ("frontend", {"postgres", "kafka", *SERVICES}),
        ("nginx", {"postgres", "kafka", "nginx", *SERVICES}),
        ("tracing", {"otel-collector", "jaeger", "prometheus", "grafana"}),
        ("logging", {"dozzle", "docker-api"}),
        ("dev", {"postgres", "kafka", "kafka-ui", "mailpit", "otel-collector", "jaeger", *SERVICES}),
    ],
)
def test_a_profile_brings_what_it_needs_and_no_more(profile, expected, projects):
    services = projects[profile]["services"]
    assert {name for name, service in services.items() if not is_job(service)} == expected


def test_full_is_everything_but_the_job_that_makes_secrets(projects, everything):
    assert set(everything["services"]) - set(projects["full"]["services"]) == {"secrets"}


@pytest.mark.parametrize("fault", ["services: {gateway: {colour: red}}", "services: {a: {image: b, read_only: [yes]}}"])
def test_what_the_schema_does_not_know_is_refused(fault, load, tmp_path):
    file = tmp_path / "compose.yaml"
    file.write_text(fault)
    with pytest.raises(ValueError, match="compose"):
        load("dev", file=file)


def test_a_dependency_that_no_profile_brings_is_refused(root, load, tmp_path):
    text = (root / "compose.yaml").read_text()
    before = "    profiles: [database, backend, frontend, nginx, dev, full]\n"
    assert before in text
    file = tmp_path / "compose.yaml"
    file.write_text(text.replace(before, "    profiles: [database]\n"))
    with pytest.raises(ValueError, match="postgres"):
        load("backend", file=file)


@pytest.mark.parametrize("variable", ["SECRETS_DIR", "SMTP_HOST"])
def test_what_has_no_default_is_asked_for_in_words(variable, root, load, tmp_path):
    lines = (root / ".env.example").read_text().splitlines()
    environment_file = tmp_path / "environment"
    environment_file.write_text("\n".join(line for line in lines if not line.startswith(f"{variable}=")))
    with pytest.raises(ValueError, match=rf"{variable}.*see \.env\.example"):
        load("backend", environment=environment_file)


def test_the_example_names_every_variable_and_no_other(root):
    used = re.findall(r"\$\{([A-Z0-9_]+)(:-[^}]*)?", (root / "compose.yaml").read_text())
    example = dict(re.findall(r"^([A-Z0-9_]+)=(.*)$", (root / ".env.example").read_text(), re.M))
    assert set(example) == {name for name, _ in used} | {"COMPOSE_PROFILES"}
    # What differs from the default is what makes the example a first try.
    different = {name for name, default in used if default and default[2:] != example[name]}
    assert different == {"SMTP_PORT", "SMTP_TLS", "OTEL_EXPORTER_OTLP_ENDPOINT"}


def test_the_example_makes_secrets_where_it_looks_for_them(root):
    text = (root / ".env.example").read_text()
    folder = re.search(r"^SECRETS_DIR=(.+)$", text, re.M)[1]
    made = re.findall(r"deploy/compose/make-secrets (?:--self-signed \S+ )?(\S+)", text)
    assert len(made) >= 2 and set(made) == {folder}


def test_no_variable_of_a_secret_has_a_default(root):
    defaults = re.findall(r"\$\{([A-Z0-9_]+):?-([^}]+)\}", (root / "compose.yaml").read_text())
    assert [name for name, _ in defaults if rules.SECRET_NAME.search(name)] == []
    assert rules.SECRET_NAME.search("POSTGRES_PASSWORD")


def test_every_image_says_what_it_is_built_from(root, everything):
    for name, service in everything["services"].items():
        build = service.get("build")
        if image_name(service):
            assert build["dockerfile"] == "deploy/Dockerfile", name
            assert service["image"].startswith(f"fitness-trainer/{build['args']['SERVICE']}:"), name
        elif build:
            bases = re.findall(r"(?:FROM |--from=)(\S+)", build["dockerfile_inline"])
            assert bases, name
            assert all(re.search(r":\S*\d", base) for base in bases), name


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/_ping", True),
        ("/v1.51/info", True),
        ("/v1.51/containers/json", True),
        ("/v1.51/containers/0123456789ab/logs", True),
        ("/v1.51/containers/0123456789ab/archive", False),
        ("/v1.51/containers/create/events", False),
        ("/v1.51/images/json", False),
        ("/v1.51/secrets", False),
        ("/_ping/../v1.51/secrets", False),
    ],
)
def test_the_page_of_logs_may_ask_docker_for_logs_and_little_else(path, allowed, everything):
    options = dict(option.partition("=")[::2] for option in everything["services"]["docker-api"]["command"])
    assert [name for name in options if name.startswith("-allow") and name[6:].isupper()] == ["-allowHEAD", "-allowGET"]
    # The proxy puts the expression between ^ and $.
    assert bool(re.search(f"^{options['-allowGET']}$", path)) is allowed


def test_yaml_reads_the_same_file_as_compose(root, everything):
    plain = yaml.safe_load((root / "compose.yaml").read_text())
    assert set(plain["services"]) == set(everything["services"])
