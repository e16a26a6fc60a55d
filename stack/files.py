"""Small JSON files that a reader never sees half-written."""

import json
import os
from pathlib import Path
from typing import Any


def write_json(path: Path, value: Any) -> None:
    """Replace `path` at once; only its owner may read it, since most of these files hold secrets."""
    draft = path.with_suffix(".draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(value, file, indent=2)
    draft.replace(path)


def read_json(path: Path) -> Any:
    """The content of `path`, or None if there is no such file."""
    return json.loads(path.read_text()) if path.exists() else None
