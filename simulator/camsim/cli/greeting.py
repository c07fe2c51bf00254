"""What `camsim serve` prints first: where it listens, which devices it has, what it keeps."""

from __future__ import annotations

import sys

import msgspec

from camsim import __version__
from camsim.host import Host
from camsim.protocol.timestamps import gmt
from camsim.protocol.vocabulary import Protocol
from camsim.secrecy import without_credentials
from camsim.shown import for_lines


def greet(host: Host, as_json: bool, quiet: bool) -> None:
    """Print it, as JSON, or nothing."""
    if as_json:
        sys.stdout.write(msgspec.json.encode(host.ready()).decode() + "\n")
    elif not quiet:
        sys.stdout.write(for_lines(greeting(host)))
    sys.stdout.flush()


def _endpoints(host: Host) -> list[str]:
    """The paths of the protocols that the devices speak; v3's when there is none yet."""
    devices = host.runtime.kernel.state.devices
    spoken = {slot.config.protocol for slot in devices.awake_look()} | {one.spec.protocol for one in devices.founded}
    lines: list[str] = []
    if Protocol.V3 in spoken or not spoken:
        lines.append(f"  gateway     {host.gateway_url}{Protocol.V3.path}?stgid=…")
    if Protocol.V2 in spoken:
        lines.append(f"  gateway     {host.gateway_url}{Protocol.V2.path} (v2: form field request_data)")
    return lines


def _virtual_time(host: Host) -> list[str]:
    """Which time it is, where it is not the host's."""
    clock, settings = host.runtime.clock, host.settings
    if not clock.stands and settings.start_ms is None:
        return []
    why = f"{settings.horizon_ms / 3_600_000:g} h before now, as far as jumps go; --start sets it"
    if host.restored is not None:
        why = "as the state file was left"
    elif settings.start_ms is not None:
        why = "as --start says"
    return [f"  time        {gmt(host.runtime.now() // 1000, 0)} ({why})"]


def greeting(host: Host) -> str:
    """What a person wants to know first."""
    state, settings = host.runtime.kernel.state, host.settings
    names = list(state.devices)
    ends = [slot.config for slot in map(state.devices.peek, names[:1] + names[-1:]) if slot is not None]
    lines = [
        f"camsim {__version__}: seed {state.seed}, profile {state.profile}, clock {host.runtime.clock.text}",
        *_endpoints(host),
        f"  management  {host.management_url}/api/health",
        *_virtual_time(host),
    ]
    if not ends:
        lines.append("  devices     0")
    else:
        first, last = ends
        # Devices of a site may have URLs of their own: the first one's shows the kind.
        url = (
            without_credentials(first.callback_url or "") or "no URL: events wait in the queue; --callback-url sets one"
        )
        lines.append(f"  devices     {len(names)}: {first.stgid} … {last.stgid}")
        lines.append(f"  token       {first.auth_token} ({first.stgid})")
        lines.append(f"  callbacks   {url}")
    if settings.state is None:
        lines.append("  state       in memory: everything is gone at exit; --state FILE keeps it")
    else:
        how = "new"
        if host.restored is not None:
            how = f"restored, {host.restored} events replayed"
        lines.append(f"  state       {settings.state} ({how}; survives a killed process, not a power cut)")
    return "\n".join(lines) + "\n"
