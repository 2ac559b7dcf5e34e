"""deploy/nginx/nginx.conf in a real nginx: in front of the whole system, and of a server that only writes down what
reaches it."""

import http.client
import http.server
import json
import os
import socket
import ssl
import struct
import subprocess
import threading
import urllib.request
import zlib

import pytest

from composition.servers import free_port
from door.nginx import LIMIT_SECONDS, Nginx, program, wait_for
from door.system import System


@pytest.fixture(scope="module")
def nginx_program(cache):
    return program(cache)


@pytest.fixture(scope="module")
def certificate(root, tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run([root / "deploy/compose/make-secrets", "--self-signed", "localhost", folder], check=True)
    return folder / "nginx"


@pytest.fixture(scope="module")
def configuration(root):
    return (root / "deploy/nginx/nginx.conf").read_text()


# ---- before a server that writes down what it gets -------------------------------------------------------------------


class Recorder(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen = []

    def answer(self):
        length = int(self.headers.get("content-length", 0))
        self.rfile.read(length)
        self.seen.append({"path": self.path, "version": self.request_version, **self.headers})
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    do_GET = do_POST = answer

    def log_message(self, *_):
        """Keeps the output clean."""


@pytest.fixture(scope="module")
def recorder():
    """The port of a server that writes down what it gets."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()


@pytest.fixture(scope="module")
def recorded(nginx_program, configuration, certificate, recorder):
    nginx = Nginx(nginx_program, configuration, certificate, recorder)
    yield nginx
    nginx.stop()


def headers_seen(nginx):
    """What reaches the gateway of a client that makes up where it is."""
    headers = {
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Proto": "http",
        "traceparent": f"00-{'1' * 32}-{'2' * 16}-01",
    }
    assert nginx.ask("GET", "/v1/users/me", headers=headers)[0] == 200
    return Recorder.seen[-1]


def test_what_a_client_says_of_its_address_does_not_reach_the_gateway(recorded):
    seen = headers_seen(recorded)
    assert seen["X-Forwarded-For"] == "127.0.0.1"
    assert seen["X-Forwarded-Proto"] == "https"
    assert seen["traceparent"].startswith("00-111")
    assert seen["Host"] == "localhost"


def test_a_proxy_that_passes_hearsay_on_would_be_noticed(nginx_program, configuration, certificate, recorder):
    hearsay = configuration.replace("X-Forwarded-For $remote_addr", "X-Forwarded-For $proxy_add_x_forwarded_for")
    nginx = Nginx(nginx_program, hearsay, certificate, recorder)
    try:
        assert headers_seen(nginx)["X-Forwarded-For"] != "127.0.0.1"
    finally:
        nginx.stop()


def test_a_path_reaches_the_gateway_as_it_was_written(recorded):
    recorded.ask("GET", "/v1/routines/01%2F02:copy?page_token=a%20b&x=%2e%2e/")
    assert Recorder.seen[-1]["path"] == "/v1/routines/01%2F02:copy?page_token=a%20b&x=%2e%2e/"


@pytest.mark.parametrize(
    ("asked", "passed_on"),
    [
        ("/api/v1/routines/01%2F02:copy?page_token=a%20b", "/v1/routines/01%2F02:copy?page_token=a%20b"),
        ("/api/v1/feed", "/v1/feed"),
        ("/api/v1/unsubscribe?token=a", "/v1/unsubscribe?token=a"),
        ("/api/openapi.json", "/openapi.json"),
        ("/api/health", "/api/health"),
        ("/api/reset-password?token=a", "/api/reset-password?token=a"),
        ("/v1/api/v1/x", "/v1/api/v1/x"),
    ],
)
def test_the_api_is_below_api_too_and_nothing_else_is(asked, passed_on, recorded):
    recorded.ask("GET", asked)
    assert Recorder.seen[-1]["path"] == passed_on


@pytest.mark.parametrize("path", ["/readyz", "/api/v1/../../readyz", "/api/../readyz", "//readyz"])
def test_no_way_leads_to_the_state_of_dependencies(path, recorded):
    before = len(Recorder.seen)
    assert recorded.ask("GET", path)[0] == 404
    assert len(Recorder.seen) == before


def test_a_door_that_opens_everything_below_api_would_be_noticed(nginx_program, configuration, certificate, recorder):
    wide = configuration.replace(r"/(v1/|openapi\.json(\?|$)).*", "/.*")
    assert wide != configuration
    nginx = Nginx(nginx_program, wide, certificate, recorder)
    try:
        nginx.ask("GET", "/api/health")
        assert Recorder.seen[-1]["path"] == "/health"
    finally:
        nginx.stop()


def test_uploads_below_api_have_the_limit_of_uploads(recorded):
    assert recorded.ask("POST", "/api/v1/files", b"x" * 1_000_000)[0] == 200
    assert Recorder.seen[-1]["path"] == "/v1/files"
    assert recorded.ask("POST", "/api/v1/files", b"x" * 12_000_000)[0] == 413


def test_tls_is_modern_and_http_2_is_spoken(recorded):
    with socket.create_connection(("127.0.0.1", recorded.https_port)) as plain:
        with recorded.tls("h2", "http/1.1").wrap_socket(plain, server_hostname="localhost") as secure:
            assert secure.selected_alpn_protocol() == "h2"
            assert secure.version() == "TLSv1.3"
    old = recorded.tls()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection(("127.0.0.1", recorded.https_port)) as plain:
        with old.wrap_socket(plain, server_hostname="localhost") as secure:
            assert secure.cipher()[0].startswith("ECDHE-ECDSA-") and "GCM" in secure.cipher()[0]


def test_browsers_are_led_to_https_and_passwords_are_not(recorded):
    connection = http.client.HTTPConnection("127.0.0.1", recorded.http_port, timeout=LIMIT_SECONDS)
    connection.request("GET", "/reset-password?token=abc", headers={"host": "train.example.org"})
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("location")) == (308, "https://train.example.org/reset-password?token=abc")
    answer.read()
    before = len(Recorder.seen)
    connection.request("POST", "/v1/auth/login", '{"password": "correct horse"}')
    answer = connection.getresponse()
    assert answer.status == 403
    assert "location" not in answer.headers
    assert len(Recorder.seen) == before


def test_the_health_of_nginx_itself_can_be_asked_for(recorded):
    with urllib.request.urlopen(f"http://127.0.0.1:{recorded.http_port}/nginx-health", timeout=LIMIT_SECONDS) as answer:
        assert answer.status == 200


def test_a_body_over_the_limit_is_refused_as_the_gateway_refuses_it(recorded):
    before = len(Recorder.seen)
    status, headers, body = recorded.ask("POST", "/v1/auth/login", b"x" * 200_000)
    assert (status, headers["content-type"]) == (413, "application/problem+json")
    assert json.loads(body)["code"] == "BODY_TOO_LARGE"
    assert "strict-transport-security" in headers
    status, headers, _ = recorded.ask("POST", "/v1/files", b"x" * 12_000_000)
    assert (status, headers["content-type"]) == (413, "application/problem+json")
    assert len(Recorder.seen) == before


@pytest.fixture
def alone(nginx_program, configuration, certificate):
    """Starts an nginx whose gateway is away, with changes to the configuration."""
    started = []

    def start(before="", after=""):
        assert before in configuration
        changed = configuration.replace(before, after) if before else configuration
        started.append(Nginx(nginx_program, changed, certificate, free_port()))
        return started[-1]

    yield start
    for nginx in started:
        nginx.stop()


def log_of_links(nginx):
    """What is logged of requests with a token, in their query and in the page that they came from."""
    for path in ("/reset-password", "/unsubscribe", "/v1/unsubscribe", "/api/v1/unsubscribe"):
        nginx.ask("POST", f"{path}?token=tell-nobody", headers={"referer": "https://a/?token=tell-nobody"})
    nginx.ask("GET", "/v1/routines")
    wait_for("the last line of the log", lambda: "/v1/routines" in nginx.log())
    return nginx.log()


def test_tokens_in_links_are_in_no_log_even_when_the_gateway_is_away(alone):
    log = log_of_links(alone())
    assert '"path":"/reset-password","status":503' in log
    assert "tell-nobody" not in log


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"path":"$uri"', '"path":"$request_uri"'),
        ('"path":"$uri"', '"path":"$uri","from":"$http_referer"'),
        ("error_log /dev/stderr crit;", ""),
    ],
)
def test_a_token_in_the_log_would_be_noticed(before, after, alone):
    assert "tell-nobody" in log_of_links(alone(before, after))


def test_while_the_gateway_is_away_the_answer_is_a_problem_document(alone):
    status, headers, body = alone().ask("GET", "/v1/routines")
    assert (status, headers["content-type"]) == (503, "application/problem+json")
    assert headers["retry-after"] == "5"
    assert json.loads(body)["code"] == "UNAVAILABLE"


# ---- before the whole system -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def system(binary, tmp_path_factory):
    system = System(binary("fitness-trainer"), tmp_path_factory.mktemp("system"))
    yield system
    system.stop()


@pytest.fixture(scope="module")
def front(nginx_program, configuration, certificate, system):
    nginx = Nginx(nginx_program, configuration, certificate, system.addresses["REST"])
    yield nginx
    nginx.stop()


ANN = {"email": "ann@example.org", "password": "correct horse battery"}


@pytest.fixture(scope="module")
def token(front, system):
    status, _, body = front.ask("POST", "/v1/auth/register", {**ANN, "display_name": "Ann"})
    assert (status, body) == (202, b"{}")
    verification = {"email": ANN["email"], "code": system.code(ANN["email"])}
    status, _, body = front.ask("POST", "/v1/auth/verify-email", verification)
    assert status == 200, body
    return json.loads(body)["access_token"]


def noise(side):
    """A PNG of random dots, which no compression makes smaller."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(b"\0" + os.urandom(3 * side) for _ in range(side))
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    picture = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + picture


def size(picture):
    return struct.unpack(">II", picture[16:24])


def test_the_api_is_served_over_tls_and_browsers_are_told_to_stay_there(front):
    status, headers, body = front.ask("GET", "/openapi.json")
    assert status == 200
    assert json.loads(body)["openapi"].startswith("3.1")
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert "x-request-id" in headers
    assert front.ask("GET", "/api/openapi.json")[2] == body
    assert front.ask("GET", "/livez")[0] == 200
    assert json.loads(front.ask("GET", "/health")[2]) == {"status": "ok"}
    assert front.ask("GET", "/readyz")[0] == 404


def test_an_account_is_opened_through_nginx_and_errors_come_back_as_they_are(front, token):
    status, _, body = front.ask("GET", "/v1/users/me", headers={"authorization": f"Bearer {token}"})
    assert (status, json.loads(body)["email"]) == (200, ANN["email"])
    status, _, again = front.ask("GET", "/api/v1/users/me", headers={"authorization": f"Bearer {token}"})
    assert (status, again) == (200, body)
    status, headers, body = front.ask("POST", "/v1/auth/login", {**ANN, "password": "wrong"})
    assert (status, json.loads(body)["code"]) == (401, "CREDENTIALS_INVALID")
    assert headers["content-type"] == "application/problem+json"
    # Over the gateway's limit and under that of nginx: the gateway says so itself.
    status, headers, _ = front.ask("POST", "/v1/auth/login", {**ANN, "password": "x" * 100_000})
    assert (status, "x-request-id" in headers) == (413, True)


def test_an_event_of_the_live_feed_comes_through_while_the_stream_is_open(front, token):
    connection = front.connect()
    try:
        headers = {"authorization": f"Bearer {token}", "accept": "text/event-stream"}
        connection.request("GET", "/v1/feed", headers=headers)
        feed = connection.getresponse()
        assert (feed.status, feed.getheader("content-type")) == (200, "text/event-stream")
        assert feed.readline() == b"retry: 2000\n"
        assert front.ask("POST", "/v1/auth/login", ANN)[0] == 200
        lines = iter(feed.readline, b"")
        assert b"event: UserSignedIn\n" in lines
        assert ANN["email"].encode() not in next(lines)
    finally:
        connection.close()


def test_a_picture_goes_up_and_comes_down_whole(front, token):
    picture = noise(1000)
    assert 1_000_000 < len(picture) < 10_000_000
    headers = {"authorization": f"Bearer {token}", "content-type": "image/png"}
    status, _, body = front.ask("POST", "/v1/files?purpose=avatar", picture, headers)
    assert status == 201, body
    file_id = json.loads(body)["file_id"]
    status, headers, body = front.ask("GET", f"/v1/files/{file_id}", headers={"authorization": f"Bearer {token}"})
    assert (status, headers["content-type"]) == (200, "image/png")
    # It is written anew without what nobody sees: as large a picture, to its last chunk.
    assert size(body) == size(picture)
    assert len(body) > 1_000_000
    assert body.endswith(picture[-12:])


def test_grpc_is_not_exposed(front):
    headers = {"content-type": "application/grpc", "te": "trailers"}
    status, answered, _ = front.ask("POST", "/fitness.user.v1.AuthService/Login", b"\0\0\0\0\0", headers)
    assert status == 404
    assert "grpc-status" not in answered
