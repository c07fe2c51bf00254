"""Keep secrets out of every output: texts and bytes with placeholders that a replay fills again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from camsim_conformance.target.profile import TOKEN_FORMS, Device, Profile


def _ordered(profile: Profile) -> list[tuple[str, str]]:
    # The longest first: a prefix of the token must not be replaced inside the whole token.
    return sorted(profile.secrets().items(), key=lambda item: -len(item[0]))


LONG = 8  # a shorter secret could be a piece of any word: it is masked only where it stands alone or in quotes


def _hidden(text: str, secret: str, placeholder: str) -> str:
    if len(secret) >= LONG:
        return text.replace(secret, placeholder)
    return placeholder if text == secret else text.replace(f'"{secret}"', f'"{placeholder}"')


def mask(value: Any, profile: Profile) -> Any:
    """The value with every secret in every text replaced."""
    if isinstance(value, str):
        for secret, placeholder in _ordered(profile):
            value = _hidden(value, secret, placeholder)
        return value
    if isinstance(value, Mapping):
        return {mask(key, profile): mask(inner, profile) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [mask(inner, profile) for inner in value]
    return value


def mask_bytes(body: bytes, profile: Profile) -> bytes:
    """The body with placeholders."""
    for secret, placeholder in _ordered(profile):
        whole = (secret, placeholder) if len(secret) >= LONG else (f'"{secret}"', f'"{placeholder}"')
        body = body.replace(whole[0].encode(), whole[1].encode())
    return body


def fill(body: bytes, devices: tuple[Device, ...]) -> bytes:
    """The body with the real tokens again."""
    for number, device in enumerate(devices, start=1):
        for suffix, form in TOKEN_FORMS.items():
            body = body.replace(f"@AUTH_TOKEN_{number}{suffix}@".encode(), form(device.token).encode())
        if device.key is not None:
            body = body.replace(f"@SECURITY_KEY_{number}@".encode(), device.key.encode())
    return body
