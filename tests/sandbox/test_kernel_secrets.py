import json
from pathlib import Path

from sandbox.kernel.secrets import load_secrets


def test_secrets_are_made_once_and_belong_to_the_owner(tmp_path: Path) -> None:
    first = load_secrets(tmp_path)
    assert load_secrets(tmp_path) == first
    assert first["salesforce"]["private_key"].startswith("-----BEGIN PRIVATE KEY-----")
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_an_older_state_gets_what_it_lacks_and_keeps_the_rest(tmp_path: Path) -> None:
    old = {"salesforce": {"client_id": "old"}, "sales_connect": {"client_id": "old", "client_secret": "s"}}
    (tmp_path / "secrets.json").write_text(json.dumps(old))
    loaded = load_secrets(tmp_path)
    assert loaded["salesforce"]["client_id"] == "old"
    assert loaded["salesforce"]["private_key"]
    assert loaded["sales_connect"] == old["sales_connect"]
    assert load_secrets(tmp_path) == loaded
