"""Where a storm may go and what the machine must allow."""

from __future__ import annotations

import resource
import socket

import pytest

from camsim_loadtests import safety
from camsim_loadtests.safety import (
    DescriptorError,
    RefusedError,
    UnreachableError,
    nonce,
    raise_descriptor_limit,
    refuse_strangers,
)

TOKEN = "T" * 32


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "10.1.2.3", "192.168.0.9", "172.16.0.1"])
def test_loopback_and_private_addresses_are_allowed(host):
    refuse_strangers(f"http://{host}:8123/callback", TOKEN, i_own_this=False)


@pytest.mark.parametrize("host", ["8.8.8.8", "169.254.169.254", "0.0.0.0", "[2001:4860:4860::8888]"])
def test_everything_else_is_refused_with_the_line_that_proves_ownership(host):
    url = f"https://{host}/callback"

    with pytest.raises(RefusedError, match=nonce(url, TOKEN)):
        refuse_strangers(url, TOKEN, i_own_this=False)


def test_a_name_with_one_public_address_is_refused(monkeypatch):
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in ("127.0.0.1", "8.8.8.8")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: rows)

    with pytest.raises(RefusedError, match=r"8\.8\.8\.8"):
        refuse_strangers("http://both.example/", TOKEN, i_own_this=False)


@pytest.mark.parametrize(
    ("answer", "refused"), [((200, "the nonce"), False), ((200, "another"), True), ((404, "the nonce"), True)]
)
def test_ownership_is_shown_by_the_nonce_in_the_challenge_file(monkeypatch, answer, refused):
    url = "http://8.8.8.8/callback"
    text = f"{nonce(url, TOKEN)}\n" if answer[1] == "the nonce" else answer[1]
    monkeypatch.setattr(safety, "_challenge", lambda parts: (answer[0], text))

    if refused:
        with pytest.raises(RefusedError, match="well-known"):
            refuse_strangers(url, TOKEN, i_own_this=True)
    else:
        refuse_strangers(url, TOKEN, i_own_this=True)


def test_the_nonce_belongs_to_token_and_origin():
    nonces = {nonce(url, token) for url in ("http://a/x", "http://b/x", "https://a/x") for token in ("1", "2")}

    assert len(nonces) == 6
    assert nonce("http://a/x", "1") == nonce("http://a:80/y", "1")


def test_a_name_without_address_cannot_be_judged():
    with pytest.raises(UnreachableError, match=r"nowhere\.invalid"):
        refuse_strangers("http://nowhere.invalid/", TOKEN, i_own_this=False)


def test_too_low_a_hard_limit_is_refused_with_the_command_to_run(monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda which: (1024, 4096))

    with pytest.raises(DescriptorError, match=r"prlimit --pid \$\$ --nofile=10128:10128"):
        raise_descriptor_limit(10_000)


@pytest.mark.parametrize(("soft", "connections", "raised"), [(256, 500, [(628, 4096)]), (1024, 500, [])])
def test_the_soft_limit_is_raised_only_as_far_as_needed(monkeypatch, soft, connections, raised):
    calls = []
    monkeypatch.setattr(resource, "getrlimit", lambda which: (soft, 4096))
    monkeypatch.setattr(resource, "setrlimit", lambda which, limits: calls.append(limits))

    assert raise_descriptor_limit(connections) == (raised[0][0] if raised else soft)
    assert calls == raised
