# SPDX-License-Identifier: MIT
"""Quotes of the day (RFC 865) and what else is told from files: motd, file:PATH."""

import json
import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

from clients import ask_udp, connect, dgram_socket, exchange, greet, read_all, run
from namespaces import mount_prefix
from operations import reconfigure
from processes import children, wait_until
from service import tcp, udp, unix, unix_dgram

FORTUNES = pathlib.Path("/usr/share/games/fortunes")
DAY = 86400


def fortunes(name="fortunes"):
    """The quotes of Debian's fortunes-min, as fortune's own tools divide them and a terminal shows them."""
    path = FORTUNES / name
    assert path.exists(), "fortunes-min is not installed"
    found = []
    for text in re.split(r"^%\n", path.read_text(encoding="ascii"), flags=re.M):
        while "\b" in text:
            text = re.sub("[^\x08]\x08", "", text, count=1)
        lines = [line.expandtabs().rstrip() for line in text.strip("\n").split("\n")]
        found.append("\r\n".join(lines) + "\r\n")
    return [quote.encode() for quote in found if quote.strip()]


def today(quotes, day):
    """What is said on a day."""
    return quotes[day % len(quotes)]


@pytest.fixture(name="qotd")
def fixture_qotd(daemon, tmp_path):
    """A service that tells Debian's fortunes over everything there is."""
    def listeners(kind, **settings):
        settings["service"] = "qotd"
        return {f"{kind}-tcp": tcp(**settings), f"{kind}-udp": udp(**settings),
                f"{kind}-unix": unix(f"{tmp_path}/{kind}-s", **settings),
                f"{kind}-dgram": unix_dgram(f"{tmp_path}/{kind}-d", **settings)}
    return daemon({**listeners("random"), **listeners("daily", quote="daily")},
                  quotes=[str(FORTUNES / "fortunes")])


def answers(service, kind):
    """What each transport says."""
    with connect(service.address(f"{kind}-unix")) as connection:
        local = read_all(connection)
    with dgram_socket() as client:
        dgram = exchange(client, service.address(f"{kind}-dgram"), b"")[0]
    return [greet(service.address(f"{kind}-tcp")), greet(service.address(f"{kind}-tcp"), b"a quote, please\r\n" * 100),
            ask_udp(service.address(f"{kind}-udp"), b"")[0], ask_udp(service.address(f"{kind}-udp"))[0], local, dgram]


def test_random(qotd):
    """Each client is told one of them, and they are not all the same."""
    quotes = set(fortunes())
    assert len(quotes) > 400
    said = [quote for _ in range(10) for quote in answers(qotd, "random")]
    assert set(said) <= quotes
    assert len(set(said)) > 30
    for quote in said:
        assert len(quote) < 512 and quote.endswith(b"\r\n") and not re.search(rb"[^\x20-\x7e\r\n]|\r(?!\n)|(?<!\r)\n", quote)


def test_daily(qotd):
    """Everybody is told the same, and it follows from the files and the date alone."""
    quotes = fortunes()
    day = time.time() // DAY
    said = set(answers(qotd, "daily"))
    if time.time() // DAY == day:
        assert said == {today(quotes, int(day))}
    else:
        assert said <= {today(quotes, int(day)), today(quotes, int(day) + 1)}


@pytest.mark.parametrize("options, name", [(("-N",), "tcp"), (("-u", "-W", "1", "-w", "5"), "udp")])
def test_netcat(qotd, options, name):
    """As people have always asked."""
    host, port = qotd.address(f"random-{name}")
    assert run("nc", *options, host, str(port), payload=b"\n") in fortunes()


def test_counted_and_printed(qotd, sockgreetctl):
    """They are clients like others, and the configuration is printed with what it was."""
    answers(qotd, "random")
    qotd.wait_counter("sent", 6)
    printed = sockgreetctl(qotd, "config").out
    assert printed.count('service = "qotd";') == 8 and printed.count('quote = "daily";') == 4
    assert f'quotes = ("{FORTUNES}/fortunes");' in printed
    assert qotd.wait_accounted()


def test_every_quote_of_debian_is_judged(daemon, sockgreetctl):
    """Some riddles are too long for RFC 865: each is named with its line, and what is served stays."""
    service = daemon({"tcp": tcp(service="qotd")}, quotes=[str(FORTUNES / "fortunes")])
    lines = (FORTUNES / "riddles").read_text(encoding="ascii").split("\n")
    long = [quote for quote in fortunes("riddles") if len(quote) > 511]
    assert long
    reconfigure(service, quotes=[str(FORTUNES / "riddles")])
    result = sockgreetctl(service, "reload")
    assert result.code != 0
    said = re.findall(r"/riddles:(\d+): a quote of (\d+) characters; allowed: at most 511", result.err + result.out)
    assert [int(length) for _, length in said] == [len(quote) for quote in long]
    for (line, _), quote in zip(said, long):
        assert lines[int(line) - 1].expandtabs().rstrip() == quote.decode().split("\r\n")[0]
    assert greet(service.address()) in fortunes()


def test_reload(daemon, tmp_path, sockgreetctl):
    """Files are read again by a reload."""
    path = tmp_path / "quotes"
    path.write_text("Before.\n")
    service = daemon({"tcp": tcp(service="qotd")}, quotes=str(path))
    assert greet(service.address()) == b"Before.\r\n"
    path.write_text("After\n%\n")
    assert sockgreetctl(service, "reload").code == 0
    assert greet(service.address()) == b"After\r\n"


def replace(path, text):
    """Puts another file in the place of one, as editors do."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.rename(path)


def wait_told(service, text, name=None):
    """Waits until this is what clients are told."""
    wait_until(lambda: greet(service.address(name)) == text.encode(), f"what is told: {text!r}")


def test_a_changed_file_is_told_by_itself(daemon, tmp_path):
    """Without a reload being asked for; also when it changes once more, or comes while there was a default."""
    quotes, news = tmp_path / "quotes", tmp_path / "news"
    quotes.write_text("Before.\n")
    service = daemon({"tcp": tcp(service="qotd"), "news": tcp(greeting=f"${{file:{news}:-none}}")}, quotes=str(quotes))
    assert greet(service.address()) == b"Before.\r\n" and greet(service.address("news")) == b"none"
    for text in ("After.", "At last."):
        replace(quotes, f"{text}\n")
        wait_told(service, f"{text}\r\n")
    news.write_text("some")
    wait_told(service, "some", "news")
    assert service.wait_accounted()


def test_a_file_with_an_error_changes_nothing(daemon, tmp_path):
    """It is refused once, and not again and again; when it is mended it is told."""
    path = tmp_path / "quotes"
    path.write_text("Before.\n")
    service = daemon({"tcp": tcp(service="qotd")}, quotes=str(path))
    replace(path, "\x01\n")
    service.wait_log(r"byte 0x01; allowed: printable ASCII")
    service.wait_log(r"Reload refused: generation 1 stays in effect")
    assert greet(service.address()) == b"Before.\r\n"
    replace(path, "After.\n")
    wait_told(service, "After.\r\n")
    assert len(re.findall("Reload refused", service.log())) == 1


def test_a_file_that_is_gone_is_told_on(daemon, tmp_path):
    """With a warning, and until it comes again."""
    path = tmp_path / "quotes"
    path.write_text("Before.\n")
    service = daemon({"tcp": tcp(service="qotd")}, quotes=str(path))
    os.unlink(path)
    service.wait_log(f"{re.escape(str(path))} is gone; its last content is used until")
    assert greet(service.address()) == b"Before.\r\n"
    path.write_text("After.\n")
    wait_told(service, "After.\r\n")
    assert "refused" not in service.log()


def cmdline(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:  # it has ended meanwhile
        return b""


def lookers(service):
    """The children of the master that look for changes."""
    return [pid for pid in children(service.pid) if b"watching for" in cmdline(pid)]


def test_one_that_cannot_look_holds_up_nothing(daemon, tmp_path, sockgreetctl):
    """As on a file system that does not answer: here it is stopped. Reloads and the end do not wait for it."""
    path = tmp_path / "quotes"
    path.write_text("Before.\n")
    service = daemon({"tcp": tcp(service="qotd")}, quotes=str(path))
    looker = wait_until(lambda: lookers(service), "somebody looks")[0]
    os.kill(looker, signal.SIGSTOP)
    replace(path, "After.\n")
    assert sockgreetctl(service, "reload").code == 0
    assert greet(service.address()) == b"After.\r\n"
    wait_until(lambda: lookers(service) and looker not in lookers(service), "somebody else looks")
    os.kill(lookers(service)[0], signal.SIGKILL)
    replace(path, "At last.\n")
    wait_told(service, "At last.\r\n")


def test_nobody_looks_without_a_file(daemon):
    """What is not configured costs nothing."""
    service = daemon({"tcp": tcp()})
    assert not lookers(service)


def test_greetings(daemon, tmp_path):
    """Quotes and files within greetings, in each format."""
    quotes, news = tmp_path / "quotes", tmp_path / "news"
    quotes.write_text('"It\'s\n\tC:\\"\n%\n')
    news.write_text('Today: "nothing",\nTomorrow: \\o/\n')
    news.chmod(0o644)
    greeting = f"${{quote_of_the_day}}|${{quote}}|${{file:{news}}}|${{file:{tmp_path}/none:-nothing}}"
    quote = '"It\'s\r\n        C:\\"'
    expected = f"{quote}|{quote}|{news.read_text()}|nothing"
    service = daemon({name: tcp(greeting=greeting, format=name) for name in ("text", "json", "line")}, quotes=str(quotes))
    assert greet(service.address("text")).decode() == expected
    assert json.loads(greet(service.address("json")))["greeting"] == expected
    script = 'eval "$1"; printf "%s" "$greeting"'
    done = subprocess.run(["sh", "-c", script, "sh", greet(service.address("line")).decode()], stdout=subprocess.PIPE, check=True,
                          timeout=10)
    assert done.stdout.decode() == expected.replace("\\", "\\\\").replace("\r", "\\r").replace("\n", "\\n")


def test_http(daemon, tmp_path):
    """The same as text and as JSON, whichever a client asks for."""
    path = tmp_path / "quotes"
    path.write_text('"One"\n\tand more\n%\n')
    service = daemon({"web": tcp(service="http", greeting="${quote}")}, quotes=str(path))
    host, port = service.address()
    quote = '"One"\r\n        and more'
    assert run("curl", "-sS", f"http://{host}:{port}/").decode() == quote
    said = json.loads(run("curl", "-sS", "-H", "Accept: application/json", f"http://{host}:{port}/"))
    assert said["greeting"] == quote


def test_motd(daemon):
    """The message of the day, or a default for it where there is none."""
    motd = pathlib.Path("/etc/motd")
    service = daemon({"tcp": tcp(greeting="${motd:-none}")})
    assert greet(service.address()) == (motd.read_bytes() if motd.exists() and motd.stat().st_size else b"none")


def test_motd_of_its_own(daemon, tmp_path):
    """In a mount namespace where there is one."""
    if not os.path.exists("/etc/motd"):
        pytest.skip("there is no /etc/motd to replace")
    (tmp_path / "motd").write_text("Be kind.\n")
    prefix = mount_prefix('mount --bind "$1" /etc/motd', str(tmp_path / "motd"))
    service = daemon({"tcp": tcp(greeting="${motd:-none}")}, prefix=prefix)
    assert greet(service.address()) == b"Be kind.\n"


def test_a_datagram_holds_the_longest(daemon, tmp_path, sockgreetctl):
    """A quote is never cut by its listener."""
    path = tmp_path / "quotes"
    path.write_text("x" * 509 + "\n")
    service = daemon({"udp": udp(service="qotd")}, quotes=str(path))
    assert ask_udp(service.address(), b"")[0] == b"x" * 509 + b"\r\n"
    reconfigure(service, listeners={"udp": {**service.settings["listeners"]["udp"], "max_datagram": 510}})
    result = sockgreetctl(service, "reload")
    assert result.code != 0
    assert "listeners.udp.max_datagram: is 510, but the longest quote has 511 bytes; allowed: at least that" in result.err + result.out


def test_workers_need_no_file(daemon, tmp_path):
    """They have none: what is gone is told until the next reload."""
    path = tmp_path / "quotes"
    path.write_text("Gone.\n")
    service = daemon({"tcp": tcp(service="qotd", quote="daily")}, quotes=str(path))
    os.unlink(path)
    assert greet(service.address()) == b"Gone.\r\n"
