# SPDX-License-Identifier: MIT
"""What workers may do: nothing that a user without rights may not."""

import grp
import os
import pwd
import re

import pytest

from clients import connect, greet, read_all
from conftest import needs_root
from operations import EX_OSERR
from processes import SANITIZER, descriptors, status, wait_until
from service import GREETING, tcp, udp, unix

CAPABILITIES = ("CapInh", "CapPrm", "CapEff", "CapAmb")


def assert_powerless(pid):
    """No capability, and no way to get one."""
    found = status(pid)
    for name in CAPABILITIES:
        assert int(found[name], 16) == 0, (name, found[name])
    assert found["NoNewPrivs"] == "1"
    for task in os.listdir(f"/proc/{pid}/task"):
        thread = status(f"{pid}/task/{task}")
        assert (thread["Uid"], thread["Gid"], thread["CapEff"]) == (found["Uid"], found["Gid"], found["CapEff"])


def test_workers_have_no_capabilities(daemon):
    """Whoever starts the service, its workers have no capabilities and get no new ones."""
    service = daemon({"tcp": tcp()})
    for worker in service.workers():
        assert_powerless(worker)


@needs_root
@pytest.mark.parametrize("user,group", [("nobody", "nogroup"), ("daemon", "mail"), ("daemon", None)])
def test_workers_run_as_the_configured_user(daemon, user, group):
    """Started as root, workers are the configured user for good: real, effective, saved, file-system; no groups."""
    settings = {"user": user, **({"group": group} if group else {})}
    service = daemon({"tcp": tcp()}, preexec=lambda: os.setgroups([1, 2, 3]), **settings)
    uid = pwd.getpwnam(user).pw_uid
    gid = grp.getgrnam(group).gr_gid if group else pwd.getpwnam(user).pw_gid
    for worker in service.workers():
        found = status(worker)
        assert found["Uid"].split() == [str(uid)] * 4
        assert found["Gid"].split() == [str(gid)] * 4
        assert found["Groups"] == ""
        assert int(found["CapBnd"], 16) == 0
        assert_powerless(worker)
    assert greet(service.address()) == GREETING


@needs_root
def test_successors_are_no_more_powerful(daemon):
    """A replaced worker is as powerless as the first."""
    service = daemon({"tcp": tcp()}, workers={"processes": 1})
    victim = service.workers()[0]
    os.kill(victim, 9)
    service.wait_log("killed by signal 9")
    assert greet(service.address()) == GREETING
    (worker,) = service.workers()
    assert worker != victim and status(worker)["Uid"].split() == [str(pwd.getpwnam("nobody").pw_uid)] * 4
    assert_powerless(worker)


@needs_root
def test_low_port(daemon, namespace):
    """Low ports are bound before the user changes."""
    service = daemon({"tcp": {"type": "tcp", "address": "127.0.0.1", "port": 17}}, prefix=namespace.prefix)
    with namespace.tcp("127.0.0.1", 17) as connection:
        assert read_all(connection) == GREETING
    service.stop()


@needs_root
def test_worker_that_cannot_change_its_user(spawn):
    """A drop that fails ends the worker: it never serves with rights that it should not have. When each has failed three
    times the service ends: with its port open it passed health checks, and its clients hung."""
    prefix = ["setpriv", "--bounding-set=-setuid", "--"]
    service = spawn({"tcp": tcp()}, prefix=prefix)
    service.wait_stopped(expect=EX_OSERR)
    assert re.search(r"error: worker \d+ cannot start: setresuid: Operation not permitted$", service.log(), re.M)
    assert "exited with status 71 (operating system error): it ended too soon; trying again in 0.2 s" in service.log()
    assert re.search(r"error: No worker could start, after 3 tries each: .*exited with status 71", service.log())
    assert " Ready: " not in service.log()
    with pytest.raises(ConnectionRefusedError):
        connect(service.address())


def test_workers_keep_nothing_of_the_masters(daemon, tmp_path):
    """A worker has the listening sockets, standard streams and what it made, and not the lifeline's other end."""
    service = daemon({"tcp": tcp(), "udp": udp(shards=1), "local": unix(tmp_path / "s")}, workers={"threads": 1})
    writers = [os.readlink(f"/proc/{service.pid}/fd/{fd}") for fd in descriptors(service.pid)
               if _is_writer(service.pid, fd) and os.readlink(f"/proc/{service.pid}/fd/{fd}").startswith("pipe:")]
    assert len(writers) == 2, "the lifeline, and where workers say that they are ready"
    for worker in service.workers():
        def pipes(worker=worker):
            return [fd for fd in descriptors(worker) if os.readlink(f"/proc/{worker}/fd/{fd}") in writers]

        wait_until(lambda: len(pipes()) == 1, "it has said so, and closed that")  # pylint: disable=cell-var-from-loop
        assert not _is_writer(worker, pipes()[0])
        assert len(descriptors(worker)) < 20 + (10 if SANITIZER else 0)


def _is_writer(pid, fd):
    """Whether a descriptor was opened for writing."""
    with open(f"/proc/{pid}/fdinfo/{fd}", encoding="ascii") as file:
        flags = next(int(line.split()[1], 8) for line in file if line.startswith("flags:"))
    return flags & os.O_ACCMODE != os.O_RDONLY


def test_no_descriptor_survives_an_exec(daemon):
    """Every descriptor but the standard streams is closed on exec, in master and workers."""
    service = daemon({"tcp": tcp(), "udp": udp()})
    for pid in (service.pid, *service.workers()):
        for fd in descriptors(pid):
            with open(f"/proc/{pid}/fdinfo/{fd}", encoding="ascii") as file:
                flags = next(int(line.split()[1], 8) for line in file if line.startswith("flags:"))
            assert fd <= 2 or flags & os.O_CLOEXEC, f"{fd}: {os.readlink(f'/proc/{pid}/fd/{fd}')}"
