# SPDX-License-Identifier: MIT
"""Fixtures. The environment says which programs are tested (SOCKGREETD, SOCKGREET), and whether a sanitizer is built
into them (SOCKGREET_SANITIZER=address or thread)."""

import os
import shutil

import pytest

from journal import Journal
from namespaces import Namespace
from service import Service

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def program(variable):
    """The path of a program under test."""
    path = os.environ.get(variable)
    if not path or not os.access(path, os.X_OK):
        pytest.exit(f"{variable} must be the path of the program under test, but is {path!r}", 4)
    return os.path.abspath(path)


def pytest_report_header():
    names = ("SOCKGREETD", "SOCKGREET", "SOCKGREET_SANITIZER")
    return ", ".join(f"{name}={os.environ.get(name, '')}" for name in names)


@pytest.fixture(scope="session")
def sockgreetd():
    """The daemon's path."""
    return program("SOCKGREETD")


@pytest.fixture(scope="session", autouse=True)
def foreign_clients():
    """The clients that nobody here wrote must be there: a test never passes for want of them."""
    missing = [name for name in ("nc", "socat", "curl") if not shutil.which(name)]
    if missing:
        pytest.exit(f"install netcat-openbsd, socat and curl; missing: {', '.join(missing)}", 4)


@pytest.fixture
def spawn(sockgreetd, tmp_path):
    """Starts daemons without waiting for them; whatever is left of them is ended with the test."""
    services = []

    def start(listeners, **settings):
        directory = tmp_path / f"daemon{len(services)}"
        directory.mkdir()
        names = ("options", "prefix", "stderr", "environment", "preexec", "pass_fds", "file")
        how = {name: settings.pop(name) for name in names if name in settings}
        services.append(Service(sockgreetd, directory, {**settings, "listeners": listeners}, **how))
        return services[-1]

    yield start
    for service in services:
        service.cleanup()


@pytest.fixture
def daemon(spawn):
    """Starts daemons and waits until they serve; those that still run are stopped with the test: cleanly."""
    services = []

    def start(listeners, **settings):
        services.append(spawn(listeners, **settings).wait_ready())
        return services[-1]

    yield start
    for service in services:
        if service.process.poll() is None:
            service.stop()


@pytest.fixture
def namespace():
    """A network namespace with the loopback interface up."""
    made = Namespace()
    yield made
    made.close()


@pytest.fixture
def journal(tmp_path):
    """A stand-in for journald."""
    return Journal(tmp_path)
