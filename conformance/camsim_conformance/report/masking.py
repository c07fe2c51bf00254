"""Keep secrets out of every output: texts and bytes with placeholders that a replay fills again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar, cast

from camsim.protocol.v2 import envelope as envelope_v2
from camsim_conformance.target.profile import SHORTEST_SECRET, TOKEN_FORMS, Device, Profile

T = TypeVar("T")
Secrets = list[tuple[str, str]]
# A password in an adapter's URL, or what is named like one in its query.
_HIDDEN = re.compile(
    r"(://[^/?#:\s@]*:)\S+(?=@)|((?:token|key|secret|password|passwd|passphrase|pwd)=)[^&\s]+", re.IGNORECASE
)
_PLACEHOLDER = r"\1\2@SECRET@"


def _ordered(profile: Profile) -> Secrets:
    # The longest first: a prefix of the token must not be replaced inside the whole token.
    return sorted(profile.secrets().items(), key=lambda item: -len(item[0]))


def mask(value: T, profile: Profile) -> T:
    """The value with every secret in every text replaced."""
    return cast("T", _masked(value, _ordered(profile)))


def _masked(value: object, secrets: Secrets) -> object:
    if isinstance(value, str):
        for secret, placeholder in secrets:
            value = _hide(value, secret, placeholder)
        return value
    if isinstance(value, Mapping):
        return {_masked(key, secrets): _masked(inner, secrets) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(inner, secrets) for inner in value]
    return value


def _hide(text: str, secret: str, placeholder: str) -> str:
    if text == secret:
        return placeholder
    # A short secret could be a piece of any word: it is masked only where it stands alone or in quotes.
    if len(secret) < SHORTEST_SECRET:
        secret, placeholder = f'"{secret}"', f'"{placeholder}"'
    return text.replace(secret, placeholder)


def without_password(adapter: str) -> str:
    """An adapter, or a URL, with a placeholder for its password, or for what its query names like one."""
    return _HIDDEN.sub(_PLACEHOLDER, adapter)


def mask_bytes(body: bytes, profile: Profile) -> bytes:
    """The body with placeholders; where a form escapes a secret, it has an escaped placeholder."""
    for secret, placeholder in _ordered(profile):
        if len(secret) < SHORTEST_SECRET:
            secret, placeholder = f'"{secret}"', f'"{placeholder}"'
        body = body.replace(secret.encode(), placeholder.encode())
        body = body.replace(_in_form(secret), _in_form(placeholder))
    return body


def _in_form(text: str) -> bytes:
    """The text as a form field of v2 holds it."""
    return envelope_v2.seal_v2(text.encode(), None).removeprefix(b"request_data=")


def fill(body: bytes, devices: tuple[Device, ...]) -> bytes:
    """The body with the real tokens again."""
    for number, device in enumerate(devices, start=1):
        for suffix, form in TOKEN_FORMS.items():
            body = _filled(body, f"@AUTH_TOKEN_{number}{suffix}@", form(device.token))
        if device.key is not None:
            body = _filled(body, f"@SECURITY_KEY_{number}@", device.key)
    return body


def _filled(body: bytes, placeholder: str, secret: str) -> bytes:
    body = body.replace(placeholder.encode(), secret.encode())
    return body.replace(_in_form(placeholder), _in_form(secret))
