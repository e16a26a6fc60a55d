"""What the pages bring along: scripts and styles, under names that change with their content."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Final

_FOLDERS: Final = ("static", "static/vendor")
_TYPES: Final = {".js": "text/javascript", ".css": "text/css"}


@cache
def named() -> dict[str, str]:
    """Plain name -> the name with a digest, under which it may be kept for a year."""
    return {plain: name for name, (plain, _, _) in _held().items()}


def held(name: str) -> tuple[bytes, str] | None:
    """Content and type of a file by its name with a digest."""
    found = _held().get(name)
    return None if found is None else found[1:]


@cache
def _held() -> dict[str, tuple[str, bytes, str]]:
    found = {}
    for folder in _FOLDERS:
        for entry in files("taskbridge.web").joinpath(folder).iterdir():
            stem, dot, suffix = entry.name.rpartition(".")
            if dot + suffix in _TYPES:
                content = entry.read_bytes()
                name = f"{stem}.{sha256(content).hexdigest()[:12]}.{suffix}"
                found[name] = (entry.name, content, _TYPES[dot + suffix])
    return found
