"""The vectors of fixtures/vectors/: linted, and each one true of this implementation."""

from __future__ import annotations

import base64
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from camsim import resources
from camsim.protocol import catalogue, cipher, schemas, statuses, templates, timestamps
from camsim.protocol.v3 import envelope

FILES = ("timestamps", "cipher", "envelopes", "templates", "status-codes", "recognition")
RESULTS = ("valid", "invalid", "acceptable")
SCRIPT = Path(__file__).parents[3] / "scripts" / "make_cipher_vectors.sh"


def vectors(name: str, *results: str) -> list[Any]:
    """The vectors of a file with one of these results (all without one), as parameters named by their ids."""
    rows = resources.load("fixtures", "vectors", f"{name}.json")["vectors"]
    return [pytest.param(row, id=row["id"]) for row in rows if row["result"] in (results or RESULTS)]


def test_every_file_of_vectors_is_tested() -> None:
    assert {file.stem for file in resources.path("fixtures", "vectors").iterdir()} == set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_every_vector_says_what_it_is(name: str) -> None:
    document = resources.load("fixtures", "vectors", f"{name}.json")
    members = {"id", "comment", "source", "result", "input", "expected"}
    assert document["description"]
    for vector in document["vectors"]:
        assert set(vector) == members, vector["id"]
        assert vector["result"] in RESULTS, vector["id"]
        assert "" not in (vector["comment"], vector["source"]), vector["id"]


def test_no_id_is_used_twice() -> None:
    ids = [row.id for name in FILES for row in vectors(name)]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", FILES)
def test_every_file_has_good_and_bad_vectors(name: str) -> None:
    assert vectors(name, "valid")
    assert vectors(name, "invalid")


def test_every_source_is_a_cited_line_or_a_row_of_the_register() -> None:
    quoted = {(q["page"], q["line"]) for q in resources.load("fixtures", "vendor", "quotes.json")["quotes"]}
    samples = {row["request_line"] for row in resources.load("fixtures", "vendor", "v3.json")}
    known = {row["id"] for row in resources.load("fixtures", "register.json")["rows"]}
    known |= {f"V{page[1:]}:{line}" for page, line in quoted} | {f"V3:{line}" for line in samples}
    sources = {source for name in FILES for row in vectors(name) for source in row.values[0]["source"].split("; ")}
    assert {source for source in sources if source not in known and not source.startswith("NIST SP 800-38A")} == set()


@pytest.mark.parametrize("vector", vectors("timestamps", "valid", "acceptable"))
def test_a_time_is_read(vector: dict[str, Any]) -> None:
    stamp = timestamps.parse(vector["input"])
    assert vector["expected"] == {"epoch_s": stamp.epoch_s, "offset": stamp.offset, "shape": stamp.shape}


@pytest.mark.parametrize("vector", vectors("timestamps", "invalid"))
def test_a_text_that_is_no_time_is_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(timestamps.TimestampError):
        timestamps.parse(vector["input"])


def _is_body(row: Any) -> bool:
    return "body" in row.values[0]["input"]


@pytest.mark.parametrize("vector", [row for row in vectors("cipher", "valid", "acceptable") if _is_body(row)])
def test_a_body_is_decrypted(vector: dict[str, Any]) -> None:
    plain, lint = cipher.decrypt_lenient(vector["input"]["key"], vector["input"]["body"].encode())
    assert (plain.hex(), bool(lint)) == (vector["expected"]["plain_hex"], vector["result"] == "acceptable")


@pytest.mark.parametrize("vector", [row for row in vectors("cipher", "valid") if _is_body(row)])
def test_a_body_is_encrypted(vector: dict[str, Any]) -> None:
    body = cipher.encrypt(vector["input"]["key"], bytes.fromhex(vector["expected"]["plain_hex"]))
    assert body.decode() == vector["input"]["body"]


@pytest.mark.parametrize("vector", vectors("cipher", "invalid"))
def test_a_body_that_cannot_be_decrypted_is_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(cipher.CipherError):
        cipher.decrypt(vector["input"]["key"], vector["input"]["body"].encode())


@pytest.mark.parametrize("vector", [row for row in vectors("cipher", "valid") if not _is_body(row)])
def test_the_block_cipher_is_that_of_the_standard(vector: dict[str, Any]) -> None:
    block = cipher.aes_ecb(bytes.fromhex(vector["input"]["key_hex"]))
    plain, secret = bytes.fromhex(vector["input"]["plain_hex"]), bytes.fromhex(vector["expected"]["cipher_hex"])
    assert block.encryptor().update(plain) == secret
    assert block.decryptor().update(secret) == plain


@pytest.mark.skipif(not shutil.which("openssl"), reason="remaking the cipher vectors needs openssl")
def test_openssl_makes_the_same_cipher_vectors() -> None:
    made = subprocess.run(["bash", str(SCRIPT)], capture_output=True, check=True, timeout=120).stdout
    assert made == resources.path("fixtures", "vectors", "cipher.json").read_bytes()


def _body(vector: dict[str, Any]) -> bytes:
    given = vector["input"]
    return base64.b64decode(given["body_base64"]) if "body_base64" in given else given["body"].encode()


@pytest.mark.parametrize("vector", vectors("envelopes", "valid", "acceptable"))
def test_an_envelope_is_opened(vector: dict[str, Any]) -> None:
    opened = envelope.open_v3(_body(vector), vector["input"]["key"])
    assert opened.message == vector["expected"]["message"]
    assert bool(opened.lint) == (vector["result"] == "acceptable")


@pytest.mark.parametrize("vector", vectors("envelopes", "invalid"))
def test_an_envelope_with_a_fault_is_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(envelope.EnvelopeError) as refused:
        envelope.open_v3(_body(vector), vector["input"]["key"])
    assert refused.value.fault == vector["expected"]["fault"]


@pytest.mark.parametrize("vector", vectors("templates"))
def test_a_template_is_stored_noted_or_refused(vector: dict[str, Any]) -> None:
    checked = templates.check(vector["input"], strict=False)
    noted = {"valid": False, "acceptable": True}.get(vector["result"])
    assert (checked.code or 0) == vector["expected"]["status"]
    assert noted is None or bool(checked.lint) == noted


@pytest.mark.parametrize("vector", vectors("templates"))
def test_the_schema_knows_the_form_of_a_template(vector: dict[str, Any]) -> None:
    common = schemas.common()
    form = jsonschema_rs.Draft202012Validator({**common, "$ref": "#/$defs/template"})
    assert form.is_valid(vector["input"]) == vector["expected"]["schema"]


@pytest.mark.parametrize("vector", vectors("status-codes"))
def test_a_code_has_its_texts(vector: dict[str, Any]) -> None:
    code, expected = vector["input"]["code"], vector["expected"]
    if vector["input"]["protocol"] == "v2":
        assert statuses.LABELS_V2.get(code) == (expected or {}).get("status")
        return
    known = {
        "label": statuses.LABELS_V3.get(code),
        "description": statuses.DESCRIPTIONS.get(code),
        "status": statuses.status_text(code),
        "enum": statuses.enum_text(code),
    }
    assert {name: known[name] for name in expected} == expected
    assert (code in statuses.LABELS_V3) == (vector["result"] == "valid")


@pytest.mark.parametrize("vector", vectors("recognition", "valid", "acceptable"))
def test_a_message_is_recognised(vector: dict[str, Any]) -> None:
    found = catalogue.recognise(vector["input"])
    number = found.operation.number if found.operation else None
    assert vector["expected"] == {"family": found.family, "number": number, "name": found.name}


@pytest.mark.parametrize("vector", vectors("recognition", "invalid"))
def test_a_message_without_one_operation_is_refused_with_its_field(vector: dict[str, Any]) -> None:
    with pytest.raises(catalogue.UnrecognisedError) as refused:
        catalogue.recognise(vector["input"])
    assert refused.value.field == vector["expected"]["field"]
