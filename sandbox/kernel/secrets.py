"""Client ids, secrets and passwords of the two services, generated once per state directory."""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path


def load_secrets(directory: Path) -> Mapping[str, Mapping[str, str]]:
    """By service: client_id and client_secret, for Salesforce also username and password."""
    path = directory / "secrets.json"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(json.dumps(_generate(), indent=2))
    loaded: Mapping[str, Mapping[str, str]] = json.loads(path.read_text())
    return loaded


def _generate() -> dict[str, dict[str, str]]:
    return {
        "salesforce": {
            "client_id": f"3MVG9{secrets.token_urlsafe(48)}",
            "client_secret": secrets.token_hex(32).upper(),
            "username": "integration@sandbox.example",
            "password": secrets.token_urlsafe(18),
        },
        "sales_connect": {
            "client_id": f"sc_{secrets.token_hex(12)}",
            "client_secret": secrets.token_urlsafe(32),
        },
    }
