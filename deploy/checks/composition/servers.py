"""PostgreSQL and Apache Kafka on this machine, set up by what sets up their containers."""

import contextlib
import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from composition.reading import environment

LIMIT_SECONDS = 60


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_for(what, condition, log):
    """Waits until `condition` holds; where it does not, shows the end of the log."""
    end = time.monotonic() + LIMIT_SECONDS
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"waited {LIMIT_SECONDS} s for {what}:\n{log.read_text()[-4000:]}")
        time.sleep(0.1)


def postgres_program(name):
    found = shutil.which(name)
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        found = found or shutil.which(name, path=str(folder))
    return found or pytest.fail(f"{name} of PostgreSQL is missing; deploy/setup installs it")


@contextlib.contextmanager
def postgres(root, secrets):
    """A PostgreSQL server of its own, set up by the script that the container runs. Answers its port."""
    # PostgreSQL refuses to run as root, and others may not enter pytest's folders.
    owner = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    as_owner = {"user": owner} if os.getuid() == 0 else {}
    with tempfile.TemporaryDirectory() as folder:
        if as_owner:
            shutil.chown(folder, owner)
        data = Path(folder) / "data"
        password = Path(folder) / "password"
        password.write_text((secrets / "postgres/postgres_password").read_text())
        password.chmod(0o444)
        initdb = [postgres_program("initdb"), "--username=postgres", "--auth=scram-sha-256", "--no-sync"]
        initdb += [f"--pwfile={password}", f"--pgdata={data}"]
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd=folder, **as_owner)
        port = free_port()
        control = [postgres_program("pg_ctl"), f"--pgdata={data}", f"--log={folder}/log", "--wait"]
        options = f"-c port={port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        subprocess.run([*control, f"--options={options}", "start"], check=True, stdout=subprocess.DEVNULL, **as_owner)
        try:
            environment = {
                **os.environ,
                "PGHOST": "127.0.0.1",
                "PGPORT": str(port),
                "PGPASSWORD": password.read_text().strip(),
                "POSTGRES_USER": "postgres",
                "SECRETS_FOLDER": str(secrets / "postgres"),
            }
            subprocess.run([root / "deploy/compose/postgres/databases.sh"], check=True, env=environment)
            yield port
        finally:
            stop = [*control, "--mode=immediate", "stop"]
            subprocess.run(stop, check=True, stdout=subprocess.DEVNULL, **as_owner)


def ask(port, secrets, user, database, statement):
    """Runs a statement as the user of a service."""
    password = (secrets / f"postgres/{user}_password").read_text().strip()
    environment = {**os.environ, "PGPASSWORD": password, "PGCONNECT_TIMEOUT": "5"}
    command = ["psql", "--no-psqlrc", "--tuples-only", "--no-align", "--host=127.0.0.1", f"--port={port}"]
    command += [f"--username={user}", f"--dbname={database}", f"--command={statement}"]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


@contextlib.contextmanager
def kafka(root, service, folder):
    """Apache Kafka of the image's version, configured by the image's own program from the container's environment.
    Answers where the listener for containers is."""
    provided = subprocess.run([root / "deploy/kafka/provide"], stdout=subprocess.PIPE, text=True, check=True)
    home = Path(provided.stdout.strip())
    assert service["image"] == f"apache/kafka:{home.resolve().name}"
    internal, host, controller = free_port(), free_port(), free_port()
    java = ["java", "-XX:TieredStopAtLevel=1", "-cp", f"{home}/libs/*"]
    variables = {name: value for name, value in environment(service).items() if name.startswith(("KAFKA_", "CLUSTER_"))}
    for name, value in variables.items():
        for before, after in {"kafka:19092": f"127.0.0.1:{internal}", ":19092": f"127.0.0.1:{internal}"}.items():
            value = re.sub(rf"(?<![0-9.a-z]){re.escape(before)}", after, value)
        value = re.sub(r"(127\.0\.0\.1)?:9092", f"127.0.0.1:{host}", value)
        variables[name] = value.replace("localhost:9093", f"127.0.0.1:{controller}")
    variables |= {"KAFKA_LOG_DIRS": str(folder / "data"), "PATH": os.environ["PATH"]}
    if "JAVA_HOME" in os.environ:
        java[0] = f"{os.environ['JAVA_HOME']}/bin/java"
    # As in the image: the folder of the result is empty at each start, since it is in memory.
    for name in ("defaults", "mounted", "final"):
        (folder / name).mkdir()
    for name in ("server.properties", "log4j2.yaml", "tools-log4j2.yaml"):
        (folder / "defaults" / name).touch()
    setup = ["kafka.docker.KafkaDockerWrapper", "setup"]
    for option, name in {"default": "defaults", "mounted": "mounted", "final": "final"}.items():
        setup += [f"--{option}-configs-dir", str(folder / name)]
    log = folder / "log"
    with log.open("w") as output:
        made = subprocess.run([*java, *setup], env=variables, stdout=output, stderr=output, check=False)
        assert made.returncode == 0, log.read_text()
        start = [*java, "-Xmx384m", "kafka.Kafka", str(folder / "final/server.properties")]
        process = subprocess.Popen(start, env=variables, stdout=output, stderr=output)
    try:

        def listening():
            assert process.poll() is None, log.read_text()
            with socket.socket() as inside, socket.socket() as outside:
                return not inside.connect_ex(("127.0.0.1", internal)) and not outside.connect_ex(("127.0.0.1", host))

        wait_for("Kafka", listening, log)
        yield internal
    finally:
        process.kill()
        process.wait()
