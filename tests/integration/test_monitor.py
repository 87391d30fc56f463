# SPDX-License-Identifier: MIT
"""service = "monitor": metrics for Prometheus, health for orchestrators, a page for people."""

import http.client
import json
import os
import signal
import subprocess
import urllib.parse
import urllib.request

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_open
from prometheus_client.parser import text_string_to_metric_families as parse_classic

from browser import browser
from clients import ask_udp, connect, greet, read_all, run
from processes import wait_until
from service import free_port, render, tcp, udp

OPEN = "application/openmetrics-text"


@pytest.fixture(name="watched")
def fixture_watched(daemon):
    """A service with a monitor."""
    return daemon({"tcp": tcp(), "udp": udp(), "monitor": tcp(service="monitor")}, instance="here")


def get(service, path, accept=None, method="GET"):
    """Status, headers and content of one of its pages."""
    connection = http.client.HTTPConnection(*service.address("monitor"), timeout=20)
    connection.request(method, path, headers={"Accept": accept} if accept else {})
    response = connection.getresponse()
    return response.status, response.headers, response.read().decode()


def metrics(service):
    """All samples, by name and labels."""
    status, _, text = get(service, "/metrics", OPEN)
    assert status == 200, text
    return {(sample.name, *sorted(sample.labels.items())): sample.value
            for family in parse_open(text) for sample in family.samples}


def greetings(service, listener="tcp", result="sent"):
    """How many a listener has sent, as the metrics say."""
    samples = metrics(service)
    keys = [key for key in samples if key[0] == "sockgreet_greetings_total" and ("listener", listener) in key
            and ("result", result) in key]
    return sum(samples[key] for key in keys)


def wait_greetings(service, count, **which):
    """Waits until the numbers, which are summed once a second, are there."""
    wait_until(lambda: greetings(service, **which) >= count, f"the metrics have {count} greetings")


def test_metrics(watched):
    """By listener and result, in both formats, as the parsers of others read them."""
    for _ in range(3):
        greet(watched.address("tcp"))
    ask_udp(watched.address("udp"))
    wait_greetings(watched, 3)
    wait_greetings(watched, 1, listener="udp")
    status, headers, text = get(watched, "/metrics", OPEN)
    assert (status, headers["Content-Type"]) == (200, "application/openmetrics-text; version=1.0.0; charset=utf-8")
    assert text.endswith("\n# EOF\n")
    status, headers, text = get(watched, "/metrics")
    assert (status, headers["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    names = {family.name for family in parse_classic(text)}
    assert {"sockgreet_greetings", "sockgreet_workers", "sockgreet_state"} <= names, names
    run("promtool", "check", "metrics", payload=text.encode())


def test_status(watched):
    """The same for programs that read JSON, and for the page."""
    greet(watched.address("tcp"))
    wait_greetings(watched, 1)
    status, headers, text = get(watched, "/status")
    answer = json.loads(text)
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert (answer["instance"], answer["state"], answer["workers"]) == ("here", "ready", {"ready": 2, "wanted": 2})
    listeners = {listener["name"]: listener for listener in answer["listeners"]}
    assert listeners["tcp"]["results"]["sent"] == 1 and listeners["tcp"]["bytes"] == 26
    assert sum(one["count"] for one in answer["times"]) >= 1


def test_health(watched, sockgreetctl):
    """/readyz follows the state, /livez does not; and the metrics have it."""
    assert (get(watched, "/livez")[0], get(watched, "/readyz")[0]) == (200, 200)
    assert sockgreetctl(watched, "state", "drain", "50%", "new", "disks").code == 0
    status, _, text = get(watched, "/readyz")
    assert (status, text) == (503, "drain: new disks\n")
    assert get(watched, "/livez")[0] == 200
    samples = metrics(watched)
    assert samples["sockgreet_weight_ratio",] == 0.5
    assert samples["sockgreet_state", ("sockgreet_state", "drain")] == 1


@pytest.mark.parametrize("method, path, expected", [
    ("GET", "/metrics/", 404), ("GET", "/../metrics", 404), ("GET", "/Status", 404), ("POST", "/metrics", 405),
    ("DELETE", "/", 405), ("BREW", "/", 501),
])
def test_what_is_refused(watched, method, path, expected):
    """Only what is there, and only to be read."""
    assert get(watched, path, method=method)[0] == expected


def test_garbage(watched):
    """It changes nothing and stops nothing."""
    for request in (b"\0" * 100, b"GET /metrics\r\n\r\n", b"\x16\x03\x01\x02\x00", b"PRI * HTTP/2.0\r\n\r\n"):
        with connect(watched.address("monitor")) as client:
            client.sendall(request)
            read_all(client)
    assert get(watched, "/livez")[0] == 200
    counters = watched.wait_counter("served", 5)
    assert (counters["bad-request"], counters["tls"], counters["http2"]) == (2, 1, 1)


def counters_of(service):
    """The samples that may never go back."""
    return {key: value for key, value in metrics(service).items() if key[0].endswith(("_total", "_bucket", "_count"))}


def test_counters_never_go_back(watched, sockgreetctl):
    """Neither when a worker dies, nor by a reload, nor when a listener goes."""
    before = {}

    def look():
        nonlocal before
        now = counters_of(watched)
        back = {key: (value, now.get(key)) for key, value in before.items() if now.get(key, 0) < value}
        assert not back, back
        before = now

    for change in ("kill", "reload", "gone"):
        for _ in range(5):
            greet(watched.address("tcp"))
        look()
        if change == "kill":
            workers = watched.workers()
            os.kill(workers[0], signal.SIGKILL)
            wait_until(lambda: metrics(watched)["sockgreet_worker_restarts_total",] >= 1, "the metrics have the restart")
        else:
            if change == "gone":
                del watched.settings["listeners"]["udp"]
                watched.configuration.write_text(render(watched.settings))
            assert sockgreetctl(watched, "reload").code == 0
        for _ in range(10):
            look()
    taken = "sockgreet_clients_total", ("listener", "tcp"), ("transport", "tcp")
    wait_until(lambda: metrics(watched)[taken] == 15, "every client is counted, one that was lost with its worker, too")
    look()
    wait_until(lambda: metrics(watched)["sockgreet_reloads_total", ("outcome", "applied")] == 2, "both reloads are counted")


def test_access_holds(daemon):
    """It is a service like the others: who is refused is refused before it is heard."""
    service = daemon({"monitor": tcp(service="monitor", allow=["192.0.2.0/24"])})
    with connect(service.address("monitor")) as client:
        assert read_all(client) == b""
    service.wait_counter("denied", 1)


def test_without_a_monitor_nothing_is_summed(daemon, sockgreetctl):
    """A reload brings it, and takes it away."""
    service = daemon({"tcp": tcp()})
    greet(service.address("tcp"))
    service.settings["listeners"]["monitor"] = tcp(service="monitor")
    service.configuration.write_text(render(service.settings))
    assert sockgreetctl(service, "reload").code == 0
    wait_greetings(service, 1)


def ask_prometheus(port, query):
    """What Prometheus knows."""
    url = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": query})
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return [float(one["value"][1]) for one in json.load(answer)["data"]["result"]]
    except OSError:
        return []


def test_prometheus(watched, tmp_path):
    """A real one scrapes it, and has the numbers."""
    port = free_port()
    (tmp_path / "prometheus.yml").write_text(f"""
global: {{ scrape_interval: 1s }}
scrape_configs:
  - job_name: sockgreet
    static_configs: [ {{ targets: ["127.0.0.1:{watched.address('monitor')[1]}"] }} ]
""", encoding="ascii")
    for _ in range(7):
        greet(watched.address("tcp"))
    with open(tmp_path / "log", "wb") as log:
        process = subprocess.Popen(["prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data",
                                    f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)
    try:
        wait_until(lambda: ask_prometheus(port, "up") == [1.0], "Prometheus finds it up")
        query = 'sockgreet_greetings_total{listener="tcp",result="sent"}'
        wait_until(lambda: ask_prometheus(port, query) == [7.0], "Prometheus has all greetings")
    finally:
        process.terminate()
        process.wait(30)


def test_page_in_a_browser(watched, sockgreetctl, tmp_path):
    """It shows what is, without a complaint of the browser, light and dark, and fits a telephone."""
    host, port = watched.address("monitor")
    with browser(free_port()) as page:
        page.open(f"http://{host}:{port}/")
        wait_until(lambda: page.text("#state") == "ready", "the page shows the state")
        assert page.run("return document.title") == "sockgreet on here"
        for _ in range(5):
            greet(watched.address("tcp"))
        wait_until(lambda: "tcp\ttcp\t" in page.text("#listeners") and "5\t0\t130" in page.text("#listeners"),
                   "the page shows the greetings")
        assert sockgreetctl(watched, "state", "maint", "new", "disks").code == 0
        wait_until(lambda: page.text("#state") == "maint" and page.text("#reason") == "new disks", "the page shows the state")
        colours = set()
        for scheme in ("light", "dark"):
            page.prefer(scheme)
            colours.add(page.run("return getComputedStyle(document.body).backgroundColor"))
        assert len(colours) == 2
        for width in (400, 1100):
            page.resize(width, 900)
            assert page.run("return document.documentElement.scrollWidth") <= width
            page.screenshot(tmp_path / f"page-{width}.png")
        assert page.complaints() == []
        watched.stop()
        wait_until(lambda: page.text("#state") == "no answer", "the page says that nobody answers")
