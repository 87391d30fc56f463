# SPDX-License-Identifier: MIT
"""Proxies from Debian in front of a service, and the PROXY protocol's header as they write it."""

import contextlib
import os
import shutil
import socket
import struct
import subprocess

import pytest

from processes import wait_until

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LOCAL, PROXY = 0x20, 0x21
FAMILIES = {socket.AF_INET: 0x10, socket.AF_INET6: 0x20}


def line(client="192.0.2.1", port=40001, family="TCP4", server="198.51.100.1"):
    """Version 1."""
    return f"PROXY {family} {client} {server} {port} 80\r\n".encode()


def ends(client, port):
    """Version 2's addresses: of a client, and of a server that nobody is."""
    family = socket.AF_INET6 if ":" in client else socket.AF_INET
    server = "2001:db8::ffff" if ":" in client else "198.51.100.1"
    hosts = socket.inet_pton(family, client) + socket.inet_pton(family, server)
    return FAMILIES[family], hosts + struct.pack("!HH", port, 80)


def binary(client="192.0.2.1", port=40001, *, tlvs=b"", command=PROXY, protocol=1, length=None):
    """Version 2."""
    family, block = ends(client, port)
    block += tlvs
    head = bytes([command, family | protocol]) + struct.pack("!H", len(block) if length is None else length)
    return SIGNATURE + head + block


def local():
    """Version 2 of a proxy that asks for itself."""
    return SIGNATURE + bytes([LOCAL, 0, 0, 0])


def tlv(kind, value):
    """One more thing that version 2 can say."""
    return struct.pack("!BH", kind, len(value)) + value


def _needed(program, package):
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/bin")
    if not path:
        pytest.exit(f"install {package}", 4)
    return path


@contextlib.contextmanager
def _running(arguments, log, is_ready, **how):
    with open(log, "wb") as out:
        process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=out, **how)
    try:
        wait_until(lambda: process.poll() is not None or is_ready(), f"{arguments[0]} is ready")
        assert process.poll() is None, log.read_text(errors="replace")
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(10)


def _listens(port):
    """Seen from outside: a connection would be one client more of the service."""
    with open("/proc/net/tcp", encoding="ascii") as table:
        return any(line.split()[1] == f"0100007F:{port:04X}" and line.split()[3] == "0A" for line in table.readlines()[1:])


@contextlib.contextmanager
def haproxy(directory, port, server, check="", stats=None, *, tls=None, frontend=""):  # pylint: disable=too-many-arguments
    """HAProxy on a port, with one server: "127.0.0.1:PORT send-proxy" or "unix@PATH send-proxy"; stats: the path of a socket
    that tells about it; tls: the file of the certificate with which it takes clients."""
    path = directory / "haproxy.cfg"
    path.write_text(f"""
global
    {f"stats socket {stats} mode 600" if stats else ""}
defaults
    mode tcp
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend in
    bind 127.0.0.1:{port} {f"ssl crt {tls}" if tls else ""}
    {frontend}
    default_backend out
backend out
    {check}
    server one {server}
""", encoding="ascii")
    arguments = [_needed("haproxy", "haproxy"), "-db", "-f", str(path)]
    with _running(arguments, directory / "haproxy.log", lambda: _listens(port)):
        yield


def certificate(directory):
    """A file with a certificate for www.example that is signed by itself, and its key."""
    path = directory / "certificate.pem"
    subprocess.run([_needed("openssl", "openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                    "/CN=www.example", "-addext", "subjectAltName=DNS:www.example", "-keyout", "-", "-out", str(path)],
                   stdout=open(directory / "key.pem", "wb"), stderr=subprocess.DEVNULL, check=True, timeout=60)
    path.write_bytes(path.read_bytes() + (directory / "key.pem").read_bytes())
    return path


@contextlib.contextmanager
def nginx(directory, port, server):
    """nginx's stream module, which speaks version 1."""
    modules = "/usr/lib/nginx/modules/ngx_stream_module.so"
    if not os.path.exists(modules):
        pytest.exit("install libnginx-mod-stream", 4)
    path = directory / "nginx.conf"
    path.write_text(f"""
load_module {modules};
daemon off;
pid {directory}/nginx.pid;
error_log stderr;
events {{ }}
stream {{
    server {{ listen 127.0.0.1:{port}; proxy_pass {server}; proxy_protocol on; }}
}}
""", encoding="ascii")
    arguments = [_needed("nginx", "nginx"), "-c", str(path), "-p", str(directory)]
    with _running(arguments, directory / "nginx.log", lambda: _listens(port)):
        yield


@contextlib.contextmanager
def dnsdist(directory, port, server):
    """dnsdist, which sends version 2 in every datagram; it passes on what looks like a question."""
    path = directory / "dnsdist.conf"
    path.write_text(f"""
setLocal("127.0.0.1:{port}", {{reusePort=false}})
newServer({{address="{server}", useProxyProtocol=true, healthCheckMode="up"}}):setUp()
""", encoding="ascii")
    arguments = [_needed("dnsdist", "dnsdist"), "--supervised", "--disable-syslog", "-C", str(path)]
    log = directory / "dnsdist.log"
    with _running(arguments, log, lambda: "Listening on" in log.read_text(errors="replace")):
        yield
