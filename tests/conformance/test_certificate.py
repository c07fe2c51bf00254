"""A certificate holds offline, and says which way it does not."""

from __future__ import annotations

import base64
import json
import shutil
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from certifying import TOKEN
from made_once import Made
from typer.testing import CliRunner

from camsim_conformance.command import app
from camsim_conformance.report import certificate
from camsim_conformance.report.certificate import CertificateError, new_key, verify
from camsim_conformance.target.profile import UsageError


@pytest.fixture
def issued(passed: Made, tmp_path: Path) -> tuple[Path, Path]:
    """A certificate of a passed run and the issuer's public key."""
    document, out = passed
    private, public = new_key(tmp_path / "keys")
    raw = (out / "result.json").read_bytes()
    folder = tmp_path / "signed"
    folder.mkdir()
    (folder / "result.json").write_bytes(raw)
    certificate.write(document, raw, folder, private)
    return folder / "certificate.json", public


def payload(file: Path) -> dict[str, Any]:
    """The statement inside, not verified."""
    read: dict[str, Any] = json.loads(base64.b64decode(json.loads(file.read_text("utf-8"))["payload"]))
    return read


def test_a_certificate_verifies_with_its_key(issued: tuple[Path, Path]) -> None:
    found = verify(*issued)
    assert (found.grade, found.expires - found.issued) == ("state", timedelta(days=90))


def test_it_says_what_it_shows_and_what_not(issued: tuple[Path, Path]) -> None:
    told = payload(issued[0])["predicate"]["camsim"]
    assert "settle time" in told["shown"]
    assert "does not show" in told["notShown"]
    assert "CB-ENC-001" in told["notApplicable"]


def test_it_is_an_in_toto_test_result(issued: tuple[Path, Path]) -> None:
    statement = payload(issued[0])
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    assert statement["predicate"]["failedTests"] == []
    assert "CB-DUP-001" in statement["predicate"]["passedTests"]


def test_it_holds_no_secret(issued: tuple[Path, Path]) -> None:
    assert TOKEN not in json.dumps(payload(issued[0]))


def changed(file: Path, **members: Any) -> None:
    envelope = json.loads(file.read_text())
    statement = json.loads(base64.b64decode(envelope["payload"]))
    statement["predicate"]["camsim"].update(members)
    envelope["payload"] = base64.b64encode(json.dumps(statement).encode()).decode()
    file.write_text(json.dumps(envelope))


def test_a_changed_content_is_tampered(issued: tuple[Path, Path]) -> None:
    changed(issued[0], grade="storm")
    with pytest.raises(CertificateError, match="tampered"):
        verify(*issued)


def test_a_changed_signature_is_tampered(issued: tuple[Path, Path]) -> None:
    envelope = json.loads(issued[0].read_text())
    raw = bytearray(base64.b64decode(envelope["signatures"][0]["sig"]))
    raw[0] ^= 1
    envelope["signatures"][0]["sig"] = base64.b64encode(raw).decode()
    issued[0].write_text(json.dumps(envelope))
    with pytest.raises(CertificateError, match="tampered"):
        verify(*issued)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"payload": "x"}', '{"payload":"e30=","payloadType":"x","signatures":[]}']
)
def test_what_is_no_envelope_is_tampered(issued: tuple[Path, Path], text: str) -> None:
    issued[0].write_text(text)
    with pytest.raises(CertificateError, match="tampered"):
        verify(*issued)


def test_another_result_beside_it_is_tampered(issued: tuple[Path, Path]) -> None:
    (issued[0].parent / "result.json").write_text("{}")
    with pytest.raises(CertificateError, match="not the result"):
        verify(*issued)


def test_without_its_result_it_still_verifies(issued: tuple[Path, Path], tmp_path: Path) -> None:
    alone = tmp_path / "certificate.json"
    shutil.copy(issued[0], alone)
    assert verify(alone, issued[1]).grade == "state"


def test_another_key_is_the_wrong_key(issued: tuple[Path, Path], tmp_path: Path) -> None:
    _, other = new_key(tmp_path / "other")
    with pytest.raises(CertificateError, match="wrong key"):
        verify(issued[0], other)


def test_after_ninety_days_it_is_expired(issued: tuple[Path, Path]) -> None:
    with pytest.raises(CertificateError, match="expired"):
        verify(*issued, now=datetime.now(UTC) + timedelta(days=91))


def test_an_expired_and_tampered_one_is_tampered(issued: tuple[Path, Path]) -> None:
    changed(issued[0], expires="2999-01-01T00:00:00Z")
    with pytest.raises(CertificateError, match="tampered"):
        verify(*issued, now=datetime.now(UTC) + timedelta(days=91))


def test_the_command_exits_0_and_1(issued: tuple[Path, Path], tmp_path: Path) -> None:
    _, other = new_key(tmp_path / "other")
    good = CliRunner().invoke(app, ["verify", str(issued[0]), "--key", str(issued[1]), "--json"])
    bad = CliRunner().invoke(app, ["verify", str(issued[0]), "--key", str(other)])
    assert (good.exit_code, json.loads(good.stdout)["grade"], bad.exit_code) == (0, "state", 1)
    assert "wrong key" in bad.stderr


def test_every_graded_run_leaves_a_certificate_and_the_key_to_it(passed: Made) -> None:
    out = passed[1]
    assert verify(out / "certificate.json", out / "issuer.pub").grade == "state"
    assert payload(out / "certificate.json")["predicate"]["camsim"]["selfIssued"] is True


def test_a_failed_run_leaves_none(failed: Made) -> None:
    assert not (failed[1] / "certificate.json").exists()


def test_a_new_key_is_secret_and_never_overwritten(tmp_path: Path) -> None:
    made = CliRunner().invoke(app, ["key", "new", "--out", str(tmp_path)])
    again = CliRunner().invoke(app, ["key", "new", "--out", str(tmp_path)])
    assert (made.exit_code, again.exit_code) == (0, 2)
    assert stat.S_IMODE((tmp_path / "issuer.key").stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"not a key", b"-----BEGIN PUBLIC KEY-----\n"])
def test_a_file_that_is_no_key_is_a_usage_error(issued: tuple[Path, Path], tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x.pub"
    file.write_bytes(content)
    with pytest.raises(UsageError):
        verify(issued[0], file)
