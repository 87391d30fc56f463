# SPDX-License-Identifier: MIT
"""service = "http", asked by the clients that people have for it."""

import http.client
import json
import socket
import ssl
import subprocess

import pytest

import proxies
from clients import connect, greet, read_all, run
from processes import wait_until
from service import free_port, render, tcp, unix

HELLO = "hello from ${instance}\r\n"


@pytest.fixture(name="web")
def fixture_web(daemon):
    """A service that greets over HTTP."""
    return daemon({"web": tcp(service="http", greeting=HELLO)}, instance="here")


def url(service, path="/"):
    """Where it is."""
    host, port = service.address("web")
    return f"http://{host}:{port}{path}"


def status(answer):
    """The code of an answer's first line."""
    version, code, _ = answer.split(b"\r\n", 1)[0].split(b" ", 2)
    assert version == b"HTTP/1.1"
    return int(code)


def ask(service, request):
    """The answer to these bytes, whole and with a clean end."""
    return greet(service.address("web"), request)


def get(service, path="/", method="GET", headers=None, body=None):
    """Python's own client."""
    connection = http.client.HTTPConnection(*service.address("web"), timeout=20)
    connection.request(method, path, headers=headers or {}, body=body)
    response = connection.getresponse()
    return response, response.read()


def test_greeting(web):
    """The greeting is the content, whatever the path, and nothing keeps it."""
    for path in ("/", "/any/thing?at=all"):
        response, body = get(web, path)
        assert (response.status, body) == (200, b"hello from here\r\n")
        assert response.getheader("Content-Type") == "text/plain; charset=utf-8"
        assert response.getheader("Cache-Control") == "no-store"
        assert response.getheader("Connection") == "close"
        assert response.getheader("Date")
    assert web.wait_counter("sent", 2)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_methods(web, method):
    """What a check may send gets the greeting too."""
    response, body = get(web, method=method, body=b"x" * 60000 if method in ("POST", "PUT", "PATCH") else None)
    assert (response.status, body) == (200, b"hello from here\r\n")


def test_head(web):
    """All of the head, and nothing after it."""
    answer = ask(web, b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert answer.endswith(b"\r\n\r\n") and b"\r\nContent-Length: 17\r\n" in answer


def test_json(web):
    """By Accept; and the variables are of this client."""
    response, body = get(web, headers={"Accept": "application/json"})
    assert response.getheader("Content-Type") == "application/json"
    answer = json.loads(body)
    assert (answer["schema"], answer["greeting"], answer["client_address"]) == (1, "hello from here", "127.0.0.1")
    assert get(web, headers={"Accept": "application/json;q=0.1, text/plain"})[1] == b"hello from here\r\n"


def test_json_by_format(daemon):
    """A listener's format is what those get who do not say."""
    service = daemon({"web": tcp(service="http", format="json")})
    assert json.loads(run("curl", "-sS", "--fail", url(service)))["listener"] == "web"


def test_over_a_unix_socket(daemon, tmp_path):
    """As container engines speak HTTP."""
    service = daemon({"web": unix(tmp_path / "web.sock", service="http", greeting="hello\n")})
    assert run("curl", "-sS", "--fail", "--unix-socket", str(service.address("web")), "http://localhost/") == b"hello\n"


def test_curl_and_wget(web):
    """As people ask."""
    assert run("curl", "-sS", "--fail", url(web)) == b"hello from here\r\n"
    assert run("curl", "-sS", "--fail", "--data", "x" * 5000, url(web)) == b"hello from here\r\n"
    assert run("curl", "-sS", "--fail", "--http2", url(web)) == b"hello from here\r\n"
    assert run("wget", "-q", "-O", "-", url(web)) == b"hello from here\r\n"


@pytest.mark.parametrize("request_bytes, expected", [
    (b"GET /\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: a\r\n folded: b\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    (b"\0\1\2\3", 400),
    (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", 400),
    (b"GET /favicon.ico HTTP/1.1\r\nHost: a\r\n\r\n", 404),
    (b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405),
    (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n", 413),
    (b"GET /" + b"a" * 9000, 414),
    (b"GET / HTTP/1.1\r\nHost: a\r\nA: " + b"a" * 9000, 431),
    (b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
    (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
])
def test_what_is_refused(web, request_bytes, expected):
    """With the status that the standard has for it, a text that says why, and a counter of its own."""
    answer = ask(web, request_bytes)
    assert status(answer) == expected
    assert answer.split(b"\r\n\r\n", 1)[1].startswith(b"%d " % expected)
    web.wait_counter("sent" if expected == 404 else "bad-request", 1)
    assert get(web)[0].status == 200


def test_a_request_that_ends_early(web):
    """The client says that no more comes, and hears why that is not enough."""
    with connect(web.address("web")) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
        client.shutdown(socket.SHUT_WR)
        assert status(read_all(client)) == 400
    web.wait_counter("bad-request", 1)


def test_a_request_in_pieces(web):
    """It is read to its empty line before anything is said."""
    with connect(web.address("web")) as client:
        for byte in b"GET / HTTP/1.1\r\nHost: a\r\n\r":
            client.sendall(bytes([byte]))
        client.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.settimeout(20)
        client.sendall(b"\n")
        assert read_all(client).endswith(b"\r\n\r\nhello from here\r\n")


def test_who_does_not_ask(daemon):
    """timeouts.request ends it: with 408 if a request was begun, and without a word if not."""
    service = daemon({"web": tcp(service="http")}, timeouts={"request": 0.5})
    with connect(service.address("web")) as begun, connect(service.address("web")) as silent:
        begun.sendall(b"GET / HTTP/1.1\r\n")
        assert status(read_all(begun)) == 408
        assert read_all(silent) == b""
    counters = service.wait_counter("served", 2)
    assert (counters["no-request"], counters["bad-request"]) == (1, 1)
    service.wait_log(r"^Got connection from 127\.0\.0\.1:[0-9]+ on web, sent 0 bytes \(no-request\)$")


def test_tls_client(web):
    """It gets an alert at once, where it would wait for an answer that it understands."""
    context = ssl.create_default_context()
    with socket.create_connection(web.address("web"), timeout=20) as raw:
        with pytest.raises(ssl.SSLError, match="(?i)version"):
            context.wrap_socket(raw, server_hostname="a.example")
    web.wait_counter("tls", 1)
    failed = subprocess.run(["curl", "-sS", url(web).replace("http:", "https:")], capture_output=True, timeout=20,
                            check=False)
    assert failed.returncode == 35, failed.stderr


def test_http2_client(web):
    """A client that begins HTTP/2 at once is told to speak HTTP/1.1."""
    answer = ask(web, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0")
    assert answer[:9] == b"\0\0\0\4\0\0\0\0\0"
    assert answer[9:13] == b"\0\0\x08\x07" and answer[-4:] == b"\0\0\0\x0d"
    web.wait_counter("http2", 1)
    failed = subprocess.run(["curl", "-sS", "--http2-prior-knowledge", url(web)], capture_output=True, timeout=20,
                            check=False)
    assert failed.returncode != 0


def test_limits_hold(daemon):
    """Who is refused is refused before it is heard."""
    service = daemon({"web": tcp(service="http", deny=["127.0.0.1"])})
    with connect(service.address("web")) as client:
        assert read_all(client) == b""
    service.wait_counter("denied", 1)


def test_httpchk_of_haproxy(daemon, tmp_path):
    """Its check finds the server up, and it passes requests on."""
    service = daemon({"web": tcp(service="http", greeting="hello\n")})
    port = free_port()
    server = f"127.0.0.1:{service.address('web')[1]} check inter 100ms"
    with proxies.haproxy(tmp_path, port, server, "option httpchk"):
        service.wait_counter("sent", 3)
        assert run("curl", "-sS", "--fail", f"http://127.0.0.1:{port}/") == b"hello\n"
    assert service.counters()["bad-request"] == 0


def test_behind_a_proxy(daemon, tmp_path):
    """The header of the PROXY protocol comes first, then the request."""
    service = daemon({"web": tcp(service="http", greeting="${client_address} via ${proxy_address}\n",
                                 proxy_from=["127.0.0.0/8"])})
    port = free_port()
    with proxies.haproxy(tmp_path, port, f"127.0.0.1:{service.address('web')[1]} send-proxy-v2"):
        assert run("curl", "-sS", "--fail", f"http://127.0.0.1:{port}/") == b"127.0.0.1 via 127.0.0.1\n"


def test_many_at_once(daemon):
    """No answer is lost; ab is not needed to see it."""
    service = daemon({"web": tcp(service="http", greeting="hello\n")})
    host, port = service.address("web")
    answers = run("curl", "-sS", "--fail", "--parallel", "--parallel-max", "50", f"http://{host}:{port}/[1-500]", timeout=60)
    assert answers == b"hello\n" * 500
    assert service.wait_counter("sent", 500)["reset"] == 0
    assert service.wait_accounted()


def test_reload_loses_no_request(daemon, sockgreetctl):
    """A client that has begun to ask is answered, though the configuration that it came to is gone."""
    service = daemon({"web": tcp(service="http", greeting="old\n")})
    with connect(service.address("web")) as client:
        client.sendall(b"GET / HTTP/1.0\r\n")
        wait_until(lambda: service.counters()["taken"] == 1, "it is in a worker's hands")
        service.settings["listeners"]["web"]["greeting"] = "new\n"
        service.configuration.write_text(render(service.settings))
        assert sockgreetctl(service, "reload").code == 0
        client.sendall(b"\r\n")
        assert read_all(client).endswith(b"old\n")
    assert get(service)[1] == b"new\n"


def test_browser_sees_text(web):
    """Nothing of a greeting is run: the type is text, and stays so."""
    response, _ = get(web, headers={"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"})
    assert response.getheader("X-Content-Type-Options") == "nosniff"
    assert response.getheader("Content-Type").startswith("text/plain")
