"""What is nobody's to read: tokens, keys, passwords, templates, photos, cards and PINs, wherever they stand.

By kind: a member is known by its name, however it is written, a URL by its user name and password, and the secrets that
are in use by their text, wherever somebody has put it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from urllib.parse import quote, unquote, urlsplit

SHORT = 32  # characters: cards and PINs. A hash of so little would tell it to whoever tries them all
SIGN = "…"
_KNOWN_FROM = 8  # characters: a shorter token may be a piece of any word
_CUT = 16  # so much of a secret is shown as none of it, where a text was cut within it
_SECRET_ENDS = ("token", "password", "passwd", "passphrase", "pwd", "secret", "securitykey", "apikey", "privatekey")
_SECRET_NAMES = frozenset({"authorization", "aeskey", "encryptionkey"})
_PRIVATE_NAMES = frozenset(
    {"data", "template", "templatedata", "logphoto", "attendancephoto", "attendancephotoe", "userphoto"}
    | {"card", "cardno", "cardnumber", "cardid", "pin", "pincode", "userpin"}
)
_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}  # one character stays one, unlike lower()
# Each begins with what is seldom there: a long text without it is passed over, whatever it holds.
_USERINFO = re.compile(r"(://)[^/?#\s\"'<>]*@")
_NAMED = re.compile(
    r"((?:token|password|passwd|passphrase|pwd|secret|security[_-]?key|api[_-]?key|authorization"
    r"|\bcard(?:[_-]?no|[_-]?number)?|\bpin(?:[_-]?code)?)(?:=|[\"']?\s{0,4}:\s{0,4}[\"'])(?:bearer )?)[^&\s\"'<>;,…]+",
    re.IGNORECASE,
)
_FEW = 50  # secrets that one expression looks for faster than a table


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def is_secret(name: str) -> bool:
    """A member of this name is a token, a key or a password: `AuthToken`, `auth_token`, `AUTHTOKEN` …"""
    plain = _plain(name)
    return plain.endswith(_SECRET_ENDS) or plain in _SECRET_NAMES


def is_private(name: str) -> bool:
    """A member of this name is a template, a photo, a card or a PIN."""
    return _plain(name) in _PRIVATE_NAMES


def digest(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def mask_secret(secret: str | None) -> str | None:
    """First and last two characters of a token or key."""
    if not secret:
        return secret
    return f"{secret[:2]}{SIGN}{secret[-2:]}" if len(secret) > _KNOWN_FROM else SIGN


def hidden(data: str) -> dict[str, object]:
    """What is shown of a template or photo; of a short one, a card or a PIN, no hash."""
    if len(data) <= SHORT:
        return {"size": len(data)}
    return {"sha256": digest(data.encode("utf-8", "surrogatepass")), "size": len(data)}


def without_credentials(text: str) -> str:
    """A text with no user name and password in its URLs, and nothing behind names such as `authtoken=`."""
    if "://" in text:
        text = _USERINFO.sub(rf"\1{SIGN}@", text)
    if "=" in text or ":" in text:
        text = _NAMED.sub(rf"\1{SIGN}", text)
    return text


def shown(name: str, value: object) -> object:
    """A value as an error quotes it: of a secret nothing, of a URL no password."""
    if is_secret(name) or is_private(name):
        return SIGN if value else value
    return without_credentials(value) if isinstance(value, str) else value


class Secrets:
    """The secrets in use, to be found in any text: whole, in another case, percent-encoded, or cut off."""

    def __init__(self, known: Iterable[str | None] = ()) -> None:
        self.known = frozenset(filter(None, known))
        self._short: list[str] = []
        self._by_start: dict[int, dict[str, list[str]]] = {}
        for secret in self.known:
            for form in {secret, quote(secret, safe="")}:
                self._add(form.translate(_LOWER))

    def _add(self, form: str) -> None:
        if len(form) < _KNOWN_FROM:
            self._short.append(form)
            return
        width = min(len(form), _CUT)
        self._by_start.setdefault(width, {}).setdefault(form[:width], []).append(form)

    def text(self, text: str) -> str:
        """The text without any of them."""
        if not text:
            return text
        text = without_credentials(text)
        lower = text.translate(_LOWER)
        for width, starts in self._by_start.items():
            if len(text) >= width:
                text, lower = _without(text, lower, width, starts)
        for form in self._short:  # a piece of any word: it is one where it stands in quotes
            text = re.sub(rf"([\"']){re.escape(form)}\1", rf"\1{SIGN}\1", text, flags=re.IGNORECASE)
        return text

    def masked(self, value: object) -> object:
        """A message for people: templates and photos as sha256 and size, cards and PINs as size alone, tokens cut."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self._member(str(key), item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.masked(item) for item in value]
        return value

    def _member(self, name: str, value: object) -> object:
        if is_secret(name):
            return _leaves(value, lambda text: mask_secret(text))
        if is_private(name):
            return self._private(value)
        return self.masked(value)

    def _private(self, value: object) -> object:
        """What stands in an object has names of its own, as the rows of `Template` do."""
        if isinstance(value, Mapping):
            return self.masked(value)
        if isinstance(value, list | tuple):
            return [self._private(item) for item in value]
        return _leaves(value, hidden)


def _leaves(value: object, hide: Callable[[str], object]) -> object:
    """Every value in it hidden; true, false, null and what is empty tell nothing."""
    if isinstance(value, Mapping):
        return {key: _leaves(item, hide) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_leaves(item, hide) for item in value]
    if isinstance(value, bool) or value is None or value == "":
        return value
    return hide(str(value))  # a card number may come as a number


def _without(text: str, lower: str, width: int, starts: Mapping[str, list[str]]) -> tuple[str, str]:
    """Each place that begins as a secret does, up to where they part, replaced; the text in lower case as well."""
    parts, done = [], 0
    for at in _places(lower, width, starts):
        if at < done:
            continue
        length = max(_common(lower, at, form) for form in starts[lower[at : at + width]])
        parts += [text[done:at], str(mask_secret(text[at : at + length]))]
        done = at + length
    if done == 0:
        return text, lower
    text = "".join([*parts, text[done:]])
    return text, text.translate(_LOWER)


def _places(lower: str, width: int, starts: Mapping[str, list[str]]) -> Iterator[int]:
    if len(starts) <= _FEW:
        for found in re.finditer("|".join(map(re.escape, starts)), lower):
            yield found.start()
        return
    for at in range(len(lower) - width + 1):
        if lower[at : at + width] in starts:
            yield at


def _common(text: str, at: int, form: str) -> int:
    length = 0
    while length < len(form) and at + length < len(text) and text[at + length] == form[length]:
        length += 1
    return length


def of_url(url: str | None) -> list[str]:
    """The password in a URL, and the user name that stands alone there, as a token does."""
    if not url or "@" not in url:
        return []
    try:
        parts = urlsplit(url)
    except ValueError:
        return []
    found = parts.password if parts.password is not None else parts.username
    return [found, unquote(found)] if found else []


NONE = Secrets()
