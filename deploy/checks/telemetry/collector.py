"""The real OpenTelemetry Collector, built once from builder.yaml, and what goes through it."""

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BUILDER = "go.opentelemetry.io/collector/cmd/builder"


class GoMissing(Exception):
    """The collector cannot be built."""


def build(manifest, cache):
    """Answers the path of the collector that the manifest describes."""
    folder = cache / f"otelcol-{hashlib.sha256(manifest.read_bytes()).hexdigest()[:16]}"
    program = folder / "otelcol"
    if program.exists():
        return program
    if shutil.which("go") is None:
        raise GoMissing("the checks of the collector need Go 1.25 or newer; on Debian: apt-get install -y golang, or https://go.dev/dl")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(manifest, folder / "builder.yaml")
    version = re.search(r"otlpreceiver (v\S+)", manifest.read_text())[1]
    environment = {**os.environ, "GOFLAGS": "-mod=mod -buildvcs=false"}
    command = ["go", "run", f"{BUILDER}@{version}", "--config=builder.yaml"]
    subprocess.run(command, cwd=folder, env=environment, check=True)
    return program


def validate(program, *configs):
    """Asks the collector what it thinks of a configuration."""
    arguments = [f"--config={config}" for config in configs]
    done = subprocess.run([program, "validate", *arguments], capture_output=True, text=True)
    return done.returncode == 0, done.stderr


def free_port():
    """A port that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def receiver():
    """An OTLP receiver; what is posted to it gathers in the list that is yielded."""
    received = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):  # noqa: N802: the name is http.server's
            received.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", received
    finally:
        server.shutdown()


@contextmanager
def running(program, *configs):
    """The collector, for as long as the block lasts."""
    process = subprocess.Popen([program, *(f"--config={config}" for config in configs)], stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=30)


def eventually(what, ask, limit=30):
    """Asks until there is an answer."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        try:
            if answer := ask():
                return answer
        except OSError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {limit} s")


def get(url):
    """The body of an answer."""
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read().decode()


def post(url, body):
    """Posts JSON."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return answer.status
