"""What is fetched or built once and kept under target/checks."""

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CACHE = Path(os.environ.get("CHECKS_CACHE", ROOT / "target" / "checks"))


class ToolMissing(Exception):
    """A tool that the checks need is not there; the text says how to get it."""


def tool(name: str, hint: str) -> str:
    """The path of a tool, or an error that says how to get it."""
    path = shutil.which(name)
    if path is None:
        raise ToolMissing(f"{name} is missing. {hint}")
    return path


def run(command: list[str], **options) -> str:
    """Runs a command and answers its output; what it complained about is in the error."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command[:4]))} … failed:\n{done.stdout}{done.stderr}")
    return done.stdout
