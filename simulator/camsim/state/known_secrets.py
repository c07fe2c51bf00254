"""The secrets that a gateway has in use: tokens and keys of its devices, passwords of their callback URLs."""

from __future__ import annotations

from collections.abc import Iterable

from camsim.secrecy import Secrets, of_url

from .founding import Founding
from .gateway import State

_MORE_THAN_NOW = 1000


class _Asleep:
    """Tokens of devices that nobody has touched: drawn when a text holds what could be one."""

    def __init__(self, founding: Founding, names: list[str]) -> None:
        self._founding, self.names = founding, names
        self._secrets: Secrets | None = None

    def secrets(self) -> Secrets:
        """All of them."""
        if self._secrets is None:
            self._secrets = Secrets(map(self._founding.token, self.names))
        return self._secrets


class KnownSecrets:
    """What must stand in no answer, kept up to date; `more`: secrets that no device has."""

    def __init__(self, more: Iterable[str | None] = ()) -> None:
        self._more = frozenset(filter(None, more))
        self._now: frozenset[str] | None = None
        self._asleep: dict[int, _Asleep] = {}
        self._secrets = Secrets(self._more)

    def of(self, state: State) -> Secrets:
        """Those of a state, and those that were of it: the journal remembers longer than a device is there."""
        now, news = self._more.union(_of(state)), self._meet(state)
        if now != self._now or news:
            kept = self._secrets.known
            if len(kept) > 2 * len(now) + _MORE_THAN_NOW:
                kept = frozenset()
            self._now, self._secrets = now, Secrets(kept | now, [one.secrets for one in self._asleep.values()])
        return self._secrets

    def _meet(self, state: State) -> bool:
        """Note who sleeps; True where that is news."""
        fleet = state.devices
        here = {founding.first: founding for founding in fleet.founded if founding.spec.auth_token is None}
        news = {first: founding for first, founding in here.items() if first not in self._asleep}
        if not news:
            return False
        if sum(len(one.names) for one in self._asleep.values()) > 2 * len(fleet) + _MORE_THAN_NOW:
            self._asleep = {first: one for first, one in self._asleep.items() if first in here}
        self._asleep |= {first: _Asleep(founding, []) for first, founding in news.items()}
        for stgid, one in fleet.survey():
            if isinstance(one, Founding) and one.first in news:
                self._asleep[one.first].names.append(stgid)
        return True


def _of(state: State) -> Iterable[str]:
    for registered in state.devices.awake_look():
        config = registered.config
        yield config.auth_token
        yield from _given(config.security_key, config.callback_url)
    for founding in state.devices.founded:
        yield from _given(founding.spec.security_key, founding.spec.callback_url, founding.spec.auth_token)


def _given(key: str | None, url: str | None, token: str | None = None) -> Iterable[str]:
    yield from filter(None, (key, token))
    yield from of_url(url)
