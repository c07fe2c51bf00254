"""Whose host is it: what certify and storm ask before they send anything."""

from __future__ import annotations

import pytest

from camsim.ownership import (
    Origin,
    SafetyError,
    UnreachableError,
    addresses_of,
    is_private,
    nonce,
    origin_of,
    refuse_unclaimed,
    refuse_unproven,
)

ORIGIN = Origin("https", "x.example", 443)


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("http://h/a?b", "http://h"),
        ("http://h:80", "http://h"),
        ("https://h:8443/x", "https://h:8443"),
        ("http://me:secret@h:81/", "http://h:81"),
        ("http://[::1]:80/", "http://[::1]"),
    ],
)
def test_an_origin_is_scheme_host_and_the_port_that_is_not_usual(url: str, text: str) -> None:
    assert str(origin_of(url)) == text


@pytest.mark.parametrize("url", ["ftp://x/", "127.0.0.1:8000", "http://", "http://127.0.0.1:99999/", ""])
def test_what_is_no_http_url_has_no_origin(url: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        origin_of(url)


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("127.0.0.1", True),
        ("10.1.2.3", True),
        ("::1", True),
        ("fd00::1%eth0", True),
        ("8.8.8.8", False),
        ("169.254.169.254", False),
        ("fe80::1", False),
        ("0.0.0.0", False),
    ],
)
def test_only_what_no_stranger_can_own_is_private(address: str, private: bool) -> None:
    assert is_private(address) is private


def test_a_name_without_address_is_unreachable() -> None:
    with pytest.raises(UnreachableError, match=r"nowhere\.invalid"):
        addresses_of(Origin("http", "nowhere.invalid", 80))


def test_an_unclaimed_host_is_refused_with_the_line_that_proves_it() -> None:
    with pytest.raises(SafetyError, match=rf"^Because\. .*{nonce(ORIGIN, 'T')} into https://x\.example/\.well-known/"):
        refuse_unclaimed(ORIGIN, "T", claimed=False, reason="Because.")
    refuse_unclaimed(ORIGIN, "T", claimed=True, reason="Because.")


def test_the_nonce_alone_proves() -> None:
    line = nonce(ORIGIN, "T").encode()
    refuse_unproven(ORIGIN, "T", 200, line + b"\r\n")
    for status, body in ((404, line), (200, b""), (200, line + b"0"), (200, nonce(ORIGIN, "U").encode())):
        with pytest.raises(SafetyError, match="run again"):
            refuse_unproven(ORIGIN, "T", status, body)
