"""What the pages bring along is what the lists say, and nothing is loaded from elsewhere."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "plugins" / "taskbridge" / "web"
LISTS = (WEB / "static" / "vendor" / "VENDOR.txt", ROOT / "tests" / "browser" / "vendor" / "VENDOR.txt")


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.parents[1].name)
def test_each_file_is_listed_with_its_hash_and_a_licence(path: Path) -> None:
    lines = [line.split() for line in path.read_text().splitlines() if not line.startswith("#")]
    listed = {here: digest for _, _, _, here, digest in lines}
    found = {one.name: sha256(one.read_bytes()).hexdigest() for one in path.parent.iterdir() if one != path}
    assert found == listed
    for package in {line[0] for line in lines}:
        assert any(line[2] == "LICENSE" for line in lines if line[0] == package)


def test_templates_and_styles_load_nothing_from_elsewhere_and_hold_no_inline_script() -> None:
    for path in [*(WEB / "templates").iterdir(), *(WEB / "static").glob("*.*")]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(src|href|url)\s*[=(]\s*[\"']?(https?:)?//", text), path
        assert not re.search(r"<script(?! src=)|\son\w+=|style=\"", text), path


def test_the_style_is_some_250_lines_at_most() -> None:
    assert len((WEB / "static" / "app.css").read_text().splitlines()) <= 250
