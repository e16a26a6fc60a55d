"""Files that only their owner may read, and small JSON files that a reader never sees half-written."""

import json
import os
from pathlib import Path
from typing import Any, BinaryIO


def private(path: Path) -> BinaryIO:
    """An empty file at `path` to write in."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.fchmod(descriptor, 0o600)  # one that was there before may have been open to others
    return os.fdopen(descriptor, "wb")


def write_json(path: Path, value: Any) -> None:
    """Replace `path` at once; most of these files hold secrets."""
    draft = path.with_suffix(".draft")
    with private(draft) as file:
        file.write(json.dumps(value, indent=2).encode())
    draft.replace(path)


def read_json(path: Path) -> Any:
    """The content of `path`, or None if there is no such file."""
    return json.loads(path.read_text()) if path.exists() else None
