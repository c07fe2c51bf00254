"""The v2 form: one field, of which only ApiRequestInfo is encrypted."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camsim.protocol import cipher
from camsim.protocol.v2.envelope import open_v2, read_form, seal_answer, seal_v2
from camsim.protocol.v3.envelope import EnvelopeError, encode

KEY = "0123456789abcdefghijklmnopqrstuv"
OTHER_KEY = "vutsrqponmlkjihgfedcba9876543210"
MESSAGE = {
    "ApiRequestInfo": {
        "AuthToken": "t",
        "Operation": "AddUser",
        "OperationData": {"Name": "Zoë +&= 李"},
        "UserId": "852",
    },
    "ServiceTagId": "ST-KY19123123",
}


def form(message: Any) -> bytes:
    """As an ordinary client writes it."""
    return urlencode({"request_data": json.dumps(message)}).encode()


def fault(body: bytes, key: str | None = None) -> str:
    with pytest.raises(EnvelopeError) as caught:
        open_v2(read_form(body), key)
    return caught.value.fault


@pytest.mark.parametrize("key", [None, KEY])
def test_what_was_sealed_is_read_back(key: str | None) -> None:
    opened = open_v2(read_form(seal_v2(encode(MESSAGE), key)), key)

    assert opened.message == MESSAGE
    assert json.loads(opened.plain) == MESSAGE
    assert opened.lint == ()


@given(st.dictionaries(st.text(), st.text()))
def test_an_ordinary_form_parser_reads_what_was_sealed(info: dict[str, str]) -> None:
    body = seal_v2(encode({"ApiRequestInfo": info}), None)

    assert json.loads(parse_qs(body.decode("ascii"), strict_parsing=True)["request_data"][0]) == {
        "ApiRequestInfo": info
    }


def test_only_the_request_info_is_encrypted() -> None:
    """A-ENC-10."""
    message = read_form(seal_v2(encode(MESSAGE), KEY)).message

    assert message["ServiceTagId"] == "ST-KY19123123"
    assert json.loads(cipher.decrypt(KEY, message["ApiRequestInfo"].encode())) == MESSAGE["ApiRequestInfo"]


def test_the_keys_keep_their_order_when_encrypted() -> None:
    assert list(read_form(seal_v2(encode(MESSAGE), KEY)).message) == ["ApiRequestInfo", "ServiceTagId"]


def test_the_device_is_known_before_anything_is_decrypted() -> None:
    assert read_form(seal_v2(encode(MESSAGE), KEY)).tag == "ST-KY19123123"


@pytest.mark.parametrize("tag", [None, 5, ""])
def test_a_tag_that_is_no_text_is_none_at_all(tag: Any) -> None:
    assert read_form(form({"ServiceTagId": tag})).tag == ""


def test_an_answer_is_encrypted_whole() -> None:
    assert cipher.decrypt(KEY, seal_answer(b'{"StatusCode":0}', KEY)) == b'{"StatusCode":0}'


def test_an_answer_without_a_key_is_plain() -> None:
    assert seal_answer(b'{"StatusCode":0}', None) == b'{"StatusCode":0}'


ENCRYPTED = {**MESSAGE, "ApiRequestInfo": cipher.encrypt(KEY, encode(MESSAGE["ApiRequestInfo"])).decode()}
NO_JSON = {**MESSAGE, "ApiRequestInfo": cipher.encrypt(KEY, b"hello").decode()}

FAULTS: list[tuple[str, bytes, str | None, str]] = [
    ("empty body", b"", None, "form"),
    ("another field", b"data=%7B%7D", None, "form"),
    ("raw JSON", encode(MESSAGE), None, "form"),
    ("empty field", b"request_data=", None, "json"),
    ("no JSON", b"request_data=hello", None, "json"),
    ("an array", b"request_data=%5B%5D", None, "json"),
    ("no ApiRequestInfo", form({"ServiceTagId": "x"}), None, "info"),
    ("ApiRequestInfo null", form({"ApiRequestInfo": None}), KEY, "info"),
    ("ApiRequestInfo as a list", form({"ApiRequestInfo": [1]}), None, "info"),
    ("plain where a key is set", form(MESSAGE), KEY, "mode"),
    ("encrypted where no key is set", form(ENCRYPTED), None, "mode"),
    ("encrypted with another key", form(ENCRYPTED), OTHER_KEY, "cipher"),
    ("not Base64", form({**MESSAGE, "ApiRequestInfo": "????"}), KEY, "cipher"),
    ("letters beyond ASCII", form({**MESSAGE, "ApiRequestInfo": "äöü"}), KEY, "cipher"),
    ("decrypts to a text", form(NO_JSON), KEY, "json"),
]


@pytest.mark.parametrize(("body", "key", "expected"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_a_body_that_is_no_request_says_what_is_wrong(body: bytes, key: str | None, expected: str) -> None:
    assert fault(body, key) == expected


def test_a_raw_json_body_is_told_how_to_do_it() -> None:
    with pytest.raises(EnvelopeError, match="send request_data=<JSON text>"):
        read_form(encode(MESSAGE))


def test_base64_that_was_not_percent_encoded_is_repaired_and_noted() -> None:
    info = {"UserId": "".join(map(str, range(200)))}  # long enough for some + signs
    sealed = {"ApiRequestInfo": cipher.encrypt(KEY, encode(info)).decode()}
    assert "+" in sealed["ApiRequestInfo"]

    opened = open_v2(read_form(b"request_data=" + encode(sealed)), KEY)

    assert opened.message == {"ApiRequestInfo": info}
    assert any("percent-encoded" in note for note in opened.lint)


def test_the_first_of_two_fields_counts_and_is_noted() -> None:
    found = read_form(form(MESSAGE) + b"&request_data=x")

    assert found.message == MESSAGE
    assert len(found.lint) == 1


def test_other_fields_do_not_matter() -> None:
    assert read_form(b"a=1&" + form(MESSAGE) + b"&z").message == MESSAGE


@pytest.mark.parametrize(
    "disposition", ['form-data; name="request_data"', 'form-data; name="request_data"; filename="x"']
)
def test_a_multipart_form_is_read_too(disposition: str) -> None:
    lines = ["--b0undary", 'Content-Disposition: form-data; name="a"', "", "1"]
    lines += ["--b0undary", f"Content-Disposition: {disposition}", "", json.dumps(MESSAGE), "--b0undary--", ""]

    assert read_form("\r\n".join(lines).encode()).message == MESSAGE


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fall(body: bytes) -> None:
    """Invariant 9."""
    for wire in (body, b"request_data=" + body, b"--" + body):
        try:
            open_v2(read_form(wire), KEY)
        except EnvelopeError as problem:
            assert problem.fault in ("form", "json", "info", "mode", "cipher")  # noqa: PT017  any of them is right
