"""The routes of the control API, one row each: what the server serves, the client calls, and OpenAPI describes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from . import actions, answers, on_device, records
from .moving import AdvanceBody, IdleBody
from .ranges import PersonNumber, Real, StartMoment
from .route import CSV, JSON, LINES, TEXT, Route

FILTERS = {
    "operation": "only of this operation",
    "user": "only of this user",
    "device": "only of this device",
    "direction": "callback, rest or control",
    "verdict": "only with this verdict",
}


class Filter(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which journal entries are meant; None is any."""

    operation: str | None = None
    user: str | PersonNumber | None = None  # programs count their people: 7 is the UserID "7"
    device: str | None = None
    direction: str | None = None
    verdict: str | None = None


class Wait(Filter, kw_only=True):
    """Until how many entries match (`count`), at most `timeout` real seconds."""

    count: Real = 1
    timeout: Real = 10


class ClockBody(msgspec.Struct, forbid_unknown_fields=True):
    """`mode`: `real`, `manual`, `auto` or `scaled:N`; `start`: when an empty world begins, as `serve --start`."""

    mode: str
    start: str | StartMoment | None = None


class ScenarioBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`name` of the library, or the `scenario` itself; `wait` false answers before it has run."""

    name: str | None = None
    scenario: dict[str, Any] | None = None
    callback_url: str | None = None
    keep: bool = False
    wait: bool = True


# --- the simulator ----------------------------------------------------------------------------------------------------

HEALTH = Route("GET", "health", "Alive, and how it goes", answers.Health)
VERSION = Route("GET", "version", "Version, and where the gateway is", answers.Version)
CONFIG = Route("GET", "config", "Seed, profile and every knob in force", answers.Config)
PATCH_CONFIG = Route(
    "PATCH",
    "config",
    "Another profile, other knobs, or both, or an object of knobs alone; all or none",
    answers.Applied,
    actions.SetKnobs,
    hint="profile: documented, observed, strict, hostile; GET register lists every knob",
    open=True,
)
REGISTER = Route("GET", "register", "Every reading of the vendor's pages, with the values in force", answers.Register)
METRICS = Route("GET", "metrics", "Counters in the text format of Prometheus", bytes, media=TEXT)
OPENAPI = Route("GET", "openapi.json", "This API as an OpenAPI 3.1 document", dict)
RESET = Route(
    "POST",
    "reset",
    "Forget all, the journal, the faults or the devices",
    answers.Reset,
    actions.Reset,
    optional=True,
    hint="scope: all, journal, faults, devices",
    internal=("now",),
)
UPLINK = Route(
    "POST",
    "uplink",
    "Hold callbacks back in the gateway, or let them go; commands are answered",
    answers.Uplink,
    actions.Uplink,
)

# --- devices ----------------------------------------------------------------------------------------------------------

DEVICES = Route("GET", "devices", "Every device, one row each", answers.Devices)
ADD_DEVICES = Route(
    "POST", "devices", "Make devices; all or none", answers.Added, actions.AddDevices, "devices", status=201
)
DEVICE = Route("GET", "devices/{stgid}", "Configuration, capacity, clock and queue", answers.DeviceDetails)
PATCH_DEVICE = Route("PATCH", "devices/{stgid}", "Change what is given", answers.Changed, actions.PatchDevice)
REMOVE_DEVICE = Route("DELETE", "devices/{stgid}", "Take it away with its queue", answers.Removed, actions.RemoveDevice)
ONLINE = Route(
    "POST",
    "devices/{stgid}/online",
    "It is back: cached records flow",
    answers.Connection,
    actions.Online,
    optional=True,
)
OFFLINE = Route(
    "POST", "devices/{stgid}/offline", "It loses its connection", answers.Connection, actions.Offline, optional=True
)
POWER_CYCLE = Route(
    "POST", "devices/{stgid}/power-cycle", "Off and on", answers.Connection, actions.PowerCycle, optional=True
)
PUNCHES = Route("POST", "devices/{stgid}/punches", "People punch", on_device.Punches, actions.Punches, "punches")
PUT_USER = Route("POST", "devices/{stgid}/users", "Add or edit a user", on_device.Edited, actions.PutUser)
DELETE_USER = Route("DELETE", "devices/{stgid}/users/{user}", "Delete a user", on_device.Deleted, actions.DeleteUser)
DATE = Route("POST", "devices/{stgid}/date", "Change the date", on_device.Dated, actions.Date, optional=True)
ENROL_FINGER = Route(
    "POST",
    "devices/{stgid}/enrol-finger",
    "A finger on the sensor",
    on_device.Edited,
    actions.EnrolFinger,
    optional=True,
)
RESEND = Route(
    "POST",
    "devices/{stgid}/resend",
    "Tell punches of its log again, all or those of a range",
    on_device.Resent,
    actions.Resend,
    optional=True,
)
USERS = Route("GET", "devices/{stgid}/users", "Users on the device", on_device.Users)
LOGS = Route(
    "GET",
    "devices/{stgid}/logs",
    "Its punch log, oldest record first",
    on_device.Logs,
    query={"start": "not before this time", "end": "not after this time"},
)
PHOTOS = Route("GET", "devices/{stgid}/photos", "Photos it still has", on_device.Photos)
ACCESS = Route("GET", "devices/{stgid}/access", "Who may punch when", on_device.AccessWindows)
DIGEST = Route("GET", "devices/{stgid}/digest", "A hash over everything on it", on_device.Digest)
QUEUE = Route("GET", "devices/{stgid}/queue", "Its callback queue", records.Queue)
OPERATE_QUEUE = Route(
    "POST",
    "devices/{stgid}/queue/{what}",
    "hold, resume, retry-now, reset",
    records.QueueDone,
    actions.Queue,
    optional=True,
)
COMMANDS = Route(
    "GET",
    "commands",
    "RESTful commands on their way to devices",
    records.Commands,
    query={"state": ", ".join(records.COMMAND_STATES)},
)

# --- time -------------------------------------------------------------------------------------------------------------

CLOCK = Route("GET", "clock", "Mode, virtual now, next timer", answers.ClockView)
SET_CLOCK = Route(
    "PUT",
    "clock",
    "Another mode from now on",
    answers.ClockView,
    ClockBody,
    hint="mode: real, manual, auto, scaled:N; start: a time, of a world without devices",
)
ADVANCE = Route(
    "POST",
    "clock/advance",
    "Let virtual time pass",
    answers.Moved,
    AdvanceBody,
    hint="seconds: a number, or 15s, 2m, 48h; patience: real seconds",
)
RUN_UNTIL_IDLE = Route(
    "POST",
    "clock/run-until-idle",
    "Move time until nothing is left to do",
    answers.Moved,
    IdleBody,
    optional=True,
    hint="patience: real seconds",
)

# --- faults -----------------------------------------------------------------------------------------------------------

FAULTS = Route("GET", "faults", "Faults in force, with what they have struck", records.Faults)
FAULT_CATALOGUE = Route("GET", "faults/catalogue", "What each fault does", records.FaultCatalogue)
ADD_FAULT = Route("POST", "faults", "Put a fault in force", records.Fault, actions.AddFault, "fault", status=201)
CLEAR_FAULTS = Route("DELETE", "faults", "Take all faults out", records.FaultsRemoved, actions.ClearFaults)
CLEAR_FAULT = Route("DELETE", "faults/{id}", "Take one fault out", records.FaultsRemoved, actions.ClearFaults)

# --- what happened ----------------------------------------------------------------------------------------------------

JOURNAL = Route(
    "GET",
    "journal",
    "The newest entries, oldest of them first",
    records.Journal,
    query={**FILTERS, "limit": "how many at most (200)", "canonical": "1: the comparable form, JSON lines"},
    others=((200, LINES),),
)
JOURNAL_COUNT = Route("POST", "journal/count", "How many entries match", records.Count, Filter, optional=True)
JOURNAL_WAIT = Route(
    "POST",
    "journal/wait",
    "Wait until so many entries match",
    records.Waited,
    Wait,
    optional=True,
    hint=f"{', '.join(FILTERS)}; count, timeout: 0 to 86400",
)
JOURNAL_CLEAR = Route(
    "POST", "journal/clear", "Forget the entries", records.Cleared, actions.ClearJournal, optional=True
)
LEDGER = Route(
    "GET",
    "ledger",
    "What became of every punch",
    records.LedgerView,
    query={"device": "only of this device", "user": "only of this user", "summary": "1: counts alone"},
)
LEDGER_CSV = Route("GET", "ledger.csv", "The ledger as CSV, header first", bytes, media=CSV)

# --- scenarios --------------------------------------------------------------------------------------------------------

RUN_SCENARIO = Route("POST", "scenarios", "Run a scenario in this simulator", dict, ScenarioBody, others=((202, JSON),))
SCENARIO_LIBRARY = Route("GET", "scenarios/library", "Every scenario of the library", dict)
SCENARIO_RUN = Route("GET", "scenarios/{id}", "How a run went", dict)

ROUTES: tuple[Route[object], ...] = (
    HEALTH,
    VERSION,
    CONFIG,
    PATCH_CONFIG,
    REGISTER,
    METRICS,
    OPENAPI,
    RESET,
    UPLINK,
    DEVICES,
    ADD_DEVICES,
    DEVICE,
    PATCH_DEVICE,
    REMOVE_DEVICE,
    ONLINE,
    OFFLINE,
    POWER_CYCLE,
    PUNCHES,
    PUT_USER,
    DELETE_USER,
    DATE,
    ENROL_FINGER,
    RESEND,
    USERS,
    LOGS,
    PHOTOS,
    ACCESS,
    DIGEST,
    QUEUE,
    OPERATE_QUEUE,
    COMMANDS,
    CLOCK,
    SET_CLOCK,
    ADVANCE,
    RUN_UNTIL_IDLE,
    FAULTS,
    FAULT_CATALOGUE,
    ADD_FAULT,
    CLEAR_FAULTS,
    CLEAR_FAULT,
    JOURNAL,
    JOURNAL_COUNT,
    JOURNAL_WAIT,
    JOURNAL_CLEAR,
    LEDGER,
    LEDGER_CSV,
    RUN_SCENARIO,
    SCENARIO_LIBRARY,
    SCENARIO_RUN,
)

# The route of each action that has one to itself; `clear_faults` without an id takes all of them out.
ROUTE_OF: Mapping[type, Route[Any]] = {
    route.body: route for route in ROUTES if isinstance(route.body, type) and route is not CLEAR_FAULT
}
