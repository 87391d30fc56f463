# SPDX-License-Identifier: MIT
"""The client against servers that people have, and against those that do what none should."""

import contextlib
import http.server
import re
import shutil
import socket
import socketserver
import subprocess
import threading
import time

import aiosmtpd.controller
import pytest

import proxies
from processes import wait_until
from service import free_port
from service import tcp as tcp_listener
from test_client import GREETING, after_request, ask, reply, say, tcp, udp, unix


def needed(name, package):
    """The path of a program that must be there: a test never passes for want of it."""
    path = shutil.which(name, path="/usr/sbin:/usr/bin")
    if not path:
        pytest.exit(f"install {package}", 4)
    return path


@contextlib.contextmanager
def program(*command, port, **options):
    """A server, once it listens on a port of 127.0.0.1."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          **options) as process:
        try:
            wait_until(lambda: process.poll() is not None or proxies._listens(port), f"{command[0]} listens")
            assert process.poll() is None, f"{command[0]} ended with {process.returncode}"
            yield process
        finally:
            process.terminate()


# Servers that people have


def test_an_ssh_server(tmp_path):
    """Its banner is the answer; it waits for the client's."""
    dropbear = needed("dropbear", "dropbear-bin")
    port = free_port()
    subprocess.run([needed("dropbearkey", "dropbear-bin"), "-t", "ed25519", "-f", tmp_path / "key"],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    with program(dropbear, "-F", "-E", "-r", str(tmp_path / "key"), "-p", f"127.0.0.1:{port}", port=port):
        started = time.monotonic()
        result = ask("-W", "20", "127.0.0.1", port)
        assert time.monotonic() - started < 10
        many = ask("-c", "2", "-i", "0.1", "127.0.0.1", port, "--expect", "/^SSH-2.0-/")
    assert re.match(rb"SSH-2\.0-dropbear\S*\r\n", result.out) and (result.err, result.returncode) == ("", 0)
    assert b"2 sent, 2 answered, 0 % lost" in many.out and b"\ngreeting: SSH-2.0-dropbear" in many.out


def test_an_smtp_server():
    controller = aiosmtpd.controller.Controller(object(), hostname="127.0.0.1", port=free_port(),
                                                server_hostname="mx.example")
    controller.start()
    try:
        result = ask("-W", "20", "--who", r"^220 (\S+)", "-c", "1", "127.0.0.1", controller.port)
    finally:
        controller.stop()
    assert b"\ngreeting: 220 mx.example Python SMTP" in result.out and b"answered by: mx.example 1 (100 %)" in result.out


@pytest.mark.parametrize("kind", ["stream", "dgram"])
def test_the_daytime_of_xinetd(tmp_path, kind):
    xinetd = needed("xinetd", "xinetd")
    port = free_port()
    (tmp_path / "xinetd.conf").write_text(f"""service daytime
{{
    type = INTERNAL UNLISTED
    id = daytime-{kind}
    socket_type = {kind}
    protocol = {"tcp" if kind == "stream" else "udp"}
    port = {port}
    bind = 127.0.0.1
    user = root
    wait = {"no" if kind == "stream" else "yes"}
}}
""")
    with subprocess.Popen([xinetd, "-dontfork", "-f", tmp_path / "xinetd.conf", "-pidfile", tmp_path / "pid"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            options = ["-u"] if kind == "dgram" else []
            wait_until(lambda: ask("-q", "-W", "1", *options, "127.0.0.1", port).returncode == 0, "xinetd answers")
            results = []

            def both_are_answered():
                results.append(ask("-c", "2", "-i", "1.1", "-W", "2", *options, "127.0.0.1", port))
                return b"2 sent, 2 answered, 0 % lost" in results[-1].out

            wait_until(both_are_answered, "two answers")  # over UDP xinetd now and then drops a request
            result = results[-1]
        finally:
            process.terminate()
    assert len(re.findall(rb"^greeting: \d\d [A-Z]{3} \d{4} \d\d:\d\d:\d\d ", result.out, re.M)) == 1  # numbers are no change


def test_nginx(tmp_path):
    """`return` of its stream module, and a page."""
    stream, web = free_port(), free_port()
    nginx = needed("nginx", "nginx and libnginx-mod-stream")
    # Only root may write to the default directories for these.
    temporary = "".join(f"{what}_temp_path {tmp_path}/{what}; "
                        for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (tmp_path / "nginx.conf").write_text(f"""daemon off; pid {tmp_path}/pid; error_log {tmp_path}/log; worker_processes 1;
include /etc/nginx/modules-enabled/*.conf;
events {{ }}
stream {{ server {{ listen 127.0.0.1:{stream}; return "nginx at $remote_addr\\n"; }} }}
http {{ access_log off; {temporary}server {{ listen 127.0.0.1:{web}; keepalive_timeout 60s;
    location / {{ return 200 "a page\\n"; }} location /missing {{ return 404 "no page\\n"; }} }} }}
""")
    with program(nginx, "-c", str(tmp_path / "nginx.conf"), "-e", str(tmp_path / "log"), port=web):
        assert ask("127.0.0.1", stream).out == b"nginx at 127.0.0.1\n"
        assert (ask("--http", "127.0.0.1", web).out, ask("--http=/x", "127.0.0.1", web).returncode) == (b"a page\n", 0)
        missing = ask("--http=/missing", "127.0.0.1", web)
    assert missing.err == f"sockgreet: 127.0.0.1:{web} tcp: UNEXPECTED: answered with status 404 Not Found\n"
    assert missing.returncode == 1


def test_http_of_python():
    class Handler(http.server.BaseHTTPRequestHandler):
        """Says who asked."""

        def do_GET(self):
            """Its answer has a length, and its connection stays open if the client lets it."""
            body = f"{self.path} {self.request_version} {self.headers['Host']}\n".encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Says nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_address[1]
        result = ask("--http=/a?b", f"127.0.0.1:{port}")
        many = ask("--http", "-c", "3", "-i", "1ms", "--expect", "HTTP/1.0", f"127.0.0.1:{port}")
        server.shutdown()
    assert (result.out, result.err) == (f"/a?b HTTP/1.0 127.0.0.1:{port}\n".encode(), "")
    assert b"3 sent, 3 answered, 0 % lost" in many.out


def test_http_of_sockgreetd(daemon):
    service = daemon({"web": tcp_listener(service="http", greeting="hello from ${instance}\r\n")}, instance="here")
    host, port = service.address("web")
    result = ask("--http", host, port)
    assert (result.out, result.err, result.returncode) == (b"hello from here\r\n", "", 0)
    assert b"\ngreeting: hello from here\n" in ask("--http", "-c", "1", host, port).out
    raw = ask("-W", "0.5", host, port)  # who says nothing gets nothing
    assert raw.returncode == 1


def test_what_is_not_http():
    with tcp(after_request(GREETING)) as server:
        result = ask("--http", server.target)
    assert (result.out, result.returncode) == (b"", 1)
    assert result.err == f"sockgreet: {server.place}: UNEXPECTED: the answer is not HTTP\n"


def test_netcat_and_socketserver():
    port = free_port()
    with subprocess.Popen(["nc", "-l", "-N", "127.0.0.1", str(port)], stdin=subprocess.PIPE,
                          stdout=subprocess.DEVNULL) as netcat:
        netcat.stdin.write(b"from netcat\n")
        netcat.stdin.flush()
        wait_until(lambda: proxies._listens(port), "nc listens")
        assert ask("127.0.0.1", port).out == b"from netcat\n"
        netcat.kill()

    class Handler(socketserver.StreamRequestHandler):
        """Greets."""

        def handle(self):
            self.wfile.write(b"from socketserver\n")

    class Server(socketserver.ThreadingTCPServer):
        """With a queue for all who come: by default it has places for five, and who finds none is not served."""

        request_queue_size = 100

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        result = ask("-c", "20", "-i", "1ms", f"127.0.0.1:{server.server_address[1]}")
        server.shutdown()
    assert b"20 sent, 20 answered, 0 % lost" in result.out


# Servers that do what none should


def test_a_gibibyte():
    """It stops at 16 MiB, and says so, whatever is read of it."""
    sent = []

    def serve(connection):
        block = b"\n" * (1 << 20)
        with contextlib.suppress(OSError):
            for _ in range(1024):
                connection.sendall(block)
                sent.append(len(block))
        connection.close()

    with tcp(serve) as server:
        result = ask("-c", "1", "-W", "30", server.target)
        wait_until(lambda: len(sent) < 1024, "the client has gone")
    assert f"seq=1 {server.place} OTHER: the greeting is larger than 16 MiB\n" in result.out.decode()
    assert result.returncode == 1


@pytest.mark.parametrize("line", [b"220 a byte at a time\r\n", b"no end of line"])
def test_a_byte_at_a_time(line):
    """Slower than the silence after which a line is an answer: it is one all the same, when it is whole."""

    def serve(connection):
        with contextlib.suppress(OSError):
            for byte in line:
                connection.sendall(bytes([byte]))
                time.sleep(0.05)
            time.sleep(60 if line.endswith(b"\n") else 0)
        connection.close()

    with tcp(serve) as server:
        result = ask("-W", "30", server.target)
    assert (result.out, result.err, result.returncode) == (line, "", 0)


def test_a_byte_now_and_then_does_not_outlast_the_timeout():
    def serve(connection):
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(b"x")
                time.sleep(0.1)

    with tcp(serve) as server:
        started = time.monotonic()
        result = ask("-W", "1", server.target)
        assert time.monotonic() - started < 6
    assert result.returncode == 0 and set(result.out) == {ord("x")}


def test_garbage():
    garbage = bytes(range(256)) * 40
    with tcp(say(garbage)) as server, udp(reply(garbage)) as datagrams:
        for target in (server.target, datagrams.target):
            assert ask(target).out == garbage
            many = ask("-c", "2", "-i", "1ms", "--who", "(.*)", target)
            assert many.returncode == 0
            assert not re.search(rb"[^\n -~\x80-\xff]", many.out), many.out


def test_an_answer_from_elsewhere_and_then_the_right_one():
    """From another port and another address: neither is believed, and neither keeps the right one away."""
    forgers = []
    for host in ("127.0.0.1", "127.0.0.2"):
        forgers.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        forgers[-1].bind((host, 0))

    def serve(bound, peer):
        for forger in forgers:
            forger.sendto(b"forged", peer)
        time.sleep(0.1)
        bound.sendto(GREETING, peer)

    with udp(serve) as server:
        result = ask("-c", "2", "-i", "0.2", server.target)
    for forger in forgers:
        forger.close()
    assert b"2 sent, 2 answered, 0 % lost" in result.out and b"forged" not in result.out


def test_a_server_that_closes_while_it_is_asked():
    """What it greeted with before is the answer, although what was sent met a reset."""

    def serve(connection):
        connection.sendall(GREETING)
        connection.shutdown(socket.SHUT_WR)
        time.sleep(0.1)
        connection.close()

    with tcp(serve) as server:
        result = ask("--send", "x" * 1000, server.target)
    assert (result.out, result.returncode) == (GREETING, 0)


def test_a_request_that_meets_itself():
    """A port on which nobody listens can be the request's own."""
    port = free_port()
    result = ask("--source-port", port, f"127.0.0.1:{port}")
    assert result.returncode == 1 and " tcp: REFUSED: connection refused\n" in result.err


def test_a_unix_server_without_end_of_line(tmp_path):
    with unix(f"{tmp_path}/s", socket.SOCK_STREAM, say(b"no end of line")) as server:
        assert ask(server.target).out == b"no end of line"
