"""Renders overlays as `kubectl apply -k` would.

kustomize comes in one version as a Go module, so that everybody checks the same output. Where Go is missing, a kubectl
that brings kustomize 5.5 or newer does.
"""

import copy
import functools
import os
import re
import shutil
from pathlib import Path

import yaml

from manifests.cache import CACHE, ROOT, ToolMissing, run

KUSTOMIZE = "5.8.1"
OLDEST_IN_KUBECTL = (5, 5)
# The one in C is many times faster, and is not in every build of PyYAML.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
OVERLAYS = ROOT / "deploy" / "kubernetes" / "overlays"


@functools.cache
def _command() -> tuple[str, ...]:
    folder = CACHE / f"kustomize-{KUSTOMIZE}"
    binary = folder / "kustomize"
    if not binary.exists() and (go := shutil.which("go")):
        module = f"sigs.k8s.io/kustomize/kustomize/v5@v{KUSTOMIZE}"
        run([go, "install", module], env={**os.environ, "GOBIN": str(folder), "GOFLAGS": ""})
    if binary.exists():
        return (str(binary), "build")
    if kubectl := shutil.which("kubectl"):
        version = re.search(r"Kustomize Version: v(\d+)\.(\d+)", run([kubectl, "version", "--client"]))
        if version and tuple(map(int, version.groups())) >= OLDEST_IN_KUBECTL:
            return (kubectl, "kustomize")
    raise ToolMissing("kustomize is made with Go 1.24 or newer: install it, or kubectl 1.32 or newer.")


@functools.cache
def rendered(folder: Path) -> str:
    """What a folder with a kustomization renders to."""
    return run([*_command(), str(folder)])


@functools.cache
def _loaded(folder: Path) -> list[dict]:
    return load(rendered(folder))


def documents(folder: Path) -> list[dict]:
    """The documents of a rendered folder; the caller may change them."""
    return copy.deepcopy(_loaded(folder))


def load(text: str) -> list[dict]:
    """The documents of a YAML text, those of lists one by one."""
    return [document for document in yaml.load_all(text, Loader=_LOADER) if document]
