# SPDX-License-Identifier: MIT
"""sockgreetctl against a service that is written here, and which may mean harm."""

import contextlib
import datetime
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time

import pytest

from conftest import needs_root, program
from namespaces import mount_prefix
from operations import EX_CONFIG, EX_OSERR, EX_UNAVAILABLE, EX_USAGE, Result
from processes import SLOWNESS

EX_NOPERM = 77
COMMANDS = ("status", "listeners", "workers", "counters", "config", "reload")
NOBODY = 65534
UTF_8 = {"LC_ALL": "C.UTF-8"}


def ago(**how):
    """A time in the past as the service writes it."""
    then = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(**how)
    return then.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def status(**changes):
    """What a service answers of which nothing is to be said."""
    return {"version": "0.1.0", "pid": 123, "state": "serving", "state_since": ago(hours=2, minutes=3, seconds=5),
            "started": ago(hours=2, minutes=3, seconds=6), "uptime": 7386, "generation": 2,
            "listeners": {"up": 3, "down": 0, "trouble": ""}, "workers": {"ready": 2, "wanted": 2}, "finishing": [],
            "greeted": 123, "greeted_per_second": 1.5, "restarts": 0, "last_failure": None, "refused": None,
            "unwanted": "", "last_reload": None, "waiting": "", **changes,
            "configuration": {"file": None, "loaded": ago(minutes=1), "in_effect_since": ago(seconds=59), "modified": None,
                              **changes.get("configuration", {})}}


def listener(name, **changes):
    """One member of what listeners answers."""
    return {"name": name, "transport": "tcp", "endpoint": "[::]:12345", "interface": "", "sockets": 1, "state": "up",
            "trouble": "", "greetings": 12, "refusals": 0, **changes}


def worker(number, **changes):
    """One member of what workers answers."""
    return {"generation": 2, "worker": number, "pid": 124 + number, "state": "serving", "since": ago(seconds=1),
            "greeted": 10, "restarts": 0, "last_exit": "", "next_start": None, **changes}


class Fake:
    """A service: answers[request] is an object, bytes, or a function that is given the connection."""

    def __init__(self, directory):
        self.answers, self.requests = {}, []
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(directory / "control.sock"))
        (directory / "control.sock").chmod(0o666)
        self.socket.listen(8)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            connection = self.socket.accept()[0]
            with connection, contextlib.suppress(OSError):
                request = connection.recv(256)
                if request == b"the end\n":
                    return
                self.requests.append(request)
                answer = self.answers.get(request.decode().strip(), {"error": "unknown request", "code": 64})
                if callable(answer):
                    answer(connection)
                else:
                    connection.sendall(answer if isinstance(answer, bytes) else json.dumps(answer).encode() + b"\n")

    def close(self):
        """Ends the thread."""
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(self.socket.getsockname())
            client.sendall(b"the end\n")
            self.thread.join()
        self.socket.close()


@pytest.fixture(name="runtime")
def fixture_runtime():
    """A runtime directory whose name leaves room for a socket's."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="ctl"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(name="fake")
def fixture_fake(runtime):
    """A service in it."""
    made = Fake(runtime)
    yield made
    made.close()


def run(*arguments, prefix=(), environment=(), timeout=20, **how):
    """Runs sockgreetctl with nothing but this in its environment."""
    kept = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS") or name == "PATH"}
    how = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **how}
    started = time.monotonic()
    done = subprocess.run([*prefix, program("SOCKGREETCTL"), *map(str, arguments)], timeout=timeout * SLOWNESS,
                          check=False, env={**kept, "TZ": "UTC", **dict(environment)}, **how)
    return Result(done.returncode, (done.stdout or b"").decode(), (done.stderr or b"").decode(), time.monotonic() - started)


@pytest.fixture(name="ctl")
def fixture_ctl(runtime):
    """Runs sockgreetctl for the runtime directory."""
    return lambda *arguments, **how: run(
        *arguments, **{**how, "environment": {"RUNTIME_DIRECTORY": str(runtime), **dict(how.get("environment", {}))}})


def shown(result):
    """The output of a success, none of whose lines is too long or ends in a space."""
    assert (result.code, result.err) == (0, ""), result
    assert all(len(line) <= 80 and line == line.rstrip() for line in result.out.splitlines()), result.out
    return result.out


def local(text):
    """A time as status shows it, with the time zone of run()."""
    when = datetime.datetime.fromisoformat(text[:19])
    today = datetime.datetime.now(datetime.timezone.utc).date()
    return when.strftime("%H:%M:%S" if when.date() == today else "%Y-%m-%d %H:%M:%S")


# What people see


def test_status(fake, ctl):
    """Nothing is said of what is not there."""
    fake.answers["status"] = answer = status()
    assert shown(ctl("status")) == f"""\
sockgreetd 0.1.0 (pid 123) is serving
Running since  {local(answer['started'])} (2 h 3 min)
Configuration  no file, in effect since {local(answer['configuration']['in_effect_since'])}, generation 2
Listeners      3 up
Workers        2 of 2
Greeted        123 in total, 1.5 a second
Restarts       0
Last failure   none
"""
    assert fake.requests == [b"status\n"]


def test_status_of_a_service_in_trouble(fake, ctl):
    """Everything that can be said, wrapped under its column."""
    failure = "reload refused: /etc/sockgreet.conf:3: greting: there is no such setting; did you mean greeting?"
    fake.answers["status"] = status(
        state="reloading", state_since="2020-02-03T04:05:06.789Z", started="2020-02-01T04:05:06.789Z", greeted_per_second=0,
        listeners={"up": 3, "down": 1, "trouble": "tcp on [::]:80: Address already in use"},
        finishing=[{"generation": 1, "workers": 2, "until": "2020-02-03T05:05:06.789Z"},
                   {"generation": 0, "workers": 1, "until": "2020-02-03T06:05:06.789Z"}],
        last_failure={"text": failure, "time": "2020-02-03T04:05:07.000Z"}, refused="it has errors",
        unwanted="a socket was passed in vain", waiting="a port")
    out = shown(ctl("status"))
    since = r"2020-02-03 04:05:06 \(\d+ d \d+ h\)"
    assert re.match(rf"sockgreetd 0.1.0 \(pid 123\) is reloading since {since}\n"
                    r"Running since  2020-02-01 04:05:06 \(\d+ d \d+ h\)\n"
                    r"Waiting        a port\nConfiguration  ", out), out
    assert out[out.index("              "):].endswith("""\
Listeners      3 up, 1 down: tcp on [::]:80: Address already in use
               a socket was passed in vain
Workers        2 of 2, and 2 of generation 1 are finishing (until 2020-02-03
               05:05:06), and 1 of generation 0 is finishing (until 2020-02-03
               06:05:06)
Greeted        123 in total, 0 a second
Restarts       0
Last failure   reload refused: /etc/sockgreet.conf:3: greting: there is no such
               setting; did you mean greeting? (2020-02-03 04:05:07)
""")
    assert ("               the file was refused, so the last good one is in effect: it has\n               errors\n"
            "               remove the cause, then run: sockgreetctl reload\n") in out


def test_status_since_when(fake, ctl):
    """A state other than serving says since when, and so does serving that began long after the start."""
    since = ago(minutes=5)
    for changes, words in (({"state": "draining"}, "is draining since "), ({"state": "reloading"}, "is reloading since "),
                           ({}, "is serving since "), ({"started": ago(minutes=5, seconds=50)}, "is serving\n")):
        fake.answers["status"] = status(state_since=since, **changes)
        first = shown(ctl("status")).splitlines(keepends=True)[0]
        assert words in first and first.endswith((f"{local(since)} (5 min)\n", "is serving\n")), first


def test_last_reload(fake, ctl, tmp_path):
    """When it was, how it ended, and what to do if it was refused: a reload alone would be refused again."""
    path = tmp_path / "sockgreet.conf"
    path.write_text("")
    configuration = {"file": str(path), "modified": {"seconds": 1, "nanoseconds": 0}}
    good = {"result": "succeeded", "time": "2020-02-03T04:05:06.789Z", "code": 0, "reason": None}
    bad = {**good, "result": "refused", "code": 78, "reason": "/etc/x.conf:3: greting: unknown setting"}
    busy = {**good, "result": "refused", "code": 71, "reason": "cannot bind 127.0.0.1:80: Address already in use"}
    newer = " the file is newer than the one loaded; run sockgreetctl reload"
    for last, failure, words, advice in (
            (None, None, None, newer),
            (good, None, "succeeded at 2020-02-03 04:05:06", newer),
            (bad, "reload refused: " + bad["reason"], "refused at 2020-02-03 04:05:06: " + bad["reason"],
             " correct /etc/x.conf:3, then run: sockgreetctl reload"),
            (busy, "worker 0 crashed", "refused at 2020-02-03 04:05:06: " + busy["reason"],
             " remove the cause, then run: sockgreetctl reload")):
        fake.answers["status"] = status(configuration=configuration, last_reload=last,
                                        last_failure=failure and {"text": failure, "time": ago(minutes=1)})
        out = " ".join(shown(ctl("status")).split())
        assert f" Last reload {words} " in out if words else "Last reload" not in out, out
        assert advice in out and out.count("sockgreetctl reload") == 1, out
        assert ("Last failure" in out) == (last is not bad), "what is said already is not said again"
        for state in ("stopping", "draining", "replaced"):
            fake.answers["status"]["state"] = state
            assert "sockgreetctl reload" not in shown(ctl("status")), "a service that ends does not reload"


def test_file_that_has_changed(fake, ctl, tmp_path):
    """Status says so; and nothing of one that cannot be looked at, or that is not a file."""
    path = tmp_path / "sockgreet.conf"
    path.write_text("")
    newer = " the file is newer than the one loaded; run sockgreetctl reload\n"
    modified = dict(zip(("seconds", "nanoseconds"), divmod(path.stat().st_mtime_ns, 10**9)))
    earlier, later = ({**modified, "seconds": modified["seconds"] + by} for by in (-1, 1))
    for file, loaded, words in ((path, modified, ""), (path, earlier, newer), (path, later, " the file is older than "),
                                (tmp_path, earlier, ""), (tmp_path / "none", earlier, ""), (path, None, "")):
        fake.answers["status"] = status(configuration={"file": str(file), "loaded": ago(minutes=1), "modified": loaded})
        out = shown(ctl("status"))
        assert words in out and ("the file is" in out) == bool(words), (file, loaded, out)


def test_files_of_the_directory_that_have_changed(fake, ctl, tmp_path):
    """The newest file and the number of files are compared, which the service says; one that says no number has none."""
    path, directory = tmp_path / "sockgreet.conf", tmp_path / "sockgreet.conf.d"
    directory.mkdir()
    (directory / "ignored").write_text("")
    for number, file in enumerate((path, directory / "a.conf", directory / "b.conf")):
        file.write_text("")
        os.utime(file, (1000 + number, 1000 + number))
    file, files = " the file is newer than ", " files in its directory have changed; run sockgreetctl reload "
    for seconds, count, words in ((1002, 3, ""), (1001, 3, files), (1003, 3, files), (1002, 2, files), (1002, 4, files),
                                  (999, 3, file), (1000, 1, files), (1000, None, ""), (1000, 0, "")):
        configuration = {"file": str(path), "loaded": ago(minutes=1), "modified": {"seconds": seconds, "nanoseconds": 0}}
        fake.answers["status"] = status(configuration=configuration | ({} if count is None else {"files": count}))
        out = " ".join(shown(ctl("status")).split())
        assert words in out and ("; run " in out) == bool(words), (seconds, count, out)


def test_listeners(fake, ctl):
    """Columns that say nothing are left out; clients are those of all addresses of a listener together."""
    fake.answers["listeners"] = {"listeners": [
        listener("tcp"), listener("tcp", endpoint="127.0.0.1:1"), listener("u", transport="unix", endpoint="/run/x", greetings=0)]}
    assert shown(ctl("listeners")) == """\
NAME  TRANSPORT  ENDPOINT     STATE  GREETINGS
tcp   tcp        [::]:12345   up            12
tcp   tcp        127.0.0.1:1  up
u     unix       /run/x       up             0
"""
    del fake.answers["listeners"]["listeners"][1]
    fake.answers["listeners"]["listeners"][0]["refusals"] = 123456
    assert shown(ctl("listeners")) == """\
NAME  TRANSPORT  ENDPOINT    STATE  GREETINGS  REFUSALS
tcp   tcp        [::]:12345  up            12    123456
u     unix       /run/x      up             0
"""
    fake.answers["listeners"]["listeners"].append(
        listener("udp", transport="udp", sockets=4, interface="lo", state="down", trouble="Address already in use"))
    assert shown(ctl("listeners")) == """\
NAME  TRANSPORT  ENDPOINT    INTERFACE  SOCKETS  STATE  GREETINGS  REFUSALS
tcp   tcp        [::]:12345                      up            12    123456
u     unix       /run/x                          up             0
udp   udp        [::]:12345  lo               4  down          12
  Address already in use
"""


def test_clients_give_way_in_a_table_that_is_too_wide(fake, ctl):
    """First those who were refused, then all."""
    wide = listener("udp", transport="udp", sockets=4, interface="lo", refusals=1)
    for length, titles in ((8, "STATE  GREETINGS  REFUSALS"), (24, "STATE  GREETINGS"), (33, "STATE")):
        fake.answers["listeners"] = {"listeners": [{**wide, "endpoint": "/" * length}]}
        first = shown(ctl("listeners")).splitlines()[0]
        assert first.endswith("SOCKETS  " + titles), (length, first)


def test_workers(fake, ctl):
    """What is waited for is under the row."""
    fake.answers["workers"] = {"workers": [
        worker(0, since="2020-02-03T04:05:06.789Z"),
        worker(1, pid=0, state="waiting", since="2020-02-03T04:05:06.789Z", restarts=3,
               next_start="2020-02-03T04:05:07.000Z", last_exit="killed by signal 11 (SEGV), core dumped")]}
    assert shown(ctl("workers")) == """\
GENERATION  WORKER  PID  STATE                  SINCE  GREETED  RESTARTS
         2       0  124  serving  2020-02-03 04:05:06       10         0
         2       1       waiting  2020-02-03 04:05:06       10         3
  last exit: killed by signal 11 (SEGV), core dumped
  next start: 2020-02-03 04:05:07
"""


def test_counters(fake, ctl):
    """All of them, in the service's order."""
    fake.answers["counters"] = {"served": 3, "a_new_one": 18446744073709, "bytes": 0}
    assert shown(ctl("counters")) == """\
served                  3
a_new_one  18446744073709
bytes                   0
"""


def test_config(fake, ctl):
    """The text as it is, of whatever width."""
    text = 'greeting = "' + "x" * 100 + ' \\n höi";\n\tworkers = 2;\n'
    fake.answers["config"] = {"file": None, "loaded": ago(seconds=1), "text": text}
    result = ctl("config", environment=UTF_8)
    assert (result.code, result.out, result.err) == (0, text, "")
    # Where the terminal may not know the letter, its bytes are written as the configuration file has them.
    assert ctl("config").out == text.replace("ö", r"\xc3\xb6")


def test_reload(fake, ctl):
    """What came of it is on standard output, and errors are on standard error."""
    fake.answers["reload"] = {"generation": 3, "workers": 2, "text": "Reloaded: generation 3 serves with 2 workers"}
    assert shown(ctl("reload")) == "Reloaded: generation 3 serves with 2 workers\n"
    for code in (EX_OSERR, EX_CONFIG):
        fake.answers["reload"] = {"error": "/etc/a:1: one\n/etc/a:2: two", "code": code}
        assert ctl("reload")[:3] == (code, "", "/etc/a:1: one\n/etc/a:2: two\n")


def test_not_permitted(fake, ctl):
    """The service says why."""
    fake.answers["reload"] = {"error": "only root and the group adm may reload", "code": EX_NOPERM}
    assert ctl("reload")[:3] == (EX_NOPERM, "", "only root and the group adm may reload\n")


def test_codes_that_are_not_exit_codes(fake, ctl):
    """A refused request never ends with 0, nor with what the shell would take for something else."""
    for code in (0, 1, 256, 130, -1, "78", None, 2**40):
        fake.answers["reload"] = {"error": "no", "code": code}
        assert ctl("reload").code == EX_OSERR, code


@pytest.mark.parametrize("length", [20, 64, 300])
def test_no_line_is_too_long(fake, ctl, length):
    """Whatever is how long, at 80 columns all of it can be read."""
    name, endpoint = "n" * length, "[2001:db8:1234:5678:9abc:def0:1234:5678%" + "i" * 15 + "]:12345"
    fake.answers["listeners"] = {"listeners": [listener("tcp"), listener(
        name, transport="unix-dgram", endpoint=endpoint, interface="i" * 15, sockets=1024, state="down",
        trouble="w" * length)]}
    out = shown(ctl("listeners"))
    assert name in re.sub(r"\s", "", out) and endpoint in out and "w" * min(length, 78) in out
    assert re.search(r"^tcp +tcp +\[::\]:12345 +up$", out, re.M), out
    fake.answers["workers"] = {"workers": [worker(0, greeted=2**62, restarts=2**62, generation=2**62, pid=2**62)]}
    assert shown(ctl("workers")).count(str(2**62)) == 4
    fake.answers["counters"] = {name: 2**62, "x": 1}
    assert name in re.sub(r"\s", "", out := shown(ctl("counters"))) and str(2**62) in out
    fake.answers["status"] = status(last_failure={"text": name, "time": ago(seconds=1)}, state=name, version=name,
                                    waiting=name, unwanted=name, refused=name)
    assert re.sub(r"\s", "", shown(ctl("status"))).count(name) >= 6


# For programs


def test_json_as_it_came(fake, ctl):
    """One line, byte by byte; a text that the terminal might heed is escaped, which means the same."""
    text = '{"text": "a\\n\\u001b \\"h\u00f6i\\"" , "n":1.50}\n'.encode()
    fake.answers["config"] = text
    for option in ("-j", "--json"):
        assert ctl(option, "config", environment=UTF_8).out.encode() == text
    assert json.loads(ctl("config", "-j").out) == json.loads(text)
    fake.answers["config"] = '{"text":\n"\x7f\x9b31m\u202e\U0001f600",\r\n\t"n": 1}\n\n'.encode()
    assert ctl("-j", "config").out == '{"text": "\\u007f\\u009b31m\\u202e\\ud83d\\ude00",   "n": 1}\n'


def test_json_of_errors(fake, ctl):
    """They are on standard output, too, and the exit status says that they are errors."""
    fake.answers["reload"] = {"error": "/etc/a:1: one\n/etc/a:2: two", "code": EX_CONFIG}
    result = ctl("-j", "reload")
    assert (result.code, json.loads(result.out), result.err) == (EX_CONFIG, fake.answers["reload"], "")
    fake.answers["reload"] = b"garbage\n"
    result = ctl("-j", "reload")
    assert (result.code, json.loads(result.out)["code"], result.err) == (EX_OSERR, EX_OSERR, "")
    result = ctl("-j", "status", environment={"RUNTIME_DIRECTORY": "/no/such"})
    assert (result.code, json.loads(result.out), result.err) == (
        EX_UNAVAILABLE, {"error": "no running sockgreetd found (looked in /no/such)", "code": EX_UNAVAILABLE}, "")


# Services that mean harm


EVIL = "a\x1b[31m\x9b1m\x7f\x07\r\u202eb"


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_nothing_is_printed_unescaped(fake, ctl, locale):
    """Control characters, in names and texts of every command, on both outputs."""
    evil = status(**{name: EVIL for name in ("version", "state", "state_since", "refused", "unwanted", "waiting")},
                  listeners={"up": 1, "down": 1, "trouble": EVIL}, last_failure={"text": EVIL, "time": EVIL},
                  finishing=[{"generation": 1, "workers": 1, "until": EVIL}],
                  configuration={"file": EVIL, "loaded": EVIL, "in_effect_since": EVIL, "modified": None},
                  last_reload={"result": EVIL, "time": EVIL, "code": 78, "reason": EVIL})
    texts = ("state", "since", "last_exit", "next_start")
    fake.answers = {"status": evil, "counters": {EVIL: 1}, "config": {"text": EVIL}, "reload": {"error": EVIL, "code": 71},
                    "listeners": {"listeners": [{name: EVIL for name in listener("")}]},
                    "workers": {"workers": [worker(0, **{name: EVIL for name in texts})]}}
    raw = {name: json.dumps(answer, ensure_ascii=False).encode() for name, answer in fake.answers.items()}
    for command in COMMANDS:
        for options in ((), ("-j",)):
            fake.answers[command] = raw[command]
            result = ctl(command, *options, environment={"LC_ALL": locale})
            text = result.out + result.err
            assert text.isascii() and re.fullmatch(r"[ -~\n]*", text), text
            assert ("\\u001b" if options else r"\x1b[31m") in text, text


@pytest.mark.parametrize("answer", [b"garbage\n", b"[]\n", b"{}\n", b"\xff\n", b'{"text": "\xff"}\n', b'{"text": 1}\n',
                                    b"[" * 100000 + b"\n", b"\0\n", b'{"state": "serving", "state": "stopping"}', b"7\n"])
@pytest.mark.parametrize("command", sorted(set(COMMANDS) - {"counters"}))
def test_garbage(fake, ctl, answer, command):
    """Is said to be that."""
    fake.answers[command] = answer
    assert ctl(command)[:3] == (EX_OSERR, "", "sockgreetctl: the service's answer cannot be parsed\n")


def test_members_of_other_types(fake, ctl):
    """Like members that are not there: nothing ends in a crash."""
    odd = [None, 1, -2**63, 1.5, True, "x", [], {}, [1], {"a": 1}]
    for value in odd:
        fake.answers["status"] = {**{name: value for name in status()}, "state": "serving"}
        fake.answers["listeners"] = {"listeners": [value, {name: value for name in listener("")}]}
        fake.answers["workers"] = {"workers": [value, {name: value for name in worker(0)}]}
        fake.answers["counters"] = {"a": value}
        for command in ("status", "listeners", "workers", "counters"):
            shown(ctl(command))


def test_no_answer(fake, ctl):
    """A service that is silent is waited for as long as --timeout says, in all."""
    over = threading.Event()
    fake.answers = {"status": lambda connection: over.wait(20), "workers": lambda connection: drip(connection, over)}

    def drip(connection, end):
        while not end.wait(0.1):
            connection.sendall(b" ")

    for command in ("status", "workers"):
        result = ctl(command, "-w", 1)
        over.set()
        assert result[:3] == (EX_OSERR, "", "sockgreetctl: no answer in 1 s\n")
        assert 1 <= result.seconds < 3 * SLOWNESS
        over.clear()
    over.set()


def test_nobody_accepts(runtime, ctl):
    """A full queue would be waited for without an end."""
    with socket.socket(socket.AF_UNIX) as listening, contextlib.ExitStack() as stack:
        listening.bind(str(runtime / "control.sock"))
        listening.listen(0)
        with contextlib.suppress(BlockingIOError):
            while True:
                client = stack.enter_context(socket.socket(socket.AF_UNIX))
                client.setblocking(False)
                client.connect(str(runtime / "control.sock"))
        result = ctl("status", "-w", 1)
    assert result[:3] == (EX_OSERR, "", "sockgreetctl: no answer in 1 s\n")
    assert result.seconds < 3 * SLOWNESS


def test_flood(fake, ctl):
    """An answer without an end is not read to the end."""
    sent = []

    def flood(connection):
        block = b" " * 65536
        with contextlib.suppress(OSError):
            while len(sent) < 1600:
                connection.sendall(block)
                sent.append(len(block))

    fake.answers["status"] = flood
    assert ctl("status")[:3] == (EX_OSERR, "", "sockgreetctl: the answer is larger than 16 MiB\n")
    assert sum(sent) < 18 << 20


def test_large_answer(fake, ctl):
    """One that is long, and comes in pieces, is read whole."""
    text = "x" * (15 << 20)
    fake.answers["config"] = {"text": text}
    assert ctl("-w", "60", "config").out == text + "\n"


@pytest.mark.parametrize("command, value", [("listeners", "{}"), ("workers", "[]")])
def test_answer_of_too_many_values(fake, ctl, command, value):
    """One of 16 MiB had sockgreetctl take 2.5 GB of memory, and 40 s."""
    text = f'{{"{command}": [{{"x": "{"," * (1 << 20)}"}}' + f",{value}" * 10_000 + "]}\n"
    fake.answers[command] = text.encode()
    assert shown(ctl(command)).count("\n") >= 10_000
    fake.answers[command] = (text[:-3] + f",{value}" * 5_000_000 + "]}\n").encode()
    result = ctl(command)
    assert result[:3] == (EX_OSERR, "", "sockgreetctl: the service's answer cannot be parsed\n")


def test_service_that_ends(fake, ctl):
    """Before it answered."""
    fake.answers["reload"] = lambda connection: None
    assert ctl("reload")[:3] == (EX_OSERR, "", "sockgreetctl: the service ended before it answered\n")


def test_answer_before_the_request_is_read(runtime, ctl):
    """A service that is too busy says so and closes, at which the request may not be sent, nor the end be read."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(runtime / "control.sock"))
        listening.listen(1)

        def refuse():
            for _ in range(20):
                with listening.accept()[0] as connection:
                    connection.sendall(b'{"error": "too many requests", "code": 69}\n')

        thread = threading.Thread(target=refuse, daemon=True)
        thread.start()
        for _ in range(20):
            assert ctl("status")[:3] == (EX_UNAVAILABLE, "", "too many requests\n")
        thread.join()


# Where it looks


def test_no_service(runtime, ctl):
    """Neither without a socket, nor with one that nobody listens at, nor without the directory."""
    words = f"sockgreetctl: no running sockgreetd found (looked in {runtime})\n"
    assert ctl("status")[:3] == (EX_UNAVAILABLE, "", words)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(runtime / "control.sock"))
    assert ctl("status")[:3] == (EX_UNAVAILABLE, "", words)
    result = ctl("reload", environment={"RUNTIME_DIRECTORY": "/no/such:/other"})
    assert result[:3] == (EX_UNAVAILABLE, "", "sockgreetctl: no running sockgreetd found (looked in /no/such)\n")


@pytest.mark.parametrize("kind", ["link", "fifo", "file", "directory"])
def test_what_is_not_a_socket(fake, runtime, kind):
    """The service's user may put anything there: a link is not followed, and a FIFO not opened."""
    other = pathlib.Path(tempfile.mkdtemp(prefix="ctl"))
    path = other / "control.sock"
    {"link": lambda: path.symlink_to(runtime / "control.sock"), "fifo": lambda: os.mkfifo(path), "file": path.touch,
     "directory": path.mkdir}[kind]()
    fake.answers["status"] = status()
    result = run("status", environment={"RUNTIME_DIRECTORY": str(other)})
    shutil.rmtree(other)
    assert result[:3] == (EX_UNAVAILABLE, "", f"sockgreetctl: no running sockgreetd found (looked in {other}; {other}: "
                          "its control.sock is not a socket)\n")
    assert fake.requests == [] and result.seconds < 3 * SLOWNESS


@needs_root
def test_stranger_in_the_directory(runtime):
    """Root asks nobody but root and the directory's owner."""
    fake = None

    def serve_as(user, owner):
        nonlocal fake
        os.chown(runtime, owner, -1)
        (runtime / "control.sock").unlink(missing_ok=True)
        os.seteuid(user) if user else None
        try:
            fake = Fake(runtime)
        finally:
            os.seteuid(0)
        fake.answers["counters"] = {"a": 1}
        result = run("counters", environment={"RUNTIME_DIRECTORY": str(runtime)})
        fake.close()
        return result

    runtime.chmod(0o777)
    assert serve_as(0, 0).code == 0
    assert serve_as(0, NOBODY).code == 0
    assert serve_as(NOBODY, NOBODY).code == 0
    result = serve_as(NOBODY, 0)
    assert result.code == EX_UNAVAILABLE and "belongs neither to root nor to the directory's owner" in result.err
    assert not any(fake.requests)


@pytest.fixture(name="in_run")
def fixture_in_run(runtime):
    """Runs sockgreetctl with the runtime directory as /run/sockgreet."""
    prefix = mount_prefix('mount -t tmpfs tmpfs /run; mkdir /run/sockgreet; mount --bind "$1" /run/sockgreet', runtime)
    return lambda *arguments, before=(), **how: run(*arguments, prefix=[*prefix, *before], **how)


def test_system_service(fake, in_run):
    """Without a runtime directory in the environment it is in /run/sockgreet."""
    fake.answers["counters"] = {"a": 1}
    assert shown(in_run("counters")) == "a  1\n"


@needs_root
def test_ordinary_user(fake, in_run):
    """Asks a service of his own, and without one the system's: he was told that no service runs."""
    as_user = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    mine = pathlib.Path(tempfile.mkdtemp(prefix="ctl"))
    (mine / "sockgreet").mkdir()
    mine.chmod(0o755)
    fake.answers["counters"] = {"system": 1}
    environment = {"XDG_RUNTIME_DIR": str(mine)}
    for where in ({}, {"XDG_RUNTIME_DIR": "/no/such"}, environment):
        assert shown(in_run("counters", before=as_user, environment=where)) == "system  1\n"
    own = Fake(mine / "sockgreet")
    own.answers["counters"] = {"mine": 1}
    assert shown(in_run("counters", before=as_user, environment=environment)) == "mine  1\n"
    assert shown(in_run("counters", environment=environment)) == "system  1\n"  # root's is the system's
    own.close()
    result = run("counters", prefix=as_user, environment={**environment, "RUNTIME_DIRECTORY": "/root/none"})
    assert result.code == EX_NOPERM and "/root/none: Permission denied" in result.err
    shutil.rmtree(mine)


def test_instances(runtime, in_run):
    """Each has a directory in /run/sockgreet, which is not entered by a link."""
    (runtime / "one").mkdir()
    (runtime / "two").symlink_to("one")
    fake = Fake(runtime / "one")
    fake.answers = {"counters": {"one": 1}, "status": status(configuration={
        "file": str(pathlib.Path(__file__)), "loaded": ago(minutes=1), "modified": {"seconds": 1, "nanoseconds": 0}})}
    try:
        for option in (("-n", "one"), ("--name=one",)):
            assert shown(in_run("counters", *option)) == "one  1\n"
        assert shown(in_run("-n", "one", "counters", environment={"RUNTIME_DIRECTORY": "/no/such"})) == "one  1\n"
        words = " ".join(shown(in_run("-n", "one", "status")).split())
        assert " the file is newer than the one loaded; run sockgreetctl --name=one reload " in words
        result = in_run("counters", "-n", "two")
        assert result.code == EX_UNAVAILABLE and "/run/sockgreet/two: Not a directory" in result.err
        assert in_run("counters", "-n", "three").err == "sockgreetctl: no running sockgreetd found (looked in /run/sockgreet/three)\n"
        assert shown(in_run("counters", "-p", os.getpid())) == "one  1\n"
    finally:
        fake.close()


@pytest.mark.parametrize("name", ["", ".", "..", ".x", "a/b", "../x", "a b", "ä", "x" * 65, "a\n", "a*"])
def test_names_that_are_not_instances(name):
    """They could lead anywhere."""
    result = run("status", f"--name={name}")
    assert (result.code, result.out) == (EX_USAGE, "") and result.err.startswith("sockgreetctl: --name: ")


# --pid


def test_process(fake, ctl):
    """The one that listens at the socket, which is here the tests' own."""
    fake.answers["counters"] = {"a": 1}
    assert shown(ctl("counters", "-p", os.getpid())) == "a  1\n"
    assert fake.requests == [b"counters\n"]


def test_process_by_its_environment(fake, runtime):
    """What systemd told the process is where its socket is."""
    code = ("import os, socket, sys; s = socket.socket(fileno=0); s.listen(); print(flush=True); c = s.accept()[0]; "
            "c.recv(256); c.sendall(b'{\"b\": 2}\\n')")
    directory = runtime / "other"
    directory.mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(directory / "control.sock"))
        with subprocess.Popen(["/usr/bin/python3", "-c", code], stdin=listening.fileno(), stdout=subprocess.PIPE,
                              env={"RUNTIME_DIRECTORY": f"{directory}:/other"}) as process:
            process.stdout.readline()
            result = run("counters", "-p", process.pid, environment={"RUNTIME_DIRECTORY": str(runtime)})
    assert shown(result) == "b  2\n"
    assert fake.requests == []


def test_process_that_is_not_a_master(fake, ctl):
    """A sleep died of the signal that it was sent."""
    with subprocess.Popen(["sleep", "100"]) as process:
        for command in ("reload", "status"):
            result = ctl(command, "-p", process.pid)
            assert (result.code, result.out) == (EX_UNAVAILABLE, "")
            assert result.err.startswith(f"sockgreetctl: no sockgreetd with the process ID {process.pid} found (looked in ")
        assert process.poll() is None
        process.kill()
    assert b"reload\n" not in fake.requests


# The command line and the outputs


def test_usage():
    """Messages for what is not understood, with 64."""
    for arguments in ("-j", "frobnicate", "reload reload", "status reload", "-p 0 status", "-p 1x status", "--pid=-1 status",
                      "-w 0 status", "-w x status", "-n a -p 1 status", "status --frobnicate", "-n"):
        result = run(*arguments.split())
        assert (result.code, result.out) == (EX_USAGE, "") and "sockgreetctl: " in result.err, result


def test_order_of_arguments(fake, ctl):
    """Options may come after the command."""
    fake.answers["counters"] = {"a": 1}
    for arguments in (("-j", "-w", 2, "counters"), ("counters", "-j", "-w", 2), ("-w2", "counters", "-j")):
        assert ctl(*arguments).out == '{"a": 1}\n'


def test_help():
    """-h as well as --help, at most 80 columns wide, and with every command."""
    out = shown(run("-h"))
    assert shown(run("--help")) == shown(run("-?")) == out
    assert all(re.search(rf"^  {command} ", out, re.M) for command in (*COMMANDS, "state", "top"))
    assert re.fullmatch(r"sockgreetctl [\d.]+\n", run("-V").out)


@pytest.mark.parametrize("arguments", ["-h", "--usage", "-V", "status", "config", "-j status", "-j reload"])
@pytest.mark.parametrize("output, reason", [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")])
def test_output_that_cannot_be_written(fake, ctl, arguments, output, reason):
    """The exit status was 0, and nothing was said."""
    fake.answers = {"status": status(), "config": {"text": "x"}, "reload": {"error": "no", "code": EX_CONFIG}}
    result = ctl(prefix=["sh", "-c", f'exec "$0" {arguments} {output}'])
    assert (result.code, result.err) == (EX_OSERR, f"sockgreetctl: standard output: {reason}\n")
