"""The rules of compose.yaml. Each is given the project and answers what is wrong with it."""

import ipaddress
import json
import re
import stat
from pathlib import Path

from composition.reading import SERVICES, environment, image_name, is_job, seconds, secret_folder

# What a service takes to stop beyond DRAIN_DEADLINE_SECONDS: its last events, its telemetry.
SECONDS_AFTER_DRAIN = 6
# Containers that run as root, and why they may: compose.yaml says it beside them.
ROOT_USERS = {"secrets", "docker-api"}
SECRET_NAME = re.compile(r"PASS(WORD|WD)?$|SECRET|TOKEN$|_KEYS?$|PEPPER|CREDENTIAL")


def unknown_settings(project, settings):
    for name, service in project["services"].items():
        if not image_name(service):
            continue
        for variable in environment(service):
            base = variable.removesuffix("_FILE")
            # The public half of a key is made with the secret one and lies beside it.
            in_file = settings.get(base) == "secret" or (base in settings and base.endswith("_PUBLIC_KEY"))
            if variable not in settings and not in_file:
                yield f"{name}: {variable} is not in docs/configuration.md"


def loose_images(project, version):
    tags = {}
    for name, service in project["services"].items():
        repository, _, tag = service["image"].rpartition(":")
        if not repository or "/" in tag or not re.search(r"\d", tag):
            yield f"{name}: {service['image']} names no version"
        if image_name(service) and tag != version:
            yield f"{name}: {service['image']} is not of version {version}"
        if tags.setdefault(repository, tag) != tag:
            yield f"{name}: {repository} is used as {tag} and as {tags[repository]}"


def unwatched(project):
    for name, service in project["services"].items():
        health = service.get("healthcheck") or {}
        if is_job(service):
            if not health.get("disable"):
                yield f"{name}: a job has no health to check"
        elif health.get("disable") or not health.get("test") or health["test"][0] != "CMD":
            yield f"{name}: no health check that works without a shell"


def unlimited(project):
    for name, service in project["services"].items():
        if not int(service.get("mem_limit") or 0):
            yield f"{name}: no memory limit"
        if not (service.get("logging") or {}).get("options", {}).get("max-size"):
            yield f"{name}: its log may fill the disk"


def unconfined(project):
    for name, service in project["services"].items():
        if not service.get("read_only"):
            yield f"{name}: its files can be written to"
        if service.get("cap_drop") != ["ALL"]:
            yield f"{name}: keeps capabilities"
        if service.get("cap_add") and not is_job(service):
            yield f"{name}: adds capabilities"
        if "no-new-privileges:true" not in (service.get("security_opt") or []):
            yield f"{name}: may gain privileges"
        if service.get("privileged") or service.get("pid") or service.get("network_mode") == "host":
            yield f"{name}: shares the host"
        if str(service.get("user", "")).split(":")[0] in ("0", "root") and name not in ROOT_USERS:
            yield f"{name}: runs as root"
        if image_name(service) and service.get("user") != "65532:65532":
            yield f"{name}: does not run as the image's user"


def open_secrets(project, settings):
    for name, service in project["services"].items():
        for variable, value in environment(service).items():
            secret = settings.get(variable) == "secret" or SECRET_NAME.search(variable)
            if secret and value and not variable.endswith("_FILE"):
                yield f"{name}: {variable} is in the open"
            if variable.endswith("_FILE") and value and not value.startswith("/run/secrets/"):
                yield f"{name}: {variable} is not below /run/secrets"
            if re.search(r"://[^/@\s]+:[^/@\s]+@", value):
                yield f"{name}: {variable} is a URL with a password"
    for name, service in project["services"].items():
        if "make-secrets" in json.dumps(service.get("entrypoint")) and service.get("profiles") != ["dev"]:
            yield f"{name}: makes secrets outside dev"


def public_ports(project):
    for name, service in project["services"].items():
        for port in service.get("ports") or []:
            if not ipaddress.ip_address(port.get("host_ip", "0.0.0.0")).is_loopback:
                yield f"{name}: port {port['target']} is published to others"


def clashing_ports(project):
    users = {}
    for name, service in project["services"].items():
        for port in service.get("ports") or []:
            other = users.setdefault(port["published"], name)
            if other != name:
                yield f"{name}: publishes port {port['published']} as {other} does"


def strange_ports(project, settings, image_environment):
    """A service has one port: in its default, in the image, where it is published, and where it is asked for."""
    for name in SERVICES:
        prefix = name.upper().replace("-", "_")
        public = f"{prefix}_HTTP_ADDR" if name == "gateway" else f"{prefix}_GRPC_ADDR"
        for setting in (public, f"{prefix}_OPS_ADDR"):
            host, _, port = image_environment.get(setting, "").rpartition(":")
            if host != "0.0.0.0" or port != settings[setting].rpartition(":")[2]:
                yield f"{name}: the image sets {setting} to {host}:{port}, the default is {settings[setting]}"
        port = int(settings[public].rpartition(":")[2])
        if [published["target"] for published in project["services"][name]["ports"]] != [port]:
            yield f"{name}: publishes another port than {port}"
    for name, service in project["services"].items():
        for variable, value in environment(service).items() if image_name(service) else ():
            if (name == "gateway" or variable == "USER_SVC_URL") and variable.endswith("_SVC_URL"):
                port = settings[variable].rpartition(":")[2]
                if value != f"http://{variable.removesuffix('_URL').lower().replace('_', '-')}:{port}":
                    yield f"{name}: {variable} is {value}, port {port} was expected"


def unreachable(project):
    """Every container that an environment names shares a network with the one that asks."""
    services = project["services"]
    for name, service in services.items():
        for variable, value in environment(service).items():
            for host in re.findall(r"(?:^|//|,)([a-z][a-z0-9-]*):\d+", value):
                if host in ("localhost", name):
                    continue
                if host not in services:
                    yield f"{name}: {variable} names {host}, which is no service"
                elif not set(service.get("networks") or []) & set(services[host].get("networks") or []):
                    yield f"{name}: {variable} names {host}, which is in another network"


def hasty(project):
    """A dependency is waited for: until it is healthy, or until it has ended well."""
    for name, service in project["services"].items():
        for dependency, how in (service.get("depends_on") or {}).items():
            job = is_job(project["services"][dependency])
            expected = "service_completed_successfully" if job else "service_healthy"
            if how["condition"] != expected:
                yield f"{name}: waits for {dependency} by {how['condition']}, not {expected}"


def jobs_skipped(project):
    for name in SERVICES[1:]:
        for job in (f"migrate-{name}", f"topics-{name}"):
            if job not in (project["services"][name].get("depends_on") or {}):
                yield f"{name}: does not wait for {job}"
            elif project["services"][job]["command"] != [job.split("-")[0]]:
                yield f"{job}: does something else"


def cut_short(project):
    for name, service in project["services"].items():
        if image_name(service):
            needed = int(environment(service)["DRAIN_DEADLINE_SECONDS"]) + SECONDS_AFTER_DRAIN
            if seconds(service.get("stop_grace_period")) <= needed:
                yield f"{name}: is killed before it has drained"


def believed_wrongly(project):
    nginx = ipaddress.ip_address(project["services"]["nginx"]["networks"]["front"]["ipv4_address"])
    front = project["networks"]["front"]["ipam"]["config"][0]
    if environment(project["services"]["gateway"])["TRUSTED_PROXIES"] != str(nginx):
        yield "gateway: believes another than nginx"
    if nginx not in ipaddress.ip_network(front["subnet"]):
        yield "nginx: its address is not in its network"
    if nginx in ipaddress.ip_network(front["ip_range"]):
        yield "nginx: its address may be given to another"


def missing_mounts(project, root, secrets):
    for name, service in project["services"].items():
        for volume in service.get("volumes") or []:
            source = Path(volume["source"])
            if volume["type"] != "bind" or str(source) == "/var/run/docker.sock":
                continue
            if source.is_relative_to(secrets):
                if source == secrets and name != "secrets":
                    yield f"{name}: sees everybody's secrets"
                if (volume.get("bind") or {}).get("create_host_path") is False:
                    yield f"{name}: its secrets' folder has to be there before they are made"
            elif not source.is_relative_to(root) or not source.exists():
                yield f"{name}: {source} is not there"
            elif source.is_file() and volume["target"].startswith(("/docker-entrypoint", "/make-")):
                if not source.stat().st_mode & stat.S_IXOTH:
                    yield f"{name}: {source} cannot be run"


def secrets_not_made(project, made):
    """Every file that a container is told to read is one that make-secrets writes for it."""
    for name, service in project["services"].items():
        for variable, value in environment(service).items():
            file = made / str(secret_folder(service)) / Path(value).name
            if value.startswith("/run/secrets/") and not file.is_file():
                yield f"{name}: nobody makes {value} for {variable}"
