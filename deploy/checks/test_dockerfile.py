"""deploy/Dockerfile and .dockerignore, without an engine that could build from them: the text by rules, by hadolint and
by BuildKit's own front end; what is sent to the builder by Cargo; the binaries by what they ask of the machine."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from composition.reading import SERVICES
from composition.servers import free_port
from image import rules
from image.faults import FAULTS
from image.ignore import Ignore

# The libraries of gcr.io/distroless/cc: the C library's, libgcc_s, libstdc++, libgomp, OpenSSL's; and the loader's own.
PROVIDED = re.compile(
    r"^(linux-vdso|libc|libm|libdl|librt|libpthread|libresolv|libgcc_s|libstdc\+\+|libgomp|libssl|libcrypto)\.so"
    r"|/ld-linux-[a-z0-9_-]+\.so\.\d"
)
LIMIT_SECONDS = 30


@pytest.fixture(scope="module")
def dockerfile(root):
    return (root / "deploy/Dockerfile").read_text()


@pytest.fixture(scope="module")
def workspace(root):
    text = (root / "Cargo.toml").read_text()
    return {name: re.search(rf'^{name} = "(.+)"$', text, re.M)[1] for name in ("version", "rust-version")}


@pytest.fixture(scope="module")
def named_rules(workspace):
    return {
        "loose_bases": lambda text: rules.loose_bases(text, workspace["rust-version"]),
        "runtime_faults": lambda text: rules.runtime_faults(text, workspace["version"]),
        "build_faults": lambda text: rules.build_faults(text, SERVICES),
    }


def test_the_dockerfile_keeps_every_rule(dockerfile, named_rules):
    assert [f"{name}: {problem}" for name, rule in named_rules.items() for problem in rule(dockerfile)] == []


@pytest.mark.parametrize(("rule", "before", "after"), FAULTS)
def test_a_fault_is_found(rule, before, after, dockerfile, named_rules):
    assert before in dockerfile
    assert list(named_rules[rule](dockerfile.replace(before, after))) != []


def hadolint(text):
    program = Path(sys.executable).parent / "hadolint"
    return subprocess.run([program, "-"], input=text, capture_output=True, text=True, check=False)


def test_hadolint_finds_nothing(dockerfile):
    checked = hadolint(dockerfile)
    assert (checked.returncode, checked.stdout) == (0, "")


def test_hadolint_finds_what_is_wrong(dockerfile):
    untagged = dockerfile.replace("FROM ${RUNTIME_IMAGE}", "FROM gcr.io/distroless/cc-debian12")
    assert "DL3006" in hadolint(untagged).stdout
    # Its shell check sees into RUN.
    assert "SC2046" in hadolint("FROM rust:1.95-bookworm\nRUN cat $(ls /src)\n").stdout
    assert hadolint("FROM rust:1.95\nRUN --mount=type=what true\n").returncode != 0


# ---- what `docker build` makes of it ---------------------------------------------------------------------------------


@pytest.mark.parametrize("service", SERVICES)
def test_buildkit_makes_the_image_that_is_meant(service, dockerfile, compiled, workspace):
    result = compiled(dockerfile, f"SERVICE={service}", "REVISION=0123abc")
    assert result["warnings"] == []
    image = result["image"]["config"]
    assert (image["User"], image["Entrypoint"], image["Cmd"]) == ("65532:65532", ["/app/service"], ["serve"])
    assert image["Healthcheck"]["Test"] == ["CMD", "/app/service", "healthcheck"]
    labels = {name.removeprefix("org.opencontainers.image."): value for name, value in image["Labels"].items()}
    assert labels["title"] == f"fitness-trainer/{service}"
    assert (labels["version"], labels["revision"]) == (workspace["version"], "0123abc")


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("COPY . .\nRUN cargo", "COPY .\nRUN cargo", "at least two arguments"),
        ("--mount=type=cache", "--mount=type=cash", "cash"),
        ("HEALTHCHECK --interval=10s", "HEALTHCHECK --interval=10", "duration"),
        ("WORKDIR /src", "WORKDIRECTORY /src", "unknown instruction"),
    ],
)
def test_buildkit_refuses_a_fault(before, after, complaint, dockerfile, compiled):
    assert before in dockerfile
    with pytest.raises(ValueError, match=complaint):
        compiled(dockerfile.replace(before, after), "SERVICE=gateway")


def test_buildkit_warns_of_what_it_would_do_all_the_same(dockerfile, compiled):
    careless = dockerfile.replace("ARG REVISION=unknown", "ARG REVISION=unknown\nENV API_TOKEN=abc")
    assert "SecretsUsedInArgOrEnv" in " ".join(compiled(careless, "SERVICE=gateway")["warnings"])


def assemble(command, service, binary, folder):
    """Runs the command of the stage `assemble` in a folder in place of the root."""
    (folder / "src/target/release").mkdir(parents=True)
    shutil.copyfile(binary, folder / "src/target/release" / binary.name)
    (folder / "src/LICENSE").touch()
    shell, option, script = command.split(" ", 2)
    script = re.sub(r"(?<=[ \"])/(image|state)\b", rf"{folder}/\1", script)
    return subprocess.run(
        [shell, option, script],
        cwd=folder / "src",
        env={"PATH": os.environ["PATH"], "SERVICE": service},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_files_of_the_image_are_put_together_as_its_entry_point_expects(dockerfile, compiled, binary, tmp_path):
    commands = [command for command in compiled(dockerfile, "SERVICE=gateway")["commands"] if "/image" in command]
    assert len(commands) == 1
    done = assemble(commands[0], "gateway", binary("gateway"), tmp_path / "right")
    assert done.returncode == 0, done.stderr
    image = tmp_path / "right/image"
    files = sorted(str(path.relative_to(image)) for path in image.rglob("*") if not path.is_dir())
    assert files == ["app/LICENSE", "app/gateway", "app/service"]
    version = subprocess.run([image / "app/service", "--version"], capture_output=True, text=True, check=True)
    assert version.stdout.startswith("gateway ")
    assert (tmp_path / "right/state/files").is_dir()
    wrong = assemble(commands[0], "", binary("gateway"), tmp_path / "wrong")
    assert wrong.returncode != 0
    assert "SERVICE is one of" in wrong.stderr


# ---- what is sent to the builder -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ignore(root):
    return Ignore((root / ".dockerignore").read_text())


@pytest.fixture(scope="module")
def context(root, ignore, tmp_path_factory):
    """A folder with what a builder would get of the files that are under version control or about to be."""
    folder = tmp_path_factory.mktemp("context")
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=root, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, names):
        if ignore.sends(name) and (root / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, folder / name)
    return folder


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("Cargo.lock", True),
        (".cargo/config.toml", True),
        (".sqlx/query-1.json", True),
        ("notify-svc/templates/welcome/en/subject.txt.tera", True),
        ("crates/outbox/migrations/0001_outbox.sql", True),
        ("tests/end_to_end/main.rs", True),
        (".env", False),
        (".env.production", False),
        ("gateway/.env", False),
        (".git/config", False),
        (".data/compose/secrets/user-svc/jwt_signing_key", False),
        ("secrets/user-svc/jwt_signing_key", False),
        ("target/release/gateway", False),
        ("crates/outbox/target/debug/x", False),
        ("README.md", False),
        ("deploy/kubernetes/base/kustomization.yaml", False),
    ],
)
def test_the_builder_gets_what_it_needs_and_nothing_that_it_must_not_see(path, sent, ignore):
    assert ignore.sends(path) is sent


def test_whatever_is_copied_is_there(dockerfile, context):
    outputs = {"plan": ["/src/recipe.json"], "assemble": ["/image/", "/state/"]}
    for stage in rules.stages(dockerfile):
        for rest in stage.of("COPY"):
            *sources, _ = [word for word in rest.split() if not word.startswith("--")]
            origin = re.search(r"--from=(\S+)", rest)
            for source in sources:
                assert source in outputs[origin[1]] if origin else (context / source).exists(), rest
    assert (context / "LICENSE").is_file()


def cargo_reads(folder):
    command = ["cargo", "metadata", "--offline", "--no-deps", "--format-version=1"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_cargo_finds_every_crate_and_target_in_what_is_sent(context, tmp_path):
    read = cargo_reads(context)
    assert read.returncode == 0, read.stderr
    names = {package["name"] for package in json.loads(read.stdout)["packages"]}
    assert set(SERVICES) | {"chassis", "outbox", "fitness-proto"} <= names
    incomplete = tmp_path / "incomplete"
    shutil.copytree(context, incomplete)
    shutil.rmtree(incomplete / "crates/outbox")
    assert cargo_reads(incomplete).returncode != 0


def included_files(folder):
    """What the sources of the services take in while they are compiled: (source, file)."""
    for source in folder.rglob("*.rs"):
        if {"tests", "standalone"} & set(source.relative_to(folder).parts):
            continue
        text = source.read_text().partition("#[cfg(test)]")[0]
        manifest = next(parent for parent in source.parents if (parent / "Cargo.toml").exists())
        for name in re.findall(r'include_(?:str|bytes)!\("([^"]+)"\)', text):
            yield source, source.parent / name
        for name in re.findall(r'sqlx::migrate!\((?:"([^"]+)")?\)', text):
            yield source, manifest / (name or "migrations")
        for name in re.findall(r'#\[folder = "([^"]+)"\]', text):
            yield source, manifest / name.replace("$CARGO_MANIFEST_DIR/", "")


def test_everything_that_is_compiled_in_is_sent(context):
    found = list(included_files(context))
    assert [f"{source}: {file}" for source, file in found if not file.exists()] == []
    kinds = {file.suffix or file.name for _, file in found}
    assert {".html", ".md", "migrations", "templates"} <= kinds
    queries = [path.name for path in (context / ".sqlx").iterdir()]
    assert len(queries) > 50


# ---- what the binaries ask of the image ------------------------------------------------------------------------------


def libraries(text):
    """The names that ldd prints."""
    return re.findall(r"^\s*(\S+)", text, re.M)


@pytest.mark.parametrize("service", SERVICES)
def test_a_binary_needs_only_libraries_that_the_base_image_has(service, binary):
    printed = subprocess.run(["ldd", binary(service)], capture_output=True, text=True, check=True).stdout
    needed = libraries(printed)
    assert any(name.startswith("libc.so") for name in needed), printed
    assert [name for name in needed if not PROVIDED.search(name)] == []


def test_a_library_that_the_base_image_lacks_is_noticed():
    printed = "\tlinux-vdso.so.1 (0x1)\n\tlibsasl2.so.2 => /lib/libsasl2.so.2 (0x2)\n\tlibz.so.1 => not found\n"
    assert [name for name in libraries(printed) if not PROVIDED.search(name)] == ["libsasl2.so.2", "libz.so.1"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_runs_on_nothing_but_its_binary_and_its_settings(service, binary, root, image_environment, tmp_path):
    """From an empty folder and with the environment of the image: a template, page or catalogue that is not in the
    binary would be missed at the start. Its servers are away: it lives all the same, is not ready, and ends."""
    secrets = tmp_path / "secrets"
    subprocess.run([root / "deploy/compose/make-secrets", secrets], check=True)
    empty = tmp_path / "empty"
    empty.mkdir()
    prefix = service.upper().replace("-", "_")
    ops = free_port()
    variables = {name: value.replace("0.0.0.0", "127.0.0.1") for name, value in image_environment.items()}
    variables = {name: re.sub(r":\d+$", ":0", value) for name, value in variables.items()}
    variables |= {
        f"{prefix}_OPS_ADDR": f"127.0.0.1:{ops}",
        "FILES_DIR": str(tmp_path / "files"),
        "DATABASE_URL": "postgres://nobody@127.0.0.1:9/none",
        "KAFKA_BROKERS": "127.0.0.1:9",
        "SMTP_PORT": "9",
    }
    for file in (secrets / "user-svc").iterdir():
        # Each service has an event key of its own, under one name.
        owner = f"{prefix}_" if file.name == "event_key" else ""
        variables.setdefault(f"{owner}{file.name.upper()}_FILE", str(file))
    (tmp_path / "files").mkdir()
    log = tmp_path / "log"
    with log.open("w") as output:
        process = subprocess.Popen([binary(service)], env=variables, cwd=empty, stdout=output, stderr=output)
    try:
        end = time.monotonic() + LIMIT_SECONDS
        while not answers(f"http://127.0.0.1:{ops}/livez"):
            assert process.poll() is None and time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        assert subprocess.run([binary(service), "healthcheck", "--live"], env=variables, check=False).returncode == 0
        assert subprocess.run([binary(service), "healthcheck"], env=variables, check=False).returncode != 0
        process.send_signal(signal.SIGTERM)
        # It may say that it could not finish everything, having waited for a database; it was not killed.
        assert process.wait(timeout=LIMIT_SECONDS) in (0, 1), log.read_text()
    finally:
        process.kill()
        process.wait()
    assert list(empty.iterdir()) == []


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return answer.status == 200
    except OSError:
        return False


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_knows_the_commands_that_images_are_run_with(service, binary):
    shown = subprocess.run([binary(service), "--help"], env={}, capture_output=True, text=True, check=True).stdout
    for command in ("serve", "migrate", "topics", "healthcheck", "config"):
        assert re.search(rf"^  {command}\b", shown, re.M), f"{command} is not in:\n{shown}"


def test_the_image_listens_where_its_ports_are_published(image_environment, root):
    page = (root / "docs/configuration.md").read_text()
    for setting, address in image_environment.items():
        default = re.search(rf"^\| `{setting}` \| `(.*?)` \|", page, re.M)
        assert default, f"{setting} is not in docs/configuration.md"
        if setting.endswith("_ADDR"):
            assert address == default[1].replace("127.0.0.1", "0.0.0.0")
