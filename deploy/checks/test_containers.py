"""What compose.yaml starts, without an engine that could start containers: its scripts run here, PostgreSQL and Apache
Kafka are set up as in their containers, and the services run with the environment of theirs."""

import json
import stat
import subprocess
import urllib.request

import pytest

from composition.containers import Containers
from composition.reading import SERVICES
from composition.servers import ask, kafka, postgres, wait_for


@pytest.fixture(scope="module")
def database(root, secrets):
    """The port of a PostgreSQL server."""
    with postgres(root, secrets) as port:
        yield port


@pytest.fixture(scope="module")
def broker(root, everything, tmp_path_factory):
    """The port of Apache Kafka's listener for containers."""
    with kafka(root, everything["services"]["kafka"], tmp_path_factory.mktemp("kafka")) as port:
        yield port


@pytest.fixture(scope="module")
def containers(everything, binary, image_environment, secrets, tmp_path_factory, database, broker):
    """The services, with both servers."""
    folder = tmp_path_factory.mktemp("containers")
    containers = Containers(everything, binary, image_environment, secrets, folder, database, broker)
    yield containers
    containers.stop()


@pytest.mark.parametrize("path", [".env", "secrets/nginx/tls.key", ".data/compose/secrets/user-svc/code_pepper"])
def test_git_ignores_where_secrets_are_kept(path, root):
    ignored = subprocess.run(["git", "check-ignore", "--quiet", path], cwd=root, check=False)
    assert ignored.returncode == 0, f"{path} is not in .gitignore"


def test_secrets_are_made_once_and_the_folder_lets_nobody_else_in(root, tmp_path):
    folder = tmp_path / "secrets"
    script = root / "deploy/compose/make-secrets"
    subprocess.run([script, folder], check=True)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not (folder / "nginx/tls.key").exists()

    def contents():
        return {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*") if file.is_file()}

    first = contents()
    assert first["user-svc/sealing_keys"] == first["notify-svc/sealing_keys"]
    passwords = [text for name, text in first.items() if name.startswith("postgres/")]
    assert len(set(passwords)) == len(passwords) == 4
    (folder / "grafana/admin_password").unlink()
    (folder / "grafana/admin_password").write_text("chosen by a person\n")
    subprocess.run([script, "--self-signed", "localhost", folder], check=True)
    second = contents()
    assert set(second) - set(first) == {"nginx/tls.crt", "nginx/tls.key"}
    assert {**first, "grafana/admin_password": "chosen by a person\n"}.items() <= second.items()


@pytest.mark.parametrize("service", ["user_svc", "workout_svc", "notify_svc"])
def test_each_service_owns_a_database_and_is_let_into_no_other(service, database, secrets):
    own = ask(database, secrets, service, service, "SELECT current_user")
    assert (own.returncode, own.stdout.strip()) == (0, service)
    for other in {"user_svc", "workout_svc", "notify_svc", "postgres"} - {service}:
        refused = ask(database, secrets, service, other, "SELECT 1")
        assert refused.returncode != 0
        assert "permission denied" in refused.stderr


@pytest.mark.parametrize("service", SERVICES[1:])
@pytest.mark.parametrize("job", ["migrate", "topics"])
def test_a_job_does_its_work_with_the_environment_of_its_container_and_again(
    job, service, containers, database, secrets
):
    for _ in range(2):
        done = containers.run(f"{job}-{service}")
        assert done.returncode == 0, done.stdout + done.stderr
    if job == "migrate":
        user = service.replace("-", "_")
        tables = ask(database, secrets, user, user, "SELECT count(*) FROM pg_tables WHERE tableowner = current_user")
        assert int(tables.stdout) > 3


def test_the_services_become_healthy_with_the_environment_of_their_containers(containers):
    for service in SERVICES[1:]:
        assert containers.run(f"migrate-{service}").returncode == 0
        assert containers.run(f"topics-{service}").returncode == 0
    assert containers.run("gateway", "healthcheck").returncode != 0
    for service in SERVICES:
        containers.start(service)
    for service in SERVICES:
        # What the engine calls, word for word but for the name of the program.
        command = containers.services[service]["healthcheck"]["test"][2:]
        log = containers.folder / f"{service}.log"
        wait_for(f"{service} to be healthy", lambda s=service, c=command: containers.run(s, *c).returncode == 0, log)
    registration = {"email": "ann@example.org", "password": "correct horse battery", "display_name": "Ann"}
    request = urllib.request.Request(
        f"http://127.0.0.1:{containers.ports['gateway:8080']}/v1/auth/register",
        data=json.dumps(registration).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 202
    containers.stop()
    # On SIGTERM each drained and ended well, in the time that the engine gives it.
    assert {name: process.returncode for name, process in containers.running.items()} == dict.fromkeys(SERVICES, 0)
