# SPDX-License-Identifier: MIT
"""Fixtures. The environment says which programs are tested (SOCKGREETD, SOCKGREET, SOCKGREETCTL), and whether a
sanitizer is built into them (SOCKGREET_SANITIZER=address or thread). SOCKGREET_LONG=1 has the tests that wait for rare
accidents run at full length; SOCKGREET_BUSY=1 says that others use the processors, so that nothing is measured."""

import os
import pathlib
import resource
import shutil
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent / "bench"))  # generator.py

from clients import abstract_name  # noqa: E402
from fault import Faults  # noqa: E402
from journal import Journal  # noqa: E402
from manager import Manager  # noqa: E402
from namespaces import Namespace  # noqa: E402
from operations import control  # noqa: E402
from processes import let_enter  # noqa: E402
from service import Service  # noqa: E402

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def program(variable):
    """The path of a program under test."""
    path = os.environ.get(variable)
    if not path or not os.access(path, os.X_OK):
        pytest.exit(f"{variable} must be the path of the program under test, but is {path!r}", 4)
    return os.path.abspath(path)


def pytest_report_header():
    names = ("SOCKGREETD", "SOCKGREET", "SOCKGREETCTL", "SOCKGREET_SANITIZER", "SOCKGREET_LONG")
    return ", ".join(f"{name}={os.environ.get(name, '')}" for name in names)


@pytest.fixture(scope="session")
def sockgreetd():
    """The daemon's path."""
    return program("SOCKGREETD")


@pytest.fixture(scope="session", autouse=True)
def descriptors():
    """Tests hold up to 1500 connections; a user has 1024 descriptors at first, and may have more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))


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
        how["program"] = settings.pop("program", sockgreetd)
        services.append(Service(directory=directory, settings={**settings, "listeners": listeners}, **how))
        return services[-1]

    yield start
    for service in services:
        service.cleanup()


@pytest.fixture(params=["file", "abstract"])
def place(request, tmp_path):
    """Where a Unix listener can be."""
    return str(tmp_path / "greet.sock") if request.param == "file" else abstract_name()


@pytest.fixture(scope="session")
def build(tmp_path_factory):
    """Compiles C sources of the tests' own: build(name, sources, *options) is the path of the result."""
    directory = tmp_path_factory.mktemp("build")
    let_enter(directory.parent)

    def compile_and_link(name, sources, *options):
        path = directory / name
        if not path.exists():
            command = ["cc", "-std=gnu17", "-D_GNU_SOURCE", "-O2", "-g", "-Wall", "-Wextra", *options]
            subprocess.run([*command, "-o", path, *map(str, sources)], check=True)
        return path

    return compile_and_link


@pytest.fixture(scope="session")
def load_program():
    """The client, which puts a load on services."""
    return program("SOCKGREET")


@pytest.fixture(scope="session")
def fault_library(build):
    """A library to preload that has chosen calls fail (fault.c)."""
    return build("fault.so", [HERE / "fault.c"], "-shared", "-fPIC", "-pthread")


@pytest.fixture
def faults(fault_library, tmp_path):
    """Faults in the calls of a daemon that is started with this environment."""
    return Faults(fault_library, tmp_path)


@pytest.fixture
def manager(tmp_path):
    """A stand-in for the service manager."""
    made = Manager(tmp_path)
    yield made
    made.close()


@pytest.fixture
def sockgreetctl():
    """The control program: sockgreetctl(service, "reload") is a Result."""
    path = program("SOCKGREETCTL")
    return lambda service, *arguments, **how: control(path, service, *arguments, **how)


@pytest.fixture
def figures(capsys):
    """Prints one line of figures, whether the test passes or not."""

    def show(text):
        with capsys.disabled():
            print(f"\n    {text}")

    return show


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
