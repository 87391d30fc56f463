# SPDX-License-Identifier: MIT
"""Chromium without a window, driven by the WebDriver protocol (W3C) of chromedriver."""

import base64
import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import urllib.request

import pytest

from processes import wait_until

ARGUMENTS = ["--headless", "--no-sandbox", "--hide-scrollbars", "--disable-gpu", "--disable-dev-shm-usage"]


class Browser:
    """One page in one window."""

    def __init__(self, port, session):
        self.port, self.session = port, session

    def call(self, method, path, body=None):
        """What the driver answers to a command for this session."""
        return call(self.port, method, f"/session/{self.session}{path}", body)

    def open(self, url):
        """Shows a page."""
        self.call("POST", "/url", {"url": url})

    def run(self, script):
        """What a script in the page returns."""
        return self.call("POST", "/execute/sync", {"script": script, "args": []})

    def text(self, selector):
        """What is to be read there."""
        return self.run(f"return document.querySelector({json.dumps(selector)}).innerText")

    def prefer(self, scheme):
        """Light or dark."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("POST", "/goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia", "params": {"features": features}})

    def resize(self, width, height):
        """As wide as a telephone, or a desk."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.call("POST", "/goog/cdp/execute", {"cmd": "Emulation.setDeviceMetricsOverride", "params": metrics})

    def complaints(self):
        """What it has written to its console."""
        return self.call("POST", "/se/log", {"type": "browser"})

    def screenshot(self, path):
        """A picture of the window."""
        path.write_bytes(base64.b64decode(self.call("GET", "/screenshot")))


def call(port, method, path, body=None):
    """What the driver answers to a command."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)["value"]


def _is_ready(port):
    with contextlib.suppress(OSError):
        return call(port, "GET", "/status")["ready"]
    return False


@contextlib.contextmanager
def browser(port):
    """A browser, whose driver listens on this port."""
    driver = shutil.which("chromedriver")
    if not driver or not shutil.which("chromium"):
        pytest.skip("chromium and chromium-driver are not installed")
    with contextlib.ExitStack() as left:
        # Chromium leaves directories behind.
        directory = left.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        process = subprocess.Popen([driver, f"--port={port}", "--silent"], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, env={**os.environ, "TMPDIR": directory})
        left.callback(process.wait, 30)
        left.callback(process.terminate)
        wait_until(lambda: _is_ready(port), "chromedriver is ready")
        options = {"goog:chromeOptions": {"args": ARGUMENTS}, "goog:loggingPrefs": {"browser": "ALL"}}
        session = call(port, "POST", "/session", {"capabilities": {"alwaysMatch": options}})["sessionId"]
        yield Browser(port, session)
        call(port, "DELETE", f"/session/{session}")
