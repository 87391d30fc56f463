# SPDX-License-Identifier: MIT
"""Debian roots: made by mmdebstrap once a week, kept as tarballs in a cache.

Each also has, in apt's own cache, what the packages under test depend on, so that apt installs them in a container that
has no network, just as it would on a machine that has one."""

import datetime
import glob
import hashlib
import os

from common import run_outside

SUITE = "bookworm"
MINIMAL = ["dbus", "netcat-openbsd", "systemd", "systemd-sysv"]
DEPENDENCIES = ["libcap-ng0", "libconfig9", "libjansson4", "libseccomp2", "libsystemd0"]
# What autopkgtest needs, and what debian/tests/control asks for.
AUTOPKGTEST = [*MINIMAL, "apt-utils", "autopkgtest", "dpkg-dev", "python3"]


def cache_directory():
    """Where roots are kept."""
    home = os.environ.get("XDG_CACHE_HOME")
    return os.path.join(home, "sockgreet-test") if home else "/var/cache/sockgreet-test"


def tarball(packages):
    """The tarball of a root with these packages, made anew every week and whenever the lists change."""
    key = hashlib.sha256(" ".join([SUITE, *packages, "+", *DEPENDENCIES]).encode()).hexdigest()[:12]
    year, week, _ = datetime.date.today().isocalendar()
    path = os.path.join(cache_directory(), f"{SUITE}-{key}-{year}w{week:02}.tar.zst")
    if not os.path.exists(path):
        os.makedirs(cache_directory(), exist_ok=True)
        _make(packages, path)
        for old in glob.glob(os.path.join(cache_directory(), f"{SUITE}-{key}-*w[0-9][0-9].tar.zst")):
            if old != path:
                os.unlink(old)
    return path


def _make(packages, path):
    new = f"{path[:-8]}.{os.getpid()}.tar.zst"  # mmdebstrap compresses by the name's end
    fetch = f"apt-get clean && apt-get install --yes --download-only --reinstall {' '.join(DEPENDENCIES)} && rm /var/cache/apt/*.bin"
    try:
        run_outside("mmdebstrap", "--variant=minbase", f"--include={','.join(packages)}", "--skip=cleanup/apt",
                    f'--customize-hook=chroot "$1" sh -c "{fetch}"', SUITE, new)
        os.rename(new, path)
    finally:
        if os.path.exists(new):
            os.unlink(new)
