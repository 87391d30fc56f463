# SPDX-License-Identifier: MIT
"""The machine that the tests run on, which they take over: for autopkgtest, in a machine made for it."""

import glob
import os
import shutil
import tempfile

from common import PACKAGES, expect
from system import System


class Here(System):
    """This machine, with the packages installed."""

    def open(self):
        self.work = tempfile.mkdtemp(prefix="sockgreet-system-", dir="/var/tmp")
        os.chmod(self.work, 0o755)
        self.packages = self.work
        self._fetch_packages(os.path.join(self.work, "out"))

    def _fetch_packages(self, directory):
        """The packages as they are installed, for the cases that install them: from where apt has them."""
        os.mkdir(directory)
        os.chmod(directory, 0o777)  # apt drops its privileges for that
        self.run("sh", "-euc", 'cd "$0"; apt-get download "$@"', directory, *PACKAGES)
        expect(len(glob.glob(f"{directory}/*.deb")) == len(PACKAGES), "apt-get download got no packages")

    def close(self):
        super().close()
        shutil.rmtree(self.work, ignore_errors=True)

    def boot(self):
        """As near to it as one comes without losing the tests: what multi-user.target wants is started again."""
        self.systemctl("stop")
        self.run("systemctl", "start", "--no-block", "multi-user.target")

    def prefix(self, user=None):
        return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--"] if user else []
