"""Where a storm may go, and whether this machine can carry it: checked before anything is sent."""

from __future__ import annotations

import resource
from pathlib import Path

from camsim import ownership
from camsim_loadtests.plan.settings import ONLY_YOURS

_SPARE_DESCRIPTORS = 128  # Locust, its sockets between processes, log and report files


class DescriptorError(ValueError):
    """The machine allows too few open files (exit 2); the message holds the command to run."""


def refuse_strangers(url: str, auth_token: str, i_own_this: bool, ca: Path | None = None) -> ownership.Origin:
    """The target, pinned to the address that was looked at: loopback or private, or one whose owner put the nonce up.

    `ca`: the authority that an HTTPS target is proved by. Raises: SafetyError; UnreachableError when the name has no
    address or its host does not answer.
    """
    return ownership.own_origin(url, auth_token, claimed=i_own_this, ca=ca, only=ONLY_YOURS)


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
