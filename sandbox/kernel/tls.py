"""The certificate of both services, and one bundle of trusted CAs with which any client can reach them."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import certifi
import trustme


@dataclass(frozen=True)
class TlsFiles:
    """Paths of PEM files: `certificate` with the private key, `ca_bundle` for clients."""

    certificate: Path
    ca_bundle: Path


def make_tls_files(directory: Path, names: Sequence[str], *, expired: bool = False) -> TlsFiles:
    """A new certificate for `names`, localhost and 127.0.0.1.

    The CA is kept in `directory`: a client with the bundle of an earlier start still trusts a later one.
    The bundle replaces a client's trust store (REQUESTS_CA_BUNDLE), so it begins with the file which that
    variable names already, else with certifi's.
    """
    authority = _authority(directory)
    now = datetime.now(UTC)
    issued = authority.issue_cert(
        *dict.fromkeys([*names, "localhost", "127.0.0.1"]),
        not_before=now - timedelta(days=2),
        not_after=now + timedelta(days=-1 if expired else 365),
    )
    files = TlsFiles(directory / "server.pem", directory / "ca-bundle.pem")
    _write_private(files.certificate, issued.private_key_and_cert_chain_pem.bytes())
    trusted = _trusted_by_default(files.ca_bundle)
    files.ca_bundle.write_bytes(trusted.rstrip() + b"\n" + authority.cert_pem.bytes())
    return files


def _authority(directory: Path) -> trustme.CA:
    certificate, key = directory / "ca.pem", directory / "ca-key.pem"
    if certificate.exists() and key.exists():
        return trustme.CA.from_pem(certificate.read_bytes(), key.read_bytes())
    authority = trustme.CA(organization_name="TaskBridge sandbox")
    _write_private(key, authority.private_key_pem.bytes())
    certificate.write_bytes(authority.cert_pem.bytes())
    return authority


def _trusted_by_default(own: Path) -> bytes:
    named = os.environ.get("REQUESTS_CA_BUNDLE")
    if named and Path(named).is_file() and Path(named).resolve() != own.resolve():
        return Path(named).read_bytes()
    return Path(certifi.where()).read_bytes()


def _write_private(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
