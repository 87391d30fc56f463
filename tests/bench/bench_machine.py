# SPDX-License-Identifier: MIT
"""Describes what the figures were measured on: the machine, and the versions of what was compared."""
import datetime
import os
import platform
import re
import shutil
import subprocess

import bench_regimes


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as cpuinfo:
        found = re.search(r"^model name\s*: (.*)$", cpuinfo.read(), re.MULTILINE)
    return found[1] if found else platform.machine()


def memory():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def distribution():
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "unknown")
    except OSError:
        return "unknown"


def said(*command):
    """What a program prints, on either stream; "" if there is no such program."""
    path = shutil.which(command[0], path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not path:
        return ""
    done = subprocess.run([path, *command[1:]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
                          errors="replace", timeout=10, check=False)
    return done.stdout


def version(pattern, *command):
    found = re.search(pattern, said(*command))
    return found[1] if found else "not installed"


def describe(build):
    """All of it, in the order in which it is shown."""
    return {
        "date": datetime.date.today().isoformat(),
        "processor": processor(),
        "processors": f"{os.cpu_count()}, of which {bench_regimes.FIRST} and {bench_regimes.SECOND} are used",
        "memory": f"{memory() / 2**30:.0f} GiB",
        "kernel": re.match(r"[\d.]*\d", platform.release())[0],
        "system": distribution(),
        "sockgreetd": version(r"sockgreetd?\s+(\S+)", os.path.join(build, "sockgreetd"), "-V"),
        "nginx": version(r"nginx/(\S+)", "nginx", "-v"),
        "xinetd": version(r"(?:Version )?(\d[\d.]+)", "xinetd", "-version"),
        "systemd": version(r"systemd (\d+)", "journalctl", "--version"),
        "Python": platform.python_version(),
        "gcc": version(r"(\d+\.\d+\.\d+)\s*$", "gcc", "-dumpfullversion"),
    }
