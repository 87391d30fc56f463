# SPDX-License-Identifier: MIT
"""The packages: socket activation, upgrading, a port that is taken at boot, removing."""

import os
import re
import time

from cases_instances import PORTS, conf_of, forget, greets, start, text_of, unit_of
from clients import Load, Tally, ask_udp, greet, greeted_text
from common import (CONF, GREETING, NOBODY, PACKAGES, SOCKET_UNIT, SOURCE, UNIT, UNIX_PATH, configuration, expect,
                    wait_until)

FRACTION = 0.5  # of what clients get at most while nothing happens
UPGRADE_SECONDS = 20.0  # of load, with an upgrade of 3 to 15 in it
SQUATTER = "squatter.service"
# What removing leaves that names us: what dpkg, apt and these tests themselves wrote down.
LEFT = r"/srv/|/tmp/|/usr/local/|/var/log/|/var/tmp/|/var/lib/(apt|dpkg)/|/var/cache/apt/"


def documented(machine):
    """Every program has its manual page, and help; the packages say what they are."""
    pages = machine.output("dpkg", "-L", *PACKAGES)
    for page in ("man1/check_sockgreet.1", "man1/sockgreet.1", "man5/sockgreet.conf.5", "man8/sockgreetctl.8",
                 "man8/sockgreetd.8"):
        expect(f"/usr/share/man/{page}.gz\n" in pages, f"no {page}")
    expect(f"{CONF}.d\n" in pages, f"no {CONF}.d")
    for program in ("sockgreet", "sockgreetd", "sockgreetctl"):
        expect(machine.output(program, "-V").startswith(program), f"{program} -V does not name itself")
        expect("sage:" in machine.output(program, "--help"), f"{program} --help shows no usage")
    return machine.output("sockgreetd", "-V").splitlines()[0]


def socket_activation(machine):
    """With sockgreet.socket the first client starts the service, whatever its transport; a restart refuses nobody."""
    machine.fresh(configuration(big=False))
    machine.systemctl("stop")
    targets = ["127.0.0.1", "udp://[::1]", f"unix:{UNIX_PATH}"]
    try:
        machine.run("systemctl", "start", SOCKET_UNIT)
        for target in targets:
            expect(machine.show("ActiveState") == "inactive", f"{target}: the service runs before the first client")
            out = machine.output("sockgreet", target, user=NOBODY)
            expect(out.strip() == GREETING.strip(), f"{target} answered {out!r}")
            # A worker greets whoever waits before the master has told systemd that it is ready.
            wait_until(lambda: machine.show("ActiveState") == "active", f"the service that {target} started")
            expect(machine.show("NFileDescriptorStore") == "0", "the socket unit's sockets are in the descriptor store, too")
            main = machine.main_pid()
            machine.systemctl("restart")
            expect(machine.main_pid() != main, "the service was not restarted")
            greeted_text(machine)
            machine.systemctl("stop")
    finally:
        machine.run("systemctl", "stop", SOCKET_UNIT)
    machine.systemctl("start")
    greeted_text(machine)
    return ", ".join(targets)


def higher_version(machine):
    """Makes the same packages with a higher version, in a directory inside. Returns that and the version."""
    directory = machine.output("mktemp", "-d", "/var/tmp/sockgreet-higher-XXXXXX").strip()
    version = machine.output("dpkg-query", "-W", "-f", "${Version}", PACKAGES[0]) + "+test1"
    machine.run("sh", "-euc", '''
        chmod 755 "$0"
        for name in sockgreet sockgreet-client; do
            dpkg-deb -R "$2/out/${name}"_*.deb "$0/$name"
            sed -i "s/^Version: .*/Version: $1/" "$0/$name/DEBIAN/control"
            dpkg-deb --root-owner-group -b "$0/$name" "$0/${name}_$1.deb" >/dev/null
            rm -r "$0/$name"
        done''', directory, version, machine.packages)
    return directory, version


def upgrade_under_load(machine):
    """An upgrade to a higher version while clients keep asking: nobody fails, and the configuration stays. Instances that
    run are restarted too, and no others are started."""
    machine.fresh()
    start(machine, "one")
    machine.write(conf_of("two"), text_of("two"))
    instance = machine.main_pid(unit_of("one"))
    edited = machine.output("sha256sum", CONF)
    directory, version = higher_version(machine)
    main, since = machine.main_pid(), machine.now()
    tally = Tally()
    load = Load(machine, UPGRADE_SECONDS, FRACTION)
    time.sleep(0.3)
    began = time.monotonic()
    machine.run("sh", "-euc", f"apt install {directory}/*.deb", timeout=120)
    took = time.monotonic() - began
    tally.add(load.finish())
    machine.run("rm", "-r", directory)
    expect(took < UPGRADE_SECONDS - 1, f"the upgrade took {took:.1f} s, longer than the load")
    expect(machine.output("dpkg-query", "-W", "-f", "${Version}", PACKAGES[0]) == version, "it was not upgraded")
    expect(machine.main_pid() != main, "the old process still runs")
    stops = [entry for entry in machine.journal(since) if str(entry["MESSAGE"]).startswith("Stopped: ")]
    expect(len(stops) == 1, f"the service was stopped {len(stops)} times")
    expect(machine.output("sha256sum", CONF) == edited, "the configuration was changed")
    expect(tally.failed() == 0, tally.text())
    greeted_text(machine)
    expect(machine.main_pid(unit_of("one")) not in (0, instance), "the instance was not restarted")
    greets(machine, "one")
    expect(machine.show("ActiveState", unit=unit_of("two")) == "inactive", "an instance that did not run was started")
    forget(machine, *PORTS)
    return f"{version} in {took:.1f} s; {tally.text()}"


def port_taken_at_boot(machine):
    """Another program has the port at boot: the service says so, tries again, and serves when the port is free."""
    machine.fresh()
    machine.write(f"/etc/systemd/system/{SQUATTER}", f"""[Unit]
Before={UNIT}
[Service]
ExecStart=/usr/bin/nc -l -k 12345
ExecStartPost=/usr/bin/sleep 0.5
[Install]
WantedBy=multi-user.target
""")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "enable", SQUATTER)
    since = machine.now()
    try:
        machine.boot()
        wait_until(lambda: "12345 (address already in use), trying again" in machine.show("StatusText"),
                   "the service to try again")
        expect(machine.show("ActiveState") != "active", "the service runs although its port is taken")
        errors = [str(entry["MESSAGE"]) for entry in machine.journal(since, "-p", "err")]
        expect(any("12345" in message and "in use" in message for message in errors), f"the errors are {errors[:3]}")
        machine.run("systemctl", "stop", SQUATTER)
        began = time.monotonic()
        wait_until(lambda: machine.show("ActiveState") == "active", "the service to come up")
        took = time.monotonic() - began
    finally:
        machine.run("systemctl", "disable", "--now", SQUATTER)
        machine.run("rm", f"/etc/systemd/system/{SQUATTER}")
        machine.run("systemctl", "daemon-reload")
    greeted_text(machine)
    return f"{machine.show('NRestarts')} restarts; up {took:.1f} s after the port was free"


def named_files(machine):
    """Files whose names say that they are ours."""
    out = machine.run("find", "/", "-xdev", "-name", "*sockgreet*", check=False)[1]
    return [path for path in out.splitlines() if not re.match(LEFT, path) and not path.startswith(machine.packages + "/")]


def remove_and_purge(machine):
    """Removing ends the service and its instances and leaves the configuration; purging leaves nothing but the locked
    user."""
    machine.fresh()
    for name in PORTS:
        start(machine, name)
        greets(machine, name)
    greet(machine)
    ask_udp(machine)
    owned = {path for path in machine.output("dpkg", "-L", *PACKAGES).splitlines()
             if not os.path.isdir(machine.root + path)}
    uid = machine.output("id", "-u", "sockgreet").strip()
    machine.run("sh", "-euc", f"apt remove {' '.join(PACKAGES)}", timeout=120)
    left = {path for path in owned if os.path.lexists(machine.root + path)}
    conffiles = {path for path in owned if path.startswith("/etc/")}
    expect(all(os.path.lexists(machine.root + conf_of(name)) for name in PORTS), "removing removed configurations")
    expect(CONF in left and left <= conffiles, f"removing left {sorted(left - conffiles)}")
    expect(machine.run("pgrep", "-u", uid, check=False)[1] == "", "there are processes after removing")
    expect(not os.path.lexists(machine.root + UNIX_PATH), "the Unix path is left after removing")
    machine.run("sh", "-euc", f"apt purge {' '.join(PACKAGES)}", timeout=120)
    left = named_files(machine)
    expect(not left, f"purging left {left}")
    state = machine.output("systemctl", "show", UNIT, "-p", "LoadState", "--value").strip()
    expect(state == "not-found", f"the unit is {state} after purging")
    failed = machine.output("systemctl", "list-units", "--all", "--plain", "--no-legend", "sockgreet*")
    expect(not failed, f"systemd still knows {failed}")
    shadow = next(line for line in machine.output("cat", "/etc/shadow").splitlines() if line.startswith("sockgreet:"))
    expect(shadow.split(":")[1].startswith("!"), f"the user that stays is not locked: {shadow}")
    return f"{len(owned)} files, {len(conffiles)} of them configuration; nothing left but the locked user"


def make_server(machine, name):
    """A package that starts and enables its service, as Debian's servers do. Returns the path of the file inside."""
    return machine.output("sh", "-euc", '''
        cd "$(mktemp -d /var/tmp/sockgreet-server-XXXXXX)"
        chmod 755 .
        mkdir -p tree/DEBIAN tree/lib/systemd/system
        printf "Package: $0\\nVersion: 1\\nArchitecture: all\\nMaintainer: Nobody <nobody@test.invalid>\\nDescription: server\\n" \
            >tree/DEBIAN/control
        printf "[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n" \
            >"tree/lib/systemd/system/$0.service"
        printf "#!/bin/sh -e\\ndeb-systemd-helper enable $0.service\\ndeb-systemd-invoke start $0.service\\n" \
            >tree/DEBIAN/postinst
        chmod 755 tree/DEBIAN/postinst
        dpkg-deb --root-owner-group -b tree "$0.deb" >/dev/null
        echo "$PWD/$0.deb"''', name).strip()


def states(machine, *names):
    """Whether these services run and are enabled."""
    return [machine.show("ActiveState", "UnitFileState", unit=f"{name}.service") for name in names]


def servers_for_tests(machine):
    """scripts/install-packages leaves a server that it installs neither running nor enabled, and other servers alone."""
    with open(os.path.join(SOURCE, "scripts/install-packages"), encoding="utf-8") as script:
        machine.write("/var/tmp/install-packages", script.read())
    there, new = make_server(machine, "there"), make_server(machine, "new")
    try:
        machine.run("dpkg", "-i", there)
        expect(states(machine, "there") == [["active", "enabled"]], "the package starts no server")
        machine.run("bash", "/var/tmp/install-packages", new)
        expect(states(machine, "there", "new") == [["active", "enabled"], ["inactive", "disabled"]],
               f"the servers are {states(machine, 'there', 'new')}")
        expect(machine.run("test", "-e", "/usr/sbin/policy-rc.d", check=False)[0] == 1, "policy-rc.d was left")
    finally:
        machine.run("systemctl", "stop", "there", "new", check=False)
        machine.run("dpkg", "--purge", "there", "new", check=False)
        machine.run("systemctl", "daemon-reload")
        machine.run("rm", "-r", os.path.dirname(there), os.path.dirname(new), "/var/tmp/install-packages")


FIRST = [documented]
CASES = [servers_for_tests, socket_activation, upgrade_under_load, port_taken_at_boot]
LAST = [remove_and_purge]
