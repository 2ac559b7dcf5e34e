"""The schemas of the custom resources, from the operators' own packages.

| operator            | where its definitions come from                                                  |
|---------------------|----------------------------------------------------------------------------------|
| KEDA, Prometheus, Gateway API | YAML in their Go modules                                               |
| Strimzi             | made by Strimzi's generator from its Java classes (Maven)                        |
| CloudNativePG       | Rust types that kopium made from its definitions (crate cnpg; see rust_types.py) |

Everything is pinned, fetched once and kept as one JSON file under target/checks.
"""

import hashlib
import json
import os
from pathlib import Path

import yaml

from manifests import rust_types
from manifests.cache import CACHE, run, tool

GO_MODULES = {
    # module and version: the hash that go.sum would have, and the files.
    "github.com/kedacore/keda/v2@v2.21.0": (
        "h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps=",
        ["config/crd/bases/keda.sh_scaledobjects.yaml", "config/crd/bases/keda.sh_triggerauthentications.yaml"],
    ),
    "github.com/prometheus-operator/prometheus-operator@v0.93.1": (
        "h1:4Juk8v93RdG1DSGD/mGp+SeQKPmnlLIj2iq3blLZgFY=",
        [
            f"example/prometheus-operator-crd/monitoring.coreos.com_{kind}.yaml"
            for kind in ("podmonitors", "prometheusrules", "servicemonitors")
        ],
    ),
    "sigs.k8s.io/gateway-api@v1.4.1": (
        "h1:NPxFutNkKNa8UfLd2CMlEuhIPMQgDQ6DXNKG9sHbJU8=",
        ["config/crd/standard/gateway.networking.k8s.io_httproutes.yaml"],
    ),
}
STRIMZI_CLASSES = ["kafka.Kafka", "nodepool.KafkaNodePool", "topic.KafkaTopic", "user.KafkaUser"]
MAVEN_CLASSPATH = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath"
CNPG_CRATE = "0.1.0"
CNPG_KINDS = {"Cluster": "cluster.rs", "Database": "database.rs", "ScheduledBackup": "scheduled_backup.rs"}

_HERE = Path(__file__).parent
_SOURCES = ["definitions.py", "rust_types.py", "strimzi.pom.xml"]


def schemas() -> dict[str, dict]:
    """OpenAPI schemas by `group/version/kind`."""
    fingerprint = hashlib.sha256(b"".join((_HERE / name).read_bytes() for name in _SOURCES)).hexdigest()[:16]
    kept = CACHE / f"definitions-{fingerprint}.json"
    if not kept.exists():
        found = {**_from_go(), **_from_maven(), **_from_cargo()}
        kept.parent.mkdir(parents=True, exist_ok=True)
        unfinished = kept.with_suffix(".new")
        unfinished.write_text(json.dumps(found))
        unfinished.rename(kept)
    return json.loads(kept.read_text())


def _from_go() -> dict[str, dict]:
    go = tool("go", "The definitions of KEDA, Prometheus and the Gateway API come as Go modules; they need Go 1.26.")
    folder = CACHE / "definitions" / "go"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "go.mod").write_text("module definitions\n\ngo 1.24\n")
    output = run([go, "mod", "download", "-json", *GO_MODULES], cwd=folder, env={**os.environ, "GOFLAGS": "-mod=mod"})
    found, decoder, position = {}, json.JSONDecoder(), 0
    while position < len(output.rstrip()):
        module, end = decoder.raw_decode(output, position)
        position = end + 1
        expected, files = GO_MODULES[f"{module['Path']}@{module['Version']}"]
        assert module["Sum"] == expected, f"{module['Path']} is not what was pinned"
        for file in files:
            found |= _from_definition((Path(module["Dir"]) / file).read_text())
    return found


def _from_maven() -> dict[str, dict]:
    maven = tool("mvn", "Strimzi's definitions come by Maven. On Debian: apt-get install -y maven openjdk-17-jdk-headless")
    java = tool("java", "On Debian: apt-get install -y openjdk-17-jre-headless")
    folder = CACHE / "definitions" / "strimzi"
    folder.mkdir(parents=True, exist_ok=True)
    classpath = folder / "classpath"
    run([maven, "-q", "-B", "-f", str(_HERE / "strimzi.pom.xml"), MAVEN_CLASSPATH, f"-Dmdep.outputFile={classpath}"])
    files = {name: folder / f"{name}.yaml" for name in STRIMZI_CLASSES}
    wanted = [f"io.strimzi.api.kafka.model.{name}={file}" for name, file in files.items()]
    run([java, "-cp", classpath.read_text(), "io.strimzi.crdgenerator.CrdGenerator", "--yaml", *wanted])
    found = {}
    for file in files.values():
        found |= _from_definition(file.read_text())
    return found


def _from_cargo() -> dict[str, dict]:
    cargo = tool("cargo", "Rust is what the project is made with: https://rustup.rs")
    folder = CACHE / "definitions" / "cnpg"
    (folder / "src").mkdir(parents=True, exist_ok=True)
    (folder / "src" / "lib.rs").write_text("")
    (folder / "Cargo.toml").write_text(
        '[package]\nname = "definitions"\nversion = "0.0.0"\nedition = "2021"\n\n[workspace]\n\n'
        f'[dependencies]\ncnpg = "={CNPG_CRATE}"\n'
    )
    metadata = json.loads(run([cargo, "metadata", "--format-version", "1"], cwd=folder))
    crate = next(package for package in metadata["packages"] if package["name"] == "cnpg")
    sources = Path(crate["manifest_path"]).parent / "src"
    return {
        f"postgresql.cnpg.io/v1/{kind}": {
            "type": "object",
            "required": ["spec"],
            "properties": {"spec": rust_types.schema((sources / file).read_text(), f"{kind}Spec")},
        }
        for kind, file in CNPG_KINDS.items()
    }


def _from_definition(text: str) -> dict[str, dict]:
    spec = yaml.safe_load(text)["spec"]
    return {
        f"{spec['group']}/{version['name']}/{spec['names']['kind']}": version["schema"]["openAPIV3Schema"]
        for version in spec["versions"]
        if version["served"]
    }
