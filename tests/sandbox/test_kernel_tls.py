import ssl
from datetime import UTC, datetime
from pathlib import Path

import certifi
import pytest
from cryptography import x509

from sandbox.kernel.tls import make_tls_files


@pytest.fixture(autouse=True)
def no_bundle_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)


def served_certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificates(path.read_bytes())[0]


def test_the_certificate_is_for_localhost_and_the_public_name(tmp_path: Path) -> None:
    certificate = served_certificate(make_tls_files(tmp_path, ["sandbox"]).certificate)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) == {"sandbox", "localhost"}
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    assert certificate.not_valid_after_utc > datetime.now(UTC)


def test_the_bundle_keeps_what_was_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = make_tls_files(tmp_path, []).ca_bundle
    assert bundle.read_bytes().startswith(Path(certifi.where()).read_bytes().rstrip())
    named = tmp_path / "company.pem"
    named.write_text("# company CA\n")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(named))
    assert make_tls_files(tmp_path, []).ca_bundle.read_text().startswith("# company CA\n-----BEGIN")
    ssl.create_default_context(cafile=str(bundle))


def test_a_restart_inside_the_stacks_environment_does_not_grow_the_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make_tls_files(tmp_path, []).ca_bundle
    size = first.stat().st_size
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(first))
    assert make_tls_files(tmp_path, []).ca_bundle.stat().st_size == size


def test_the_bundle_of_an_earlier_start_trusts_a_later_one(tmp_path: Path) -> None:
    earlier = make_tls_files(tmp_path, []).ca_bundle.read_bytes()
    later = make_tls_files(tmp_path, [])
    authority = (tmp_path / "ca.pem").read_bytes().strip()
    assert authority in earlier
    served_certificate(later.certificate).verify_directly_issued_by(x509.load_pem_x509_certificate(authority))


def test_keys_are_private_and_a_certificate_can_be_an_expired_one(tmp_path: Path) -> None:
    files = make_tls_files(tmp_path, [], expired=True)
    assert served_certificate(files.certificate).not_valid_after_utc < datetime.now(UTC)
    modes = {name: (tmp_path / name).stat().st_mode & 0o777 for name in ("server.pem", "ca-key.pem")}
    assert set(modes.values()) == {0o600}
