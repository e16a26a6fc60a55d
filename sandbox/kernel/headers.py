"""Header names as vendors spell them: ASGI has them in lower case, and some clients look them up with their case."""

from __future__ import annotations

_WORDS = {
    "etag": "ETag",
    "numberofrecords": "NumberOfRecords",
    "ratelimit": "RateLimit",
    "www": "WWW",
}


def spelled(name: str) -> str:
    """`sforce-locator` is `Sforce-Locator`; a name that has its case already keeps it."""
    if name != name.lower():
        return name
    return "-".join(_WORDS.get(word, word.capitalize()) for word in name.split("-"))
