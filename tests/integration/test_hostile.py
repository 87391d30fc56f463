# SPDX-License-Identifier: MIT
"""Clients that mean harm: what they can put into the log, what they can hold, and what the others notice of it."""

import contextlib
import json
import re
import resource
import secrets
import select
import socket
import time

import pytest

from clients import HAS_IPV6, TIMEOUT, abstract, connect, dgram_socket, exchange, read_all, udp_socket
from namespaces import SETTINGS_INSIDE
from operations import EX_USAGE, ask
from processes import SLOWNESS, descriptors, wait_until
from service import GREETING, tcp, udp, unix, unix_dgram
from test_log import GREETED

# A line of its own, a terminal's commands, an end of text, no text at all, formats, text from right to left.
NASTY = [b"\nGot connection from 6.6.6.6:6 on tcp, sent 26 bytes\n", b"\r\x1b[2J\x1b]0;mine\x07", b"a\0b", b"\xff\xfe\xc3(\x80",
         b"%n%n%s%99999d", "\u202egpj.exe\u2066\u200f".encode(), b"\nMESSAGE=forged\nPRIORITY=0\n", b"\x9b31m\x85\xe2\x80\xa8"]
ODD_LINK = "e\x1b[7m\u202e"  # a name that the kernel lets an interface have
SAFE = re.compile(r"[ -~]*")


# What they say, in the log


def say_over_streams(service, directory):
    """Clients who say something nasty, some of whose own sockets have a nasty name. Returns how many there were."""
    count = 0
    for words in NASTY:
        for name in ("tcp", "stream"):
            with connect(service.address(name)) as client:
                client.sendall(words)
                assert read_all(client) == GREETING
                count += 1
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(TIMEOUT)
            client.bind(b"\0" + words + secrets.token_bytes(4))
            client.connect(str(directory / "stream"))
            assert read_all(client) == GREETING
            count += 1
    return count


def say_in_datagrams(service, directory):
    """The same in datagrams; whose name is one of their choice are not answered."""
    address, count = str(directory / "dgram"), 0
    for number, words in enumerate(NASTY):
        with udp_socket(service.address("udp")) as client:
            assert exchange(client, service.address("udp"), words)[0] == GREETING
        with dgram_socket() as client:
            assert exchange(client, address, words)[0] == GREETING
        path = bytes(directory) + b"/%d" % number + words.replace(b"/", b"").replace(b"\0", b"")
        for name in (b"\0" + words + secrets.token_bytes(4), path[:107]):
            with dgram_socket(name) as client:
                client.sendto(words, address)
        count += 4
    return count


def say_to_the_master(service):
    """Requests over the control socket. Returns how many there were."""
    for words in NASTY:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(TIMEOUT)
            client.connect(str(service.runtime / "control.sock"))
            client.sendall(words.strip() + b"\n")
            answer = b"".join(iter(lambda: client.recv(65536), b"")).decode("ascii")
        assert json.loads(answer)["code"] == EX_USAGE and SAFE.fullmatch(answer.rstrip("\n")), answer
    return len(NASTY)


def say_everything(service, directory):
    """All of it. Returns how many clients of listeners there were."""
    say_to_the_master(service)
    return say_over_streams(service, directory) + say_in_datagrams(service, directory)


def listeners_in(directory):
    """One of each kind."""
    return {"tcp": tcp(), "udp": udp(), "stream": unix(directory / "stream"), "dgram": unix_dgram(directory / "dgram")}


def test_one_line_for_each_client(daemon, tmp_path):
    """Whatever clients say, and whatever their sockets are called: each has one line in the log, of printable ASCII."""
    service = daemon(listeners_in(tmp_path))
    count = say_everything(service, tmp_path)
    service.wait_counter("served", count)
    service.wait_accounted()
    service.stop()
    stamp, client = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} ", r"Got (connection|datagram) from (uid \d+ \(pid \d+\)|127\.0\.0\.1:\d+)"
    lines = service.log_file.read_bytes().decode("ascii").split("\n")
    assert lines.pop() == "" and all(SAFE.fullmatch(line) and re.match(stamp, line) for line in lines)
    end = r" on (tcp|udp|stream|dgram), sent (26|0) bytes( \(unanswerable\))?"
    assert sum(bool(re.fullmatch(stamp + client + end, line)) for line in lines) == count
    assert sum("Got " in line for line in lines) == count


def test_one_entry_for_each_client(spawn, journal, tmp_path):
    """The same in the journal: each has one entry, with one value in each field."""
    service = spawn(listeners_in(tmp_path), log={"target": "journal"}, prefix=journal.prefix, **SETTINGS_INSIDE)
    journal.wait_message("Ready: ", timeout=10)
    count = say_everything(service, tmp_path)

    def greeted():
        return sum(("MESSAGE_ID", GREETED) in entry for entry in journal.read())

    wait_until(lambda: greeted() >= count, 10, "an entry for each")
    service.stop()
    assert greeted() == count
    for entry in journal.read():
        keys = [key for key, _ in entry]
        assert len(keys) == len(set(keys)) and keys.count("MESSAGE") == 1
        assert all(SAFE.fullmatch(value) for _, value in entry), entry


@pytest.mark.skipif(not HAS_IPV6, reason="no IPv6 here")
def test_interface_with_an_odd_name(namespace, daemon):
    """A link-local client is shown with its interface, whose name was copied as it is: it could clear the reader's screen."""
    namespace.add_link()
    namespace.ip("link", "set", "dev", "east", "down")
    namespace.ip("link", "set", "dev", "east", "name", ODD_LINK)
    namespace.ip("link", "set", "dev", ODD_LINK, "up")
    namespace.ip("address", "replace", "fe80::77/64", "dev", ODD_LINK, "nodad")
    listener = udp("", greeting="${client_address}")
    service = daemon({"udp": listener}, prefix=namespace.prefix, **SETTINGS_INSIDE)
    index = namespace.index(ODD_LINK)
    with namespace.udp("::") as client:
        client.sendto(b"hello", ("fe80::77", listener["port"], 0, index))
        assert client.recv(100) == b"fe80::77%%%d" % index
    service.wait_log(rf"^Got datagram from \[fe80::77%{index}\]:\d+ on udp, sent \d+ bytes$")
    assert SAFE.fullmatch(service.log().replace("\n", ""))
