"""The rules of deploy/Dockerfile. Each is given its text and answers what is wrong with it."""

import json
import re

# Debian's releases, as the image of the builder and that of the runtime name them.
RELEASES = {"bookworm": "12", "trixie": "13"}


class Stage:
    """What follows a FROM: its image, name and instructions."""

    def __init__(self, base, name):
        self.base, self.name, self.instructions = base, name, []

    def of(self, keyword):
        return [rest for word, rest in self.instructions if word == keyword]


def stages(text):
    """The arguments before the first FROM, and the stages; lines that go on are joined, comments left out."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    arguments, found = {}, []
    for line in filter(None, map(str.strip, joined.splitlines())):
        keyword, _, rest = line.partition(" ")
        if keyword == "FROM":
            base, _, name = rest.partition(" AS ")
            for argument, value in arguments.items():
                base = base.replace(f"${{{argument}}}", value)
            found.append(Stage(base, name))
        elif not found:
            assert keyword == "ARG", line
            argument, _, value = rest.partition("=")
            arguments[argument] = value
        else:
            found[-1].instructions.append((keyword, rest.strip()))
    return found


def loose_bases(text, rust_version):
    found = stages(text)
    names = {stage.name for stage in found}
    for stage in found:
        if stage.base not in names and not re.search(r":\S*(\d|nonroot)", stage.base):
            yield f"{stage.base} names no version"
    builder, runtime = found[0].base, found[-1].base
    release = re.fullmatch(r"rust:(\d+\.\d+)(?:\.\d+)?-([a-z]+)", builder)
    if release is None or RELEASES.get(release[2]) not in re.findall(r"debian(\d+):", runtime):
        yield f"{builder} and {runtime} are not of one release of Debian"
    if release and tuple(map(int, release[1].split("."))) < tuple(map(int, rust_version.split("."))):
        yield f"{builder} is older than the workspace's Rust {rust_version}"


def runtime_faults(text, version):
    """The last stage becomes the image."""
    last = stages(text)[-1]
    if last.of("USER") != ["65532:65532"]:
        yield "the image does not run as 65532, by number"
    for keyword in ("ENTRYPOINT", "CMD"):
        if len(last.of(keyword)) != 1 or not isinstance(parsed(last.of(keyword)[0]), list):
            yield f"{keyword} needs a shell"
    health = last.of("HEALTHCHECK")
    if len(health) != 1 or parsed(health[0].partition(" CMD ")[2]) != ["/app/service", "healthcheck"]:
        yield "the health check is not the service's own"
    if last.of("RUN") or last.of("SHELL"):
        yield "there is no shell in the image to run anything"
    labels = dict(re.findall(r"org\.opencontainers\.image\.([a-z.]+)=\"([^\"]*)\"", " ".join(last.of("LABEL"))))
    for label in ("title", "description", "version", "revision", "licenses"):
        if not labels.get(label):
            yield f"the label {label} is missing"
    if labels.get("base.name") != last.base:
        yield "the label base.name is not the base"
    if f"VERSION={version}" not in last.of("ARG"):
        yield f"VERSION is not that of the workspace, {version}"
    for argument in re.findall(r"\$\{([A-Z]+)\}", " ".join(last.of("LABEL"))):
        if not any(declared.partition("=")[0] == argument for declared in last.of("ARG")):
            yield f"{argument} is used and not declared"


def parsed(text):
    try:
        return json.loads(text)
    except ValueError:
        return None


def build_faults(text, members):
    found = {stage.name: stage for stage in stages(text)}
    commands = [command for stage in found.values() for command in stage.of("RUN")]
    for command in commands:
        if re.search(r"cargo (install|build|chef cook)", command):
            if "--locked" not in command:
                yield f"does not keep to the lock file: {command}"
            if "--mount=type=cache,target=/usr/local/cargo/registry" not in command:
                yield f"downloads everything each time: {command}"
    settings = [line for stage in found.values() for line in stage.of("ENV") + stage.of("ARG")]
    if "SQLX_OFFLINE=true" not in settings:
        yield "asks a database about queries"
    for line in settings:
        if re.search(r"(PASS|SECRET|TOKEN|PEPPER|_KEYS?)[A-Z_]*=", line):
            yield f"keeps a secret in the image: {line}"
    packages = re.findall(r"--package ([a-z-]+)", " ".join(settings))
    accepted = re.search(r"case \S+ in ([a-z| -]+)\)", " ".join(commands))
    if sorted(packages) != sorted(members) or not accepted or sorted(accepted[1].split(" | ")) != sorted(members):
        yield "does not build each service"
    plan, build = found["plan"], found["build"]
    if not any("chef prepare" in command for command in plan.of("RUN")):
        yield "has no recipe"
    steps = [rest for word, rest in build.instructions if word == "COPY" or "cook" in rest or "cargo build" in rest]
    order = ["recipe.json", "chef cook", ". .", "cargo build"]
    if len(steps) != len(order) or any(word not in step for word, step in zip(order, steps, strict=True)):
        yield "compiles the dependencies again whenever a source changes"
