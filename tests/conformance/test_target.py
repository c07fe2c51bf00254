"""Where a run may send: loopback and private addresses, or what its owner proves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from certifying import TOKEN, profile

from camsim_conformance.target.address import (
    SafetyError,
    Target,
    nonce,
    refuse_unless_allowed,
    refuse_unless_proven,
    resolve,
)
from camsim_conformance.target.profile import UsageError

PUBLIC = Target("https://x.example/cams", "https", "x.example", 443, "/cams", "93.184.216.34", True, None)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8123/cams", "http://10.1.2.3/", "http://192.168.0.7/", "http://[::1]:80/"]
)
def test_loopback_and_private_addresses_are_allowed(url: str) -> None:
    refuse_unless_allowed(resolve(url), profile(url))


@pytest.mark.parametrize("url", ["http://93.184.216.34/", "http://169.254.169.254/", "http://0.0.0.0/"])
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(SafetyError, match="--i-own-this"):
        refuse_unless_allowed(resolve(url), profile(url))


def test_ownership_is_proved_by_the_nonce_alone() -> None:
    chosen = profile(PUBLIC.url, i_own_this=True)
    refuse_unless_proven(PUBLIC, chosen, 200, nonce(PUBLIC, chosen).encode() + b"\n")
    for status, body in (
        (404, nonce(PUBLIC, chosen).encode()),
        (200, b""),
        (200, b"camsim-0000"),
        (200, b"<html>" * 9),
    ):
        with pytest.raises(SafetyError, match="camsim-"):
            refuse_unless_proven(PUBLIC, chosen, status, body)


def test_the_nonce_depends_on_origin_and_token_and_does_not_show_it() -> None:
    chosen = profile(PUBLIC.url)
    other = replace(PUBLIC, host="y.example")
    assert nonce(PUBLIC, chosen) != nonce(other, chosen)
    assert TOKEN not in nonce(PUBLIC, chosen)


@pytest.mark.parametrize(
    "url", ["ftp://x/", "127.0.0.1:8000", "http://", "http://127.0.0.1:99999/", "http://u:p@127.0.0.1/"]
)
def test_a_url_that_is_none_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError):
        resolve(url)


def test_the_path_and_query_are_kept_as_written() -> None:
    assert resolve("http://127.0.0.1:1/a/b?c=%20d").path == "/a/b?c=%20d"


def test_a_secret_that_a_report_has_not_kept_is_asked_for() -> None:
    with pytest.raises(UsageError, match="--url"):
        resolve("http://127.0.0.1:1/cb?authtoken=@SECRET@")
