"""What the checks have in common: where things are, and the binaries that images are made of."""

import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from composition.reading import PROFILES

ROOT = Path(__file__).resolve().parents[2]
# The package that each binary is built from.
PACKAGES = {
    "gateway": "gateway",
    "user-svc": "user-svc",
    "workout-svc": "workout-svc",
    "notify-svc": "notify-svc",
    "fitness-trainer": "standalone",
}


@pytest.fixture(scope="session")
def root():
    """The folder of the workspace."""
    return ROOT


@pytest.fixture(scope="session")
def cache():
    """A folder that is kept from one run to the next."""
    folder = Path(os.environ.get("CHECKS_CACHE", ROOT / "target" / "checks"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def binary():
    """Answers the path of a binary. One that the tests of the workspace have not built yet is built."""

    def locate(name):
        path = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / name
        if not path.exists():
            subprocess.run(["cargo", "build", "--locked", "--package", PACKAGES[name]], cwd=ROOT, check=True)
        return path

    return locate


@pytest.fixture(scope="session")
def go_program(root, cache):
    """Answers the path of one of the Go programs beside the checks, built when its sources are new."""

    def build(name):
        folder = root / "deploy/checks" / name
        sources = b"".join((folder / file).read_bytes() for file in ["main.go", "go.mod", "go.sum"])
        program = cache / f"{name}-{hashlib.sha256(sources).hexdigest()[:16]}"
        if not program.exists():
            if shutil.which("go") is None:
                pytest.fail("these checks need Go 1.25 or newer; on Debian: apt-get install -y golang")
            environment = {**os.environ, "GOFLAGS": "-mod=readonly -buildvcs=false"}
            subprocess.run(["go", "build", "-o", program, "."], cwd=folder, env=environment, check=True)
        return program

    return build


@pytest.fixture(scope="session")
def settings(root):
    """The default of every setting, by name; `secret` for secrets."""
    rows = re.findall(r"^\| `([A-Z0-9_]+)` \| (.*?) \|", (root / "docs/configuration.md").read_text(), re.M)
    return {name: default.strip("`") for name, default in rows}


@pytest.fixture(scope="session")
def compiled(go_program, tmp_path_factory):
    """Compiles a Dockerfile by BuildKit's front end; what is wrong with it is in the exception."""
    program = go_program("dockerfile_front")
    file = tmp_path_factory.mktemp("front") / "Dockerfile"

    def front(text, *arguments):
        file.write_text(text)
        done = subprocess.run([program, file, *arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            raise ValueError(done.stderr)
        return json.loads(done.stdout)

    return front


@pytest.fixture(scope="session")
def image_environment(root, compiled):
    """What the image of a service sets, whichever it is."""
    image = compiled((root / "deploy/Dockerfile").read_text(), "SERVICE=gateway")["image"]["config"]
    return dict(line.split("=", 1) for line in image["Env"] if not line.startswith("PATH="))


@pytest.fixture(scope="session")
def load(go_program, root):
    """Resolves a compose file for sets of profiles; what is wrong with it is in the exception."""

    loader = go_program("compose_loader")

    def resolve(*profiles, file=None, environment=None):
        arguments = [loader, file or root / "compose.yaml", environment or root / ".env.example", *profiles]
        loaded = subprocess.run(arguments, capture_output=True, text=True, check=False)
        if loaded.returncode:
            raise ValueError(loaded.stderr)
        return json.loads(loaded.stdout)

    return resolve


@pytest.fixture(scope="session")
def projects(load):
    """The project of each profile, and of all of them."""
    return load(*PROFILES, ",".join(PROFILES))


@pytest.fixture(scope="session")
def everything(projects):
    """The project with every profile."""
    return projects[",".join(PROFILES)]


@pytest.fixture(scope="session")
def secrets(root, tmp_path_factory):
    """A folder of secrets, as make-secrets leaves it."""
    folder = tmp_path_factory.mktemp("secrets")
    subprocess.run([root / "deploy/compose/make-secrets", "--self-signed", "localhost", folder], check=True)
    return folder
