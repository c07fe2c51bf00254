"""Where a storm may go, and whether this machine can carry it: checked before anything is sent."""

from __future__ import annotations

import resource
from pathlib import Path

from camsim import ownership

_SPARE_DESCRIPTORS = 128  # Locust, its sockets between processes, log and report files


class DescriptorError(ValueError):
    """The machine allows too few open files (exit 2); the message holds the command to run."""


def refuse_strangers(url: str, auth_token: str, i_own_this: bool, ca: Path | None = None) -> None:
    """Returns for a loopback or private address, or a public one whose owner put the nonce up.

    `ca`: the authority that an HTTPS target is proved by. Raises: SafetyError; UnreachableError when the name has no
    address or its host does not answer.
    """
    origin = ownership.origin_of(url)
    # One public address is enough: the driver may be given that one.
    public = [address for address in ownership.addresses_of(origin) if not ownership.is_private(address)]
    if not public:
        return
    reason = f"{origin.host} is {public[0]}, not a loopback or private address: a storm may only go to what is yours."
    ownership.refuse_unclaimed(origin, auth_token, i_own_this, reason)
    ownership.refuse_unproven(origin, auth_token, *ownership.read_challenge(origin, ca))


def raise_descriptor_limit(connections: int) -> int:
    """Raise this process's soft limit so that it and its children can hold so many connections; the limit now in force.

    Raises: DescriptorError with the command to run when the hard limit is below the need.
    """
    needed = connections + _SPARE_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = max(1, hard - _SPARE_DESCRIPTORS)
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise DescriptorError(
            f"{connections} connections a process need {needed} open files, this machine's hard limit is {hard}. Run\n"
            f"    sudo prlimit --pid $$ --nofile={needed}:{needed}\n"
            f"in this shell and start again, or use --connections for at most {most} a worker."
        )
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
        return needed
    return soft
