"""One device, as somebody who stands before it or operates it sees it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from camsim.control import answers, on_device, records, routes

from .wire import Api, ApiError, given


class Secrets(msgspec.Struct):
    """Token and key of a device, as far as this client was told them."""

    auth_token: str
    security_key: str | None = None


class DeviceHandle:
    """A device of the simulator. Every method is one call. Raises: ApiError `unknown_device` when there is none."""

    def __init__(self, api: Api, stgid: str, secrets: dict[str, Secrets]) -> None:
        self.stgid = stgid
        self._api, self._secrets = api, secrets

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

    def info(self) -> answers.DeviceDetails:
        """Configuration, capacity, clock and queue."""
        return self._api.ask(routes.DEVICE, stgid=self.stgid)

    def patch(self, **changes: object) -> list[str]:
        """Change configuration (`callback_url`, `auth_token`, `security_key`, `timezone`, `model`, switches …)."""
        changed = self._api.ask(routes.PATCH_DEVICE, changes, stgid=self.stgid).changed
        known = self._secrets.get(self.stgid)
        if known is not None:  # commands of this client go on with the new ones
            if "auth_token" in changes:
                known.auth_token = str(changes["auth_token"])
            if "security_key" in changes:
                key = changes["security_key"]
                known.security_key = None if key is None else str(key)
        return changed

    def remove(self) -> None:
        """The device is gone, and with it what waited in its queue."""
        self._api.ask(routes.REMOVE_DEVICE, stgid=self.stgid)

    # --- its connection -----------------------------------------------------------------------------------------------

    def offline(self) -> answers.Connection:
        """It loses its connection and goes on recording; commands wait."""
        return self._api.ask(routes.OFFLINE, stgid=self.stgid)

    def online(self, order: str | None = None, pace: str | float | None = None) -> answers.Connection:
        """It is back: what it recorded flows in `order` (fifo, lifo, shuffle, interleave), `pace` apart (15s, 2m …)."""
        return self._api.ask(routes.ONLINE, given(order=order, pace=pace), stgid=self.stgid)

    def power_cycle(self) -> answers.Connection:
        """Off and on: log and users survive, an open enrolment session does not."""
        return self._api.ask(routes.POWER_CYCLE, stgid=self.stgid)

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
    ) -> on_device.Punched:
        """A person punches. `at`: the LogTime to write (vendor's text, ISO 8601 or seconds), else the device's now."""
        one = given(user=user, type=type, input=input, at=at, photo=photo, temperature=temperature, mask=mask)
        return self._punched(one)[0]

    def punches(
        self,
        punches: Iterable[Mapping[str, object]] | None = None,
        *,
        user: str | None = None,
        count: int = 1,
        every: str | float | None = None,
        **more: object,
    ) -> list[on_device.Punched]:
        """Many punches: a list of them, or `count` of one user, `every` (1s, 1m …) apart, the last one now."""
        if (punches is None) == (user is None):  # both or neither
            raise TypeError("punches() takes a list of punches, or user=… with count= and every=")
        if punches is not None:
            return self._punched([dict(one) for one in punches])
        return self._punched({**given(user=user, count=count, every=every), **given(**more)})

    def _punched(self, body: object) -> list[on_device.Punched]:
        return self._api.ask(routes.PUNCHES, body, stgid=self.stgid).punches

    def add_user(
        self,
        user: str,
        *,
        first_name: str | None = None,
        last_name: str | None = None,
        user_type: str | None = None,
        templates: Iterable[str | Mapping[str, object]] | None = None,
        split: str | None = None,
        order: str | None = None,
        announce: bool | None = None,
    ) -> on_device.Edited:
        """Somebody adds or edits a user in the menu.

        `templates`: types (Card, Fingerprint …) or objects with `type`, `index`, `data`; `split`: per_template,
        grouped, by_type, all, seeded; `order`: fifo or shuffle.
        """
        body = given(
            user=user,
            first_name=first_name,
            last_name=last_name,
            user_type=user_type,
            templates=None if templates is None else list(templates),  # any iterable, and JSON knows lists
            split=split,
            order=order,
            announce=announce,
        )
        return self._api.ask(routes.PUT_USER, body, stgid=self.stgid)

    def delete_user(self, user: str) -> None:
        """Somebody deletes a user in the menu."""
        self._api.ask(routes.DELETE_USER, stgid=self.stgid, user=user)

    def set_date(
        self,
        to: str | int | None = None,
        *,
        by: float | str | None = None,
        timezone: str | None = None,
        drift_ppm: float | None = None,
        true: bool | None = None,
        announce: bool | None = None,
    ) -> on_device.Dated:
        """Somebody changes the date: `to` a time, `by` a step (`-13d`), another zone, a drift, or back to true."""
        body = given(to=to, by=by, timezone=timezone, drift_ppm=drift_ppm, true=true, announce=announce)
        return self._api.ask(routes.DATE, body, stgid=self.stgid)

    def enrol_finger(self, user: str | None = None) -> on_device.Edited:
        """Somebody puts a finger on the sensor: of the open enrolment session, or of `user` in the menu."""
        return self._api.ask(routes.ENROL_FINGER, given(user=user), stgid=self.stgid)

    def resend(self, start: str | int | None = None, end: str | int | None = None) -> int:
        """Punches of its log are told again, all or those of a range; returns how many."""
        return self._api.ask(routes.RESEND, given(start=start, end=end), stgid=self.stgid).resent

    # --- its queue ----------------------------------------------------------------------------------------------------

    @property
    def queue(self) -> records.Queue:
        """Its callback queue now."""
        return self._api.ask(routes.QUEUE, stgid=self.stgid)

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
        return self._queue("reset").dropped or 0

    def _queue(self, what: str) -> records.QueueDone:
        return self._api.ask(routes.OPERATE_QUEUE, stgid=self.stgid, what=what)

    # --- the truth ----------------------------------------------------------------------------------------------------

    def users(self) -> list[on_device.User]:
        """Users on the device, with their templates."""
        return self._api.ask(routes.USERS, stgid=self.stgid).users

    def logs(self, start: str | int | None = None, end: str | int | None = None) -> list[on_device.LogRow]:
        """Its punch log, oldest record first."""
        return self._api.ask(routes.LOGS, query=given(start=start, end=end), stgid=self.stgid).logs

    def photos(self) -> list[int]:
        """Log numbers of the punches whose photo it still has."""
        return [photo.log for photo in self._api.ask(routes.PHOTOS, stgid=self.stgid).photos]

    def access(self) -> list[on_device.Access]:
        """Who may punch when."""
        return self._api.ask(routes.ACCESS, stgid=self.stgid).access

    def digest(self) -> str:
        """A hash over everything a command or a person could change; equal before and after means unchanged."""
        return self._api.ask(routes.DIGEST, stgid=self.stgid).digest


def known_secrets(api: Api, stgid: str, secrets: dict[str, Secrets]) -> Secrets:
    """Token and key of a device. Raises: ApiError when the simulator masks them."""
    if stgid not in secrets:
        details = api.ask(routes.DEVICE, stgid=stgid)
        if "…" in details.auth_token:  # how the simulator masks; a token has no such sign
            raise ApiError(
                "masked", f"the token of {stgid} is masked", "the ready file or the site file has it; name auth_token="
            )
        secrets[stgid] = Secrets(details.auth_token, details.security_key)
    return secrets[stgid]
