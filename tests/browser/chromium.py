"""The Chromium that the browser tests drive: one of this machine, else from Debian."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def found() -> str | None:
    """Its path: what the variable CHROMIUM says, or the first on the PATH."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)


def install() -> None:
    """From Debian, where that is possible."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        for command in (
            ("update",),
            ("install", "--yes", "--no-install-recommends", "chromium", "fonts-liberation"),
        ):
            subprocess.run(["apt-get", "-qq", *command], check=False, stdout=subprocess.DEVNULL)


def main() -> int:
    if not found():
        install()
    if path := found():
        print(path)
        return 0
    print(
        "The browser tests need Chromium: install it (Debian: apt-get install chromium), or name it in CHROMIUM.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
