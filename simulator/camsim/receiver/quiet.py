"""What a receiver logs: its own faults, and nothing of what a peer sent that is no HTTP."""

from __future__ import annotations

import logging

from aiohttp.http_exceptions import HttpProcessingError


def _only_our_faults(record: logging.LogRecord) -> bool:
    _, problem, _ = record.exc_info or (None, None, None)
    return not isinstance(problem, (HttpProcessingError, ConnectionError))


log = logging.getLogger("camsim.receiver")
log.addFilter(_only_our_faults)
