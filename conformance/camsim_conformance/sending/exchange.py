"""One answer, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MOST_LAG_S = 0.1
MAX_ANSWER = 65_536  # bytes of an answer that are read, as the gateway does


class NoAnswer(StrEnum):
    """Why there is no answer."""

    REFUSED = "refused"  # no connection
    TLS = "tls"
    TIMEOUT = "timeout"
    CLOSED = "closed"  # the connection ended before an answer
    BROKEN = "broken"  # what came is not HTTP
    MEANT = "meant"  # the step itself drops the connection


@dataclass(frozen=True, slots=True)
class Exchange:
    """What came back for one copy of a step, and under which conditions it was sent.

    `seconds` runs from the first byte sent to the end of the answer; of copies that go together, from their last byte.
    `at` is the start on the monotonic clock, `lag_s` how late our own event loop was at worst meanwhile, `alone` that
    nothing else was in flight at the start, `reused` that the connection had carried a request before. `deferred`
    counts answers 429 and 503 that asked to come again, `retried` second tries on another connection and `why_retried`
    their reason, `dropped` the tries that ended without an answer after the whole request was written.
    """

    step: int
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    seconds: float = 0.0
    no_answer: NoAnswer | None = None
    detail: str = ""
    attempt: int = 1
    copy: int = 1
    at: float = 0.0
    lag_s: float = 0.0
    alone: bool = False
    reused: bool = False
    deferred: int = 0
    retried: int = 0
    why_retried: str = ""
    dropped: int = 0

    @property
    def answered(self) -> bool:
        """True when an HTTP answer came."""
        return self.status is not None

    @property
    def lagged(self) -> bool:
        """True when our own event loop was so late meanwhile that lateness, or no answer, is not the target's."""
        return self.lag_s > MOST_LAG_S

    @property
    def lost(self) -> bool:
        """True when the target may be gone: no connection, or no answer in time."""
        return self.no_answer in (NoAnswer.REFUSED, NoAnswer.TLS, NoAnswer.TIMEOUT)

    def header(self, name: str) -> str:
        """The first header of that name, or an empty text."""
        for key, value in self.headers:
            if key.lower() == name.lower():
                return value
        return ""

    def text(self, limit: int = 160) -> str:
        """`HTTP 200 {"status":"done"} (12 ms)`, or why there is no answer."""
        if not self.answered:
            reason = f"no answer: {self.no_answer or 'unknown'}{self._tries()}"
            return f"{reason} ({self.detail})" if self.detail else reason
        body = self.body[:limit].decode("utf-8", "replace")
        if len(self.body) > limit:
            body += "…"
        return f"HTTP {self.status} {body} ({self.seconds * 1000:.0f} ms{self._tries()})"

    def _tries(self) -> str:
        """What came before this answer, which a reader must know to believe it."""
        before = ""
        if self.deferred:
            before += f", told {self.deferred} times to come later"
        if self.dropped and self.answered:
            before += f", after {self.dropped} dropped without an answer"
        return before
