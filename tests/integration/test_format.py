# SPDX-License-Identifier: MIT
"""Answers for programs: JSON by the published schema, and lines for the shell."""

import json
import os
import pathlib
import subprocess
import time

import jsonschema
import pytest

from clients import HAS_IPV6, ask_udp, connect, dgram_socket, exchange, greet, read_all
from operations import reconfigure
from proxies import binary, tlv
from service import GREETING as GREETING_BY_DEFAULT
from service import tcp, udp, unix, unix_dgram

SCHEMA = json.loads((pathlib.Path(__file__).parents[2] / "doc/greeting.schema.json").read_text(encoding="utf-8"))
GREETING = "It's \"me\"\n\\ ${client_address} $$5 `id` gr\u00fc\u00dfe\r\n"


def checked(answer):
    """A JSON answer: one line that follows the schema."""
    assert answer.endswith(b"}\n") and answer.count(b"\n") == 1
    said = json.loads(answer)
    jsonschema.validate(said, SCHEMA, format_checker=jsonschema.FormatChecker())
    assert set(said) <= set(SCHEMA["properties"]), "the schema has all members"
    if said["transport"] in ("tcp", "unix"):
        assert set(said) == set(SCHEMA["properties"]), "a stream says all of them"
    return said


def listeners(directory, **settings):
    """One of each transport."""
    return {"tcp": tcp(**settings), "udp": udp(max_datagram=1232, **settings), "unix": unix(f"{directory}/s", **settings),
            "dgram": unix_dgram(f"{directory}/d", max_datagram=1232, **settings)}


def answers(service):
    """What each listener says: by name."""
    found = {"tcp": greet(service.address("tcp")), "udp": ask_udp(service.address("udp"))[0]}
    with connect(service.address("unix")) as connection:
        found["unix"] = read_all(connection)
    with dgram_socket() as client:
        found["dgram"] = exchange(client, service.address("dgram"))[0]
    return found


def test_schema_is_one():
    """The schema itself is valid."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_json(daemon, tmp_path):
    """All transports say all there is, as the schema has it."""
    service = daemon(listeners(tmp_path, format="json", greeting=GREETING))
    said = {name: checked(answer) for name, answer in answers(service).items()}
    for name, one in said.items():
        local = name in ("unix", "dgram")
        address = f"uid {os.getuid()}" if local else "127.0.0.1"
        assert one["greeting"] == GREETING.replace("${client_address}", address).replace("$$", "$").rstrip()
        assert one["listener"] == name and one["family"] == ("unix" if local else "ipv4")
        assert one["pid"] in service.workers() and abs(one["unix"] - time.time()) < 10
        assert one.get("client_uid") == (os.getuid() if local else None)
        assert ("mss" in one) == ("accept_time" in one) == (name in ("tcp", "unix"))
        assert one.get("interface", "") == ("" if local else "lo")
        assert (one["client_port"] is None) == local
    assert said["tcp"]["server_port"] == service.address("tcp")[1]
    assert said["unix"]["server_address"] == f"{tmp_path}/s"
    assert len({one["request_id"] for one in said.values()}) == 4


@pytest.mark.skipif(not HAS_IPV6, reason="no IPv6 here")
def test_json_over_ipv6(daemon):
    """A client of IPv6."""
    service = daemon({"tcp": tcp("::1", format="json")})
    said = checked(greet(service.address()))
    assert said["family"] == "ipv6" and said["client_address"] == said["server_address"] == "::1"


def test_json_through_a_proxy(daemon):
    """The client in the header, and the proxy that sent it."""
    service = daemon({"tcp": tcp(format="json", proxy_from=["127.0.0.0/8"])})
    tlvs = tlv(2, b"\"}{\\,'\n") + tlv(5, b"id")
    said = checked(greet(service.address(), binary("192.0.2.1", 4711, tlvs=tlvs)))
    assert (said["proxied"], said["client_address"], said["client_port"]) == ("yes", "192.0.2.1", 4711)
    assert said["proxy_address"] == "127.0.0.1" and said["proxy_port"] > 0
    assert (said["proxy_authority"], said["proxy_unique_id"]) == ("?}{?,??", "id")
    assert (said["original_address"], said["original_port"]) == ("198.51.100.1", 80)


def test_line(daemon, tmp_path):
    """A shell that evaluates it has every value in a variable, and runs nothing."""
    service = daemon(listeners(tmp_path, format="line", greeting=GREETING.replace("\u00fc", "ue").replace("\u00df", "ss")))
    for name, answer in answers(service).items():
        script = 'eval "$1"; printf "%s|%s|%s|%s" "$listener" "$client_address" "$greeting" "$server_port"'
        done = subprocess.run(["sh", "-c", script, "sh", answer.decode()], stdout=subprocess.PIPE, check=True, timeout=10)
        address = f"uid {os.getuid()}" if name in ("unix", "dgram") else "127.0.0.1"
        port = "" if name in ("unix", "dgram") else str(service.address(name)[1])
        assert done.stdout.decode() == f"{name}|{address}|It's \"me\"\\n\\\\ {address} $5 `id` gruesse|{port}"


def test_an_answer_that_a_datagram_would_cut_is_refused(daemon, sockgreetctl):
    """Half of an object is none. What is served stays."""
    service = daemon({"udp": udp()})
    reconfigure(service, listeners={"udp": {**service.settings["listeners"]["udp"], "format": "json"}})
    result = sockgreetctl(service, "reload")
    assert result.code != 0 and 'listeners.udp.format: answers in "json" can be ' in result.err + result.out
    assert ask_udp(service.address())[0] == GREETING_BY_DEFAULT
