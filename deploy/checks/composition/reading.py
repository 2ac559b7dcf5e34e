"""How a resolved compose project is read."""

import re
from pathlib import Path

PROFILES = ["database", "kafka", "backend", "frontend", "nginx", "tracing", "logging", "dev", "full"]
SERVICES = ["gateway", "user-svc", "workout-svc", "notify-svc"]


def is_job(service):
    """Whether a container runs once and ends."""
    return service.get("restart") == "no"


def image_name(service):
    """The name of an image of ours; None for the others."""
    found = re.fullmatch(rf"fitness-trainer/({'|'.join(SERVICES)}):.*", service["image"])
    return found and found[1]


def environment(service):
    """The variables of a container."""
    return {name: value or "" for name, value in (service.get("environment") or {}).items()}


def secret_folder(service):
    """The folder of SECRETS_DIR that a container sees; None for those that see none."""
    sources = [volume["source"] for volume in service.get("volumes") or [] if volume["target"] == "/run/secrets"]
    return Path(sources[0]).name if sources else None


def seconds(text):
    """A duration, as Compose writes it; without one it is the engine's ten seconds."""
    units = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
    return sum(float(number) * units[unit] for number, unit in re.findall(r"([\d.]+)(ms|s|m|h)", text or "10s"))
