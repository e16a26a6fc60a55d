"""Client ids, secrets and passwords of the two services, generated once per state directory."""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


def load_secrets(directory: Path) -> Mapping[str, Mapping[str, str]]:
    """By service: client_id and client_secret; for Salesforce also username, password, private_key (PEM, of
    the certificate that its JWT bearer flow knows) and refresh_token.

    What an older state directory lacks is added.
    """
    path = directory / "secrets.json"
    known: dict[str, dict[str, str]] = json.loads(path.read_text()) if path.exists() else {}
    complete = {name: made | known.get(name, {}) for name, made in _generate().items()}
    if complete != known:
        path.touch(mode=0o600)
        path.write_text(json.dumps(complete, indent=2))
    return complete


def new_private_key() -> str:
    """An RSA key in PEM."""
    key = generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _generate() -> dict[str, dict[str, str]]:
    return {
        "salesforce": {
            "client_id": f"3MVG9{secrets.token_urlsafe(48)}",
            "client_secret": secrets.token_hex(32).upper(),
            "username": "integration@sandbox.example",
            "password": secrets.token_urlsafe(18),
            "private_key": new_private_key(),
            "refresh_token": f"5Aep861{secrets.token_urlsafe(48)}",
        },
        "sales_connect": {
            "client_id": f"sc_{secrets.token_hex(12)}",
            "client_secret": secrets.token_urlsafe(32),
        },
    }
