"""A certificate holds offline, and says which way it does not."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from certifying import TOKEN
from made_once import Made
from securesystemslib.dsse import Envelope
from securesystemslib.signer import CryptoSigner
from typer.testing import CliRunner

from camsim_conformance.command import app
from camsim_conformance.report import certificate
from camsim_conformance.report.certificate import CertificateError, load_private, new_key, verify
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


# --- what a good signature does not make true -------------------------------------------------------------------------


def signed_again(file: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    """The statement changed by whoever holds the key."""
    statement = payload(file)
    edit(statement)
    sign(file, rfc8785.dumps(statement))


def sign(file: Path, statement: bytes, kind: str = "application/vnd.in-toto+json") -> None:
    envelope = Envelope(statement, kind, {})
    envelope.sign(CryptoSigner(load_private(file.parent.parent / "keys" / "issuer.key")))
    file.write_text(json.dumps(envelope.to_dict()))


def camsim_verify(*words: object) -> Any:
    return CliRunner().invoke(app, ["verify", *map(str, words)])


def test_a_signed_statement_stays_good(issued: tuple[Path, Path]) -> None:
    signed_again(issued[0], lambda statement: None)
    assert verify(*issued).unknown == ()


FAILS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "failed": (lambda told: told["predicate"].update(result="FAILED"), "did not pass"),
    "odd result": (lambda told: told["predicate"].update(result="passed"), "did not pass"),
    "failed tests": (lambda told: told["predicate"].update(failedTests=["CB-DUP-001"]), "did not pass.*CB-DUP-001"),
    "no grade": (lambda told: told["predicate"]["camsim"].update(grade="none"), "did not pass"),
    "another grade": (lambda told: told["predicate"]["camsim"].update(grade="storm"), "did not pass"),
    "another target": (lambda told: told["subject"][0].update(name="http://other/"), "did not pass"),
    "another kind": (lambda told: told.update(predicateType="https://slsa.dev/provenance/v1"), "no certificate"),
    "another type": (lambda told: told.update(_type="https://in-toto.io/Statement/v0.1"), "no certificate"),
    "no subject": (lambda told: told.update(subject=[]), "no certificate"),
    "of the future": (lambda told: told["predicate"]["camsim"].update(issued="2999-01-01T00:00:00Z"), "future"),
    "no zone": (lambda told: told["predicate"]["camsim"].update(issued="2026-01-01T00:00:00"), "no certificate"),
    "never valid": (lambda told: told["predicate"]["camsim"].update(expires="2020-01-01T00:00:00Z"), "never valid"),
    "odd member": (lambda told: told["predicate"].update(camsim=[]), "no certificate"),
    "another result": (lambda told: told["subject"][0].update(digest={"sha256": "0" * 64}), "not the result"),
    "no digest": (lambda told: told["subject"][0].update(digest={}), "not the result"),
}


@pytest.mark.parametrize("name", FAILS)
def test_a_good_signature_under_what_does_not_hold_is_no_pass(issued: tuple[Path, Path], name: str) -> None:
    edit, why = FAILS[name]
    signed_again(issued[0], edit)
    with pytest.raises(CertificateError, match=why):
        verify(*issued)
    done = camsim_verify(issued[0], "--key", issued[1])
    assert (done.exit_code, "valid" in done.stdout) == (1, False)


def test_a_result_that_failed_is_told_from_result_json_too(issued: tuple[Path, Path]) -> None:
    file = issued[0].parent / "result.json"
    raw = file.read_bytes().replace(b'"outcome": "passed"', b'"outcome": "failed"')
    file.write_bytes(raw)
    digest = {"sha256": hashlib.sha256(raw).hexdigest()}
    signed_again(issued[0], lambda told: told["subject"][0].update(digest=digest))
    with pytest.raises(CertificateError, match=r"result\.json says .failed."):
        verify(*issued)


def test_members_that_stand_twice_are_refused_in_all_three_files(issued: tuple[Path, Path]) -> None:
    file, key = issued
    good, text = file.read_text(), rfc8785.dumps(payload(file))
    file.write_text(good.replace('"payloadType"', '"payloadType": "x", "payloadType"', 1))
    with pytest.raises(CertificateError, match="twice"):
        verify(file, key)
    sign(file, text.replace(b'"result":', b'"result":"FAILED","result":', 1))
    with pytest.raises(CertificateError, match="twice"):
        verify(file, key)
    result = file.parent / "result.json"
    raw = result.read_bytes().replace(b'"outcome":', b'"outcome": "failed", "outcome":', 1)
    result.write_bytes(raw)
    statement = json.loads(text)
    statement["subject"][0]["digest"]["sha256"] = hashlib.sha256(raw).hexdigest()
    sign(file, rfc8785.dumps(statement))
    with pytest.raises(CertificateError, match="twice"):
        verify(file, key)


def test_another_payload_type_is_refused(issued: tuple[Path, Path]) -> None:
    sign(issued[0], rfc8785.dumps(payload(issued[0])), "text/plain")
    with pytest.raises(CertificateError, match="payload type"):
        verify(*issued)


def test_the_reports_beside_it_are_covered(passed: Made, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(passed[1], out, ignore=shutil.ignore_patterns("cases"))
    assert [row["name"] for row in payload(out / "certificate.json")["subject"][1:]] == [
        "report.html",
        "junit.xml",
        "summary.md",
    ]
    verify(out / "certificate.json", out / "issuer.pub")
    for name in ("report.html", "junit.xml", "summary.md"):
        was = (out / name).read_bytes()
        (out / name).write_bytes(was + b" ")
        with pytest.raises(CertificateError, match=f"tampered: .*{name} is not the one"):
            verify(out / "certificate.json", out / "issuer.pub")
        (out / name).write_bytes(was)


def test_a_statement_makes_nobody_read_a_file_elsewhere(issued: tuple[Path, Path], tmp_path: Path) -> None:
    row = {"name": "../../../../etc/hostname", "digest": {"sha256": "0"}}
    signed_again(issued[0], lambda told: told["subject"].append(row))
    assert verify(*issued).grade == "state"


def test_it_says_what_it_does_not_know(issued: tuple[Path, Path], passed: Made, tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(issued[0], alone / "certificate.json")
    assert ["result.json" in text for text in verify(alone / "certificate.json", issued[1]).unknown] == [True]
    (alone / "report.html").write_text("<p>Passed</p>")
    assert any("report.html" in text for text in verify(alone / "certificate.json", issued[1]).unknown)
    shutil.copy(issued[1], alone / "issuer.pub")
    assert any("lay beside" in text for text in verify(alone / "certificate.json", alone / "issuer.pub").unknown)
    own = verify(passed[1] / "certificate.json", passed[1] / "issuer.pub")
    assert any("made for it alone" in text for text in own.unknown)


def test_without_a_key_nobody_knows_who_issued_it_and_that_is_no_0(passed: Made, tmp_path: Path) -> None:
    done = camsim_verify(passed[1] / "certificate.json")
    assert (done.exit_code, done.stdout.startswith("unchanged: ")) == (3, True), done.output
    assert "not known: who issued it" in done.stdout
    told = camsim_verify(passed[1] / "certificate.json", "--json")
    assert (told.exit_code, len(json.loads(told.stdout)["unknown"])) == (3, 1)
    shutil.copy(passed[1] / "certificate.json", tmp_path)
    assert camsim_verify(tmp_path / "certificate.json").exit_code == 2
