"""A real nginx with our configuration. Where it names what this machine does not have (names of containers, ports, the
certificate), other names take their place, and nothing else changes."""

import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from composition.servers import free_port

LIMIT_SECONDS = 60


def wait_for(what, condition):
    """Waits until `condition` answers something, and answers that."""
    end = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < end:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.05)
    return pytest.fail(f"waited {LIMIT_SECONDS} s for {what}")


def program(cache):
    """The path of nginx. A machine with Debian's packages that has none gets it unpacked beside the checks, where it
    starts no server of its own."""
    found = os.environ.get("NGINX") or shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if found:
        return found
    unpacked = cache / "nginx/usr/sbin/nginx"
    if not unpacked.exists() and shutil.which("apt-get"):
        with tempfile.TemporaryDirectory() as folder:
            # Where nothing has updated the lists of packages yet; only root can.
            if os.getuid() == 0 and not any(Path("/var/lib/apt/lists").glob("*Packages*")):
                subprocess.run(["apt-get", "update", "-qq"], check=False)
            fetch = ["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", "nginx"]
            subprocess.run(fetch, cwd=folder, check=False)
            for package in Path(folder).glob("nginx_*.deb"):
                subprocess.run(["dpkg", "-x", package, cache / "nginx"], check=True)
    if not unpacked.exists():
        pytest.fail("nginx is missing. Install it, or name it by NGINX; on Debian: apt-get install -y nginx-light")
    return str(unpacked)


class Nginx:
    """A running nginx with our configuration."""

    def __init__(self, program, configuration, certificate, upstream_port):
        self.https_port, self.http_port = free_port(), free_port()
        self.certificate = certificate
        # Workers run as another user than root and may not enter pytest's folders.
        self.folder = Path(tempfile.mkdtemp())
        self.folder.chmod(0o755)
        text = configuration
        changes = {
            " /tmp/": f" {self.folder}/",
            "server gateway:8080 resolve;": f"server 127.0.0.1:{upstream_port} resolve;",
            "listen 8443 ssl;": f"listen 127.0.0.1:{self.https_port} ssl;",
            "listen 8080;": f"listen 127.0.0.1:{self.http_port};",
            "/run/secrets/": f"{certificate}/",
            "/dev/stdout": f"{self.folder}/access.log",
            "/dev/stderr": f"{self.folder}/error.log",
        }
        version = subprocess.run([program, "-v"], capture_output=True, text=True, check=True).stderr
        version = tuple(int(part) for part in re.search(r"/(\d+)\.(\d+)\.(\d+)", version).groups())
        if version < (1, 27, 3):
            changes[" resolve;"] = ";"
        if version < (1, 25, 1):
            changes["http2 on;"] = ""
            changes[" ssl;"] = " ssl http2;"
        for before, after in changes.items():
            assert before in text, before
            text = text.replace(before, after)
        self.file = self.folder / "nginx.conf"
        self.file.write_text(text)
        self.command = [program, "-c", self.file, "-e", self.folder / "error.log", "-g", "daemon off;"]
        self.tested = subprocess.run([*self.command, "-t"], capture_output=True, text=True, check=False)
        assert self.tested.returncode == 0, self.tested.stderr
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for("nginx", self.answers)

    def answers(self):
        """Whether it listens."""
        assert self.process.poll() is None, self.log()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.https_port)) == 0

    def log(self):
        """All that it has written."""
        return "".join((self.folder / name).read_text() for name in ("access.log", "error.log"))

    def stop(self):
        """Ends it and removes its folder."""
        self.process.terminate()
        self.process.wait(timeout=LIMIT_SECONDS)
        shutil.rmtree(self.folder)

    def tls(self, *protocols):
        """What a client needs to trust its certificate."""
        context = ssl.create_default_context(cafile=self.certificate / "tls.crt")
        if protocols:
            context.set_alpn_protocols(protocols)
        return context

    def connect(self):
        """A connection that stays open."""
        return http.client.HTTPSConnection("localhost", self.https_port, context=self.tls(), timeout=LIMIT_SECONDS)

    def ask(self, method, path, body=None, headers=None):
        """Status, headers in lower case, body."""
        connection = self.connect()
        try:
            if isinstance(body, dict):
                body, headers = json.dumps(body), {"content-type": "application/json", **(headers or {})}
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()
