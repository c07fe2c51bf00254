"""What a description of devices may say, and which ids it stands for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from camsim.control.devices import DeviceSpec, PersonSpec
from camsim.control.ranges import MOST_DEVICES, MOST_REVERIFY_S, MOST_USERS
from camsim.kernel.events import usage
from camsim.kernel.kernel import Kernel
from camsim.protocol.catalogue import COMMANDS, V2_COMMANDS
from camsim.protocol.live import SYNC_WORDS, USER_INFO
from camsim.protocol.vocabulary import Protocol
from camsim.state.gateway import RegisteredDevice

from .values import instant_of, is_address, is_url, offset_of, user_id_of, user_type_of

# The id goes on the wire as `?stgid=`, and live gateways escape nothing (A-CB-10); a plus sign would be a blank there.
_NOT_IN_A_QUERY = frozenset(" ?&#/%+")
_PATTERN = re.compile(r"([^{}]*)\{0?(?::((?:[0-9A-Za-z._-]?[<>=^])?[0-9]{0,2}[dxX]?))?\}([^{}]*)")
_LONGEST_ID = 64
DIRECTIONS = ("actual", "first_in_rest_out", "zigzag", "always_in", "always_out")


def identifiers(spec: DeviceSpec) -> list[str]:
    """The ids a description stands for: `SIM{:05d}` counts from 1; a plain id stands for one device."""
    if not 1 <= spec.count <= MOST_DEVICES:
        raise usage("count", spec.count, f"1 to {MOST_DEVICES}")
    if len(spec.id) > 2 * _LONGEST_ID:
        raise usage("id", spec.id, f"1 to {_LONGEST_ID} characters")
    if "{" not in spec.id and "}" not in spec.id:
        if spec.count > 1:
            raise usage("id", spec.id, f"a pattern such as {spec.id}{{:05d}}, because count is {spec.count}")
        return [spec.id]
    # By hand and not by `str.format`, whose formats reach into attributes and make texts of any length.
    found = _PATTERN.fullmatch(spec.id)
    if found is None:
        raise usage("id", spec.id, "one number format in braces with a width below 100, such as SIM{:05d}")
    before, form, after = found[1], found[2] or "d", found[3]
    return [f"{before}{number:{form}}{after}" for number in range(1, spec.count + 1)]


def check_config(
    callback_url: str | None, direction: str | None, auth_token: str | None = None, reverify: int | None = None
) -> None:
    """Callback URL, direction rule, token and re-verification of a device; None is not given. Raises: ControlError."""
    if callback_url is not None and not is_url(callback_url):
        raise usage("callback_url", callback_url, "http://host[:port]/path or https://…")
    if direction is not None and direction not in DIRECTIONS:
        raise usage("direction", direction, ", ".join(DIRECTIONS))
    if reverify is not None and not 0 <= reverify <= MOST_REVERIFY_S:
        raise usage("reverify", reverify, f"seconds, 0 to {MOST_REVERIFY_S}")
    if auth_token is not None and not auth_token.strip():  # an empty one would let everybody in who sends an empty one
        raise usage("auth_token", auth_token, "a text that is not empty; the vendor's have 32 characters (V3:146)")


def check_spec(spec: DeviceSpec) -> None:
    """What can be wrong with a description whatever the site. Raises: ControlError."""
    identifiers(spec)
    check_config(spec.callback_url, spec.direction, spec.auth_token, spec.reverify)
    offset = offset_of(spec.timezone, 0)
    for key in ("licence_start", "licence_end"):
        instant_of(key, getattr(spec, key), offset)
    if isinstance(spec.users, int) and not 0 <= spec.users <= MOST_USERS:
        raise usage("users", spec.users, f"0 to {MOST_USERS}")
    if isinstance(spec.users, list):
        check_people(spec.users)
    check_origins(spec.origin_ips)
    check_operations(spec.without_operations, spec.protocol)


def check_people(people: Sequence[PersonSpec]) -> None:
    """Ids and kinds that a device can have, nobody twice (A-DEV-01, A-DEV-03). Raises: ControlError."""
    known: set[str] = set()
    for number, person in enumerate(people):
        where = f"users[{number}]"
        user_id_of(f"{where}.id", person.id)
        user_type_of(person.user_type, f"{where}.user_type")
        if person.id in known:
            raise usage(f"{where}.id", person.id, "each person once")
        known.add(person.id)


def check_origins(addresses: Sequence[str]) -> None:
    """Who may send commands (A-REST-34). Raises: ControlError."""
    for address in addresses:
        if not is_address(address):
            raise usage("origin_ips", address, "addresses such as 127.0.0.1 or ::1, in their short form")


def check_operations(names: Sequence[str], protocol: str) -> None:
    """Operations that a plan may lack: commands of the device's protocol by their names. Raises: ControlError."""
    known = {*V2_COMMANDS}
    if protocol == Protocol.V3:
        known = {*(row.name for row in COMMANDS), *SYNC_WORDS, USER_INFO}
    for name in names:
        if name not in known and not (protocol == Protocol.V3 and name.startswith("AddUser[")):
            raise usage("without_operations", name, ", ".join(sorted(known)))


def check_id(stgid: str) -> None:
    """An id that a device can have. Raises: ControlError."""
    if not 0 < len(stgid) <= _LONGEST_ID or not stgid.isprintable() or not _NOT_IN_A_QUERY.isdisjoint(stgid):
        raise usage("id", stgid, "1 to 64 characters without blanks and ? & # / % +")


def set_licence_timers(kernel: Kernel, registered: RegisteredDevice) -> None:
    """Wake the queue when the licence or a service begins or ends."""
    services = [moment for service in registered.config.services.values() for moment in service]
    for moment in (registered.config.licence_start, registered.config.licence_end, *services):
        if moment is not None and moment * 1000 > kernel.now:
            kernel.state.timers.set(moment * 1000, "licence", registered.config.stgid)
