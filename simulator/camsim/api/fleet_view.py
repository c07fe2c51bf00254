"""What the control API shows of all devices at once, without making those that nobody has touched."""

from __future__ import annotations

import msgspec

from camsim.control import answers
from camsim.secrecy import Secrets
from camsim.service.runtime import Runtime
from camsim.state.founding import Founding
from camsim.state.gateway import Fleet

from .views import device


def devices(fleet: Fleet, secrets: Secrets | None) -> list[answers.Device]:
    """Every device in one row; those of a description that nobody has touched differ in what they are called."""
    rows: list[answers.Device] = []
    patterns: dict[int, answers.Device] = {}
    for stgid, one in fleet.survey():
        if not isinstance(one, Founding):
            rows.append(device(one, secrets))
            continue
        pattern = patterns.get(one.first)
        if pattern is None:
            seen = fleet.peek(stgid)
            assert seen is not None  # noqa: S101  it has just been named
            pattern = patterns[one.first] = device(seen, secrets)
        called = {"stgid": stgid, "label": one.label(stgid), "serial": one.serial(stgid)}
        rows.append(msgspec.structs.replace(pattern, **called))
    return rows


def metrics(runtime: Runtime) -> str:
    """Counters in the text format of Prometheus."""
    state, waiting = runtime.kernel.state, runtime.waiting()
    asleep_online = sum(one.spec.online for _, one in state.devices.survey() if isinstance(one, Founding))
    values = {
        "camsim_devices": len(state.devices),
        "camsim_devices_online": asleep_online + sum(one.online for one in state.devices.awake_look()),
        "camsim_callbacks_pushed_total": sum(one.outbox.pushed for one in state.devices.awake_look()),
        "camsim_callbacks_waiting": waiting.callbacks,
        "camsim_commands_waiting": waiting.commands,
        "camsim_journal_entries_total": state.journal.seq,
    }
    for name, number in state.ledger.summary().items():
        values[f"camsim_ledger_{name}"] = number
    values["camsim_ledger_left"] = state.ledger.left.punches
    return "".join(f"# TYPE {name} gauge\n{name} {value}\n" for name, value in values.items())
