"""The secrets of one stack, made once and kept beside its databases.

Airflow encrypts trigger arguments with the Fernet key: the same metadata database under a new key stops the
triggerer and every DAG with an asset watcher.
"""

import base64
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from stack.files import read_json, write_json

ROLES = ("admin", "op", "user", "viewer")  # one account each, named after its role


@dataclass(frozen=True)
class Keys:
    fernet: str = field(default_factory=lambda: base64.urlsafe_b64encode(os.urandom(32)).decode())
    jwt: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    session: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    passwords: dict[str, str] = field(
        default_factory=lambda: {role: secrets.token_urlsafe(12) for role in ROLES}
    )

    @classmethod
    def load_or_make(cls, path: Path) -> "Keys":
        stored = read_json(path)
        if stored is not None:
            return cls(**stored)
        keys = cls()
        write_json(path, asdict(keys))
        return keys
