"""The secrets that a gateway has in use: tokens and keys of its devices, passwords of their callback URLs."""

from __future__ import annotations

from collections.abc import Iterable

from camsim.secrecy import Secrets, of_url

from .gateway import State

_MORE_THAN_NOW = 1000


class KnownSecrets:
    """What must stand in no answer, kept up to date; `more`: secrets that no device has."""

    def __init__(self, more: Iterable[str | None] = ()) -> None:
        self._more = frozenset(filter(None, more))
        self._now: frozenset[str] | None = None
        self._secrets = Secrets(self._more)

    def of(self, state: State) -> Secrets:
        """Those of a state, and those that were of it: the journal remembers longer than a device is there."""
        now = self._more.union(_of(state))
        if now != self._now:
            kept = self._secrets.known
            if len(kept) > 2 * len(now) + _MORE_THAN_NOW:
                kept = frozenset()
            self._now, self._secrets = now, Secrets(kept | now)
        return self._secrets


def _of(state: State) -> Iterable[str]:
    for registered in state.devices.look():
        config = registered.config
        yield config.auth_token
        if config.security_key is not None:
            yield config.security_key
        yield from of_url(config.callback_url)
