"""One device, as somebody who stands before it or operates it sees it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from . import shapes
from .wire import Api, ApiError, given


class _Punches(msgspec.Struct):
    punches: list[shapes.Punched]


class _Users(msgspec.Struct):
    users: list[shapes.User]


class _Logs(msgspec.Struct):
    logs: list[shapes.LogRow]


class _Photo(msgspec.Struct):
    log: int


class _Photos(msgspec.Struct):
    photos: list[_Photo]


class _Access(msgspec.Struct):
    access: list[shapes.Access]


class Secrets(msgspec.Struct):
    """Token and key of a device, as far as this client was told them."""

    auth_token: str
    security_key: str | None = None


class DeviceHandle:
    """A device of the simulator. Every method is one call. Raises: ApiError `unknown_device` when there is none."""

    def __init__(self, api: Api, stgid: str, secrets: dict[str, Secrets]) -> None:
        self.stgid = stgid
        self._api, self._secrets = api, secrets
        self._path = f"devices/{quote(stgid, safe='')}"

    def __repr__(self) -> str:
        return f"<device {self.stgid}>"

    @property
    def auth_token(self) -> str:
        """The token its callbacks carry and commands need. Raises: ApiError when only the simulator knows it."""
        return known_secrets(self._api, self.stgid, self._secrets).auth_token

    @property
    def security_key(self) -> str | None:
        """The key of its encryption, None when it speaks plainly. Raises: as `auth_token`."""
        return known_secrets(self._api, self.stgid, self._secrets).security_key

    # --- configuration ------------------------------------------------------------------------------------------------

    def info(self) -> shapes.DeviceDetails:
        """Configuration, capacity, clock and queue."""
        return self._api.call("GET", self._path, shapes.DeviceDetails)

    def patch(self, **changes: Any) -> list[str]:
        """Change configuration (`callback_url`, `auth_token`, `security_key`, `timezone`, `model`, switches …)."""
        changed = self._api.call("PATCH", self._path, dict[str, Any], changes)
        known = self._secrets.get(self.stgid)
        if known is not None:
            known.auth_token = changes.get("auth_token", known.auth_token)
            known.security_key = changes.get("security_key", known.security_key)
        return list(changed["changed"])

    def remove(self) -> None:
        """The device is gone, and with it what waited in its queue."""
        self._api.raw("DELETE", self._path)

    # --- its connection -----------------------------------------------------------------------------------------------

    def offline(self) -> shapes.Came:
        """It loses its connection and goes on recording; commands wait."""
        return self._api.call("POST", f"{self._path}/offline", shapes.Came)

    def online(self, order: str | None = None, pace: str | float | None = None) -> shapes.Came:
        """It is back: what it recorded flows in `order` (fifo, lifo, shuffle, interleave), `pace` apart (15s, 2m …)."""
        return self._api.call("POST", f"{self._path}/online", shapes.Came, given(order=order, pace=pace))

    def power_cycle(self) -> shapes.Came:
        """Off and on: log and users survive, an open enrolment session does not."""
        return self._api.call("POST", f"{self._path}/power-cycle", shapes.Came)

    # --- a person at the device ---------------------------------------------------------------------------------------

    def punch(
        self,
        user: str,
        type: str | None = None,
        *,
        input: str | None = None,
        at: str | int | None = None,
        photo: bool | str | None = None,
        temperature: float | None = None,
        mask: bool | None = None,
    ) -> shapes.Punched:
        """A person punches. `at`: the LogTime to write (vendor's text, ISO 8601 or seconds), else the device's now."""
        one = given(user=user, type=type, input=input, at=at, photo=photo, temperature=temperature, mask=mask)
        return self._punched(one)[0]

    def punches(
        self,
        punches: Iterable[Mapping[str, Any]] | None = None,
        *,
        user: str | None = None,
        count: int = 1,
        every: str | float | None = None,
        **more: Any,
    ) -> list[shapes.Punched]:
        """Many punches: a list of them, or `count` of one user, `every` (1s, 1m …) apart, the last one now."""
        if (punches is None) == (user is None):
            raise TypeError("punches() takes a list of punches, or user=… with count= and every=")
        if punches is not None:
            return self._punched([dict(one) for one in punches])
        return self._punched({**given(user=user, count=count, every=every), **given(**more)})

    def _punched(self, body: Any) -> list[shapes.Punched]:
        return self._api.call("POST", f"{self._path}/punches", _Punches, body).punches

    def add_user(
        self,
        user: str,
        *,
        first_name: str | None = None,
        last_name: str | None = None,
        user_type: str | None = None,
        templates: Iterable[str | Mapping[str, Any]] | None = None,
        split: str | None = None,
        order: str | None = None,
        announce: bool | None = None,
    ) -> shapes.Edited:
        """Somebody adds or edits a user in the menu.

        `templates`: types (Card, Fingerprint …) or objects with `type`, `index`, `data`; `split`: per_template,
        grouped, by_type, all, seeded; `order`: fifo or shuffle.
        """
        body = given(
            user=user,
            first_name=first_name,
            last_name=last_name,
            user_type=user_type,
            templates=None if templates is None else list(templates),
            split=split,
            order=order,
            announce=announce,
        )
        return self._api.call("POST", f"{self._path}/users", shapes.Edited, body)

    def delete_user(self, user: str) -> None:
        """Somebody deletes a user in the menu."""
        self._api.raw("DELETE", f"{self._path}/users/{quote(user, safe='')}")

    def set_date(
        self,
        to: str | int | None = None,
        *,
        by: float | str | None = None,
        timezone: str | None = None,
        drift_ppm: float | None = None,
        true: bool | None = None,
        announce: bool | None = None,
    ) -> shapes.Dated:
        """Somebody changes the date: `to` a time, `by` a step (`-13d`), another zone, a drift, or back to true."""
        body = given(to=to, by=by, timezone=timezone, drift_ppm=drift_ppm, true=true, announce=announce)
        return self._api.call("POST", f"{self._path}/date", shapes.Dated, body)

    def enrol_finger(self, user: str | None = None) -> shapes.Edited:
        """Somebody puts a finger on the sensor: of the open enrolment session, or of `user` in the menu."""
        return self._api.call("POST", f"{self._path}/enrol-finger", shapes.Edited, given(user=user))

    # --- its queue ----------------------------------------------------------------------------------------------------

    @property
    def queue(self) -> shapes.Queue:
        """Its callback queue now."""
        return self._api.call("GET", f"{self._path}/queue", shapes.Queue)

    def hold(self) -> None:
        """The queue stands still until `resume`."""
        self._queue("hold")

    def resume(self) -> None:
        """The queue goes on at once."""
        self._queue("resume")

    def retry_now(self) -> None:
        """The next attempt is made at once."""
        self._queue("retry-now")

    def reset_queue(self) -> int:
        """The queue is emptied; returns how many callbacks are lost by that."""
        return int(self._queue("reset").get("dropped", 0))

    def _queue(self, what: str) -> dict[str, Any]:
        return self._api.call("POST", f"{self._path}/queue/{what}", dict[str, Any])

    # --- the truth ----------------------------------------------------------------------------------------------------

    def users(self) -> list[shapes.User]:
        """Users on the device, with their templates."""
        return self._api.call("GET", f"{self._path}/users", _Users).users

    def logs(self, start: str | int | None = None, end: str | int | None = None) -> list[shapes.LogRow]:
        """Its punch log, oldest record first."""
        return self._api.call("GET", f"{self._path}/logs", _Logs, query=given(start=start, end=end)).logs

    def photos(self) -> list[int]:
        """Log numbers of the punches whose photo it still has."""
        return [photo.log for photo in self._api.call("GET", f"{self._path}/photos", _Photos).photos]

    def access(self) -> list[shapes.Access]:
        """Who may punch when."""
        return self._api.call("GET", f"{self._path}/access", _Access).access

    def digest(self) -> str:
        """A hash over everything a command or a person could change; equal before and after means unchanged."""
        return self._api.call("GET", f"{self._path}/digest", shapes.Digest).digest


def known_secrets(api: Api, stgid: str, secrets: dict[str, Secrets]) -> Secrets:
    """Token and key of a device. Raises: ApiError when the simulator masks them."""
    if stgid not in secrets:
        details = api.call("GET", f"devices/{quote(stgid, safe='')}", shapes.DeviceDetails)
        if "…" in details.auth_token:
            raise ApiError(
                "masked", f"the token of {stgid} is masked", "the ready file or the site file has it; name auth_token="
            )
        secrets[stgid] = Secrets(details.auth_token, details.security_key)
    return secrets[stgid]
