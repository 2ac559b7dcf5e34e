"""promtool, which checks and tests Prometheus' files: that of the machine, or the one from Debian's package, unpacked into
the cache and not installed."""

import shutil
import subprocess
from pathlib import Path

MISSING = "these checks need promtool; on Debian and Ubuntu: apt-get install -y prometheus (or only apt-get update, with network)"


class PromtoolMissing(Exception):
    """There is no promtool, and none could be fetched."""


def locate(cache):
    """Answers the path of promtool."""
    if found := shutil.which("promtool"):
        return Path(found)
    folder = cache / "promtool"
    program = folder / "root/usr/bin/promtool"
    if not program.exists():
        _fetch(folder)
    if not program.exists():
        raise PromtoolMissing(MISSING)
    return program


def _fetch(folder):
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise PromtoolMissing(MISSING)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    quiet = {"cwd": folder, "capture_output": True, "text": True}
    done = subprocess.run(["apt-get", "download", "prometheus"], **quiet)
    if done.returncode != 0 and subprocess.run(["apt-get", "update", "-qq"], **quiet).returncode == 0:
        # A new machine knows of no packages yet.
        done = subprocess.run(["apt-get", "download", "prometheus"], **quiet)
    if done.returncode != 0:
        raise PromtoolMissing(f"{MISSING}\n{done.stderr}")
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, folder / "root"], check=True)
        package.unlink()


def run(program, *arguments):
    """Runs promtool; answers whether it was content, and what it said."""
    done = subprocess.run([program, *arguments], capture_output=True, text=True)
    return done.returncode == 0, done.stdout + done.stderr
