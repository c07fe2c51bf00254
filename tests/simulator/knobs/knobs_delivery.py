"""What the knobs of acknowledgement, retries, order, connections and the licence show to a receiver."""

from __future__ import annotations

from itertools import pairwise

from knob_world import DONE, Case, Outcome, Value, World, answer_late, shows
from running_sim import KEY

from camsim.protocol import cipher
from camsim.protocol.timestamps import gmt

OTHER_KEY = KEY[::-1]
FAILED = (500, b"no", "text/plain")


def _acknowledged(case: Case, status: int, body: bytes, kind: str = "application/json") -> bool:
    """Whether an answer acknowledges a punch; the queue is empty again afterwards."""
    pushed = case.queue["pushed"]
    case.inbox.answer = (status, body, kind)
    case.punch()
    case.advance(0)
    counted = case.queue["pushed"] == pushed + 1
    case.do("queue/reset")
    return bool(counted)


def _repeated(case: Case) -> str:
    """How many of 200 callbacks, of eight devices, came more than once: none or some."""
    devices = [case.stgid, *(case.add(f"{case.stgid}-{n}") for n in range(7))]
    for stgid in devices:
        case.punch(device=stgid, count=25)
    case.idle()
    return "none" if len(case.taken) == 200 else "some"


# --- acknowledgement (V3:61) ------------------------------------------------------------------------------------------


@shows(
    "ack.match",
    ("exact", (True, False, False)),
    ("case_insensitive", (True, True, False)),
    ("http_only", (True, True, True)),
)
def match(world: World, value: Value) -> Outcome:
    """ "Your server must return {"status":"done"} (HTTP 200)"."""
    case = world.case("ack.match", value)
    bodies = (b'{"status":"done"}', b'{"status":"DONE"}', b"thanks")
    return tuple(_acknowledged(case, 200, body) for body in bodies)


@shows("ack.http", ("200", False), ("2xx", True))
def http(world: World, value: Value) -> Outcome:
    """HTTP 200, or any 2xx: here 201."""
    return _acknowledged(world.case("ack.http", value), 201, b'{"status":"done"}')


@shows("ack.content_type", ("any", True), ("json", False))
def ack_content_type(world: World, value: Value) -> Outcome:
    """The vendor's PHP sends "Content-Type: application/json" (V3:1428); others answer text/html."""
    return _acknowledged(world.case("ack.content_type", value), 200, b'{"status":"done"}', "text/html")


@shows("ack.lost", (0, "none"), (0.02, "some"))
def lost(world: World, value: Value) -> Outcome:
    """ "Re-sent during … network retries" (V3:1170): an answer that the gateway never sees."""
    return _repeated(world.case("ack.lost", value))


@shows("enc.ack", ("either", (True, True)), ("plain", (True, False)), ("encrypted", (False, True)))
def enc_ack(world: World, value: Value) -> Outcome:
    """V3:1101 wants callbacks decrypted, and says nothing of the answer to them."""
    case = world.case("enc.ack", value, security_key=KEY)
    plain = b'{"status":"done"}'
    return _acknowledged(case, 200, plain), _acknowledged(case, 200, cipher.encrypt(KEY, plain))


@shows("callback.timeout", ("10s", ["acknowledged"]), ("2s", ["acknowledged"]), ("100ms", ["not acknowledged"]))
def callback_timeout(world: World, value: Value) -> Outcome:
    """ "Always respond to Callback requests immediately" (V3:61): an answer after 0.3 s."""
    case = world.case("callback.timeout", value)
    case.inbox.answer = answer_late
    case.punch()
    return case.wait_for_attempts(1)


@shows(
    "retry.schedule",
    ([30, 60, 120, 300, 600, 1800, 3600], (30, 60, 120)),
    ("documented", (30, 60, 120)),
    ("vendor_v1", (30, 30, 30)),
    ("svix", (5, 300, 1800)),
    ("convoy_linear", (10, 10, 10)),
    ("convoy_exp", (10, 20, 40)),
    ([7, 9], (7, 9, 9)),
)
def schedule(world: World, value: Value) -> Outcome:
    """ "Will be passed again and again" (V2:48): virtual seconds between the first four attempts."""
    case = world.case("retry.schedule", value)
    case.inbox.answer = FAILED
    case.punch()
    case.advance(5000)
    times = [item.at for item in case.taken[:4]]
    return tuple((after - before) // 1000 for before, after in pairwise(times))


# --- what comes again, and in which order -----------------------------------------------------------------------------


@shows("dup.p", (0, "none"), (0.06, "some"), (0.1, "some"))
def duplicates(world: World, value: Value) -> Outcome:
    """ "The same punch may be re-sent" (V3:1170): in the same bytes."""
    case = world.case("dup.p", value)
    seen = _repeated(case)
    assert len({item.body for item in case.taken}) == 200
    return seen


@shows("dup.new_p", (0, "none"), (0.05, "some"))
def duplicates_anew(world: World, value: Value) -> Outcome:
    """The same punch under a new OperationID."""
    case = world.case("dup.new_p", value)
    seen = _repeated(case)
    assert len({item.frame["OperationID"] for item in case.taken}) == len(case.taken)
    return seen


@shows(
    "offline.order",
    ("fifo", ("in order", "live last")),
    ("lifo", ("reversed", "live last")),
    ("shuffle", ("mixed", "live last")),
    ("interleave", ("in order", "live between")),
)
def order(world: World, value: Value) -> Outcome:
    """ "The order of the data shall be varying from device to device" (V2:136): six cached punches, a live one."""
    case = world.case("offline.order", value, users=7)
    case.do("offline")
    for user in range(1, 7):
        case.punch(str(user))
        case.advance(60)
    case.do("online")
    case.punch("7")
    case.idle()
    users = [punch["UserId"] for punch in case.frames("PunchLog")]
    where = "live last" if users[-1] == "7" else "live between"
    cached = [user for user in users if user != "7"]
    known = {"123456": "in order", "654321": "reversed"}
    assert sorted(users) == list("1234567")
    return known.get("".join(cached), "mixed"), where


@shows("licence.backlog", ("hold", (0, 1)), ("drop", (0, 0)), ("drain", (1, 1)))
def backlog(world: World, value: Value) -> Outcome:
    """ "No new callbacks … until the license is renewed" (V3:1232): sent after the end, after renewal."""
    case = world.case("licence.backlog", value)
    case.inbox.answer = FAILED
    case.punch()
    case.advance(5)
    case.patch(licence_end=gmt(case.now - 1))
    case.inbox.answer, failed = DONE, len(case.taken)
    case.idle()
    after_the_end = len(case.taken) - failed
    case.patch(licence_end=gmt(case.now + 86_400))
    case.idle()
    return after_the_end, len(case.taken) - failed


@shows("enc.requeue", ("resend_new_key", "new"), ("frozen", "old"))
def requeue(world: World, value: Value) -> Outcome:
    """A key that changes while a callback waits; of that the page says nothing."""
    case = world.case("enc.requeue", value, security_key=KEY)
    case.inbox.answer = FAILED
    case.punch()
    case.advance(0)
    case.patch(security_key=OTHER_KEY)
    case.inbox.answer = DONE
    case.do("queue/retry-now")
    case.advance(0)
    try:
        cipher.decrypt(OTHER_KEY, case.taken[-1].body)
    except cipher.CipherError:
        cipher.decrypt(KEY, case.taken[-1].body)
        return "old"
    return "new"


# --- the way there ----------------------------------------------------------------------------------------------------


@shows("callback.stgid", ("never", ""), ("always", "stgid=T"), ("double", "stgid=T?stgid=T"))
def stgid(world: World, value: Value) -> Outcome:
    """ "No query parameters needed for Callback APIs" (V3:48)."""
    case = world.case("callback.stgid", value)
    case.punch()
    case.idle()
    return case.taken[0].query.replace(case.stgid, "T")


@shows("callback.headers", ("plain", "application/json"), ("charset", "application/json; charset=utf-8"))
def headers(world: World, value: Value) -> Outcome:
    """ "Use Content-Type: application/json header" (V3:1215)."""
    case = world.case("callback.headers", value)
    case.punch()
    case.idle()
    return case.taken[0].headers["Content-Type"]


@shows("callback.keepalive", (True, True), (False, False))
def keepalive(world: World, value: Value) -> Outcome:
    """Whether forty callbacks share connections, of which others may have left some; the page says nothing of them."""
    case = world.case("callback.keepalive", value)
    case.punch(count=40)
    case.idle()
    return len({item.peer for item in case.taken}) < 30


@shows("tls.verify", (True, 0), (False, 1))
def verify(world: World, value: Value) -> Outcome:
    """ "HTTPS with valid SSL certificate" (V3:1069): one that nobody known has signed."""
    case = world.case("tls.verify", value, secure=True)
    case.punch()
    case.advance(0)
    return len(case.taken)


@shows("callback.slow", (0, False), (0.02, True))
def slow(world: World, value: Value) -> Outcome:
    """Whether one of 200 callbacks came in pieces."""
    case = world.case("callback.slow", value)
    _repeated(case)
    return any(item.pieces > 3 for item in case.taken)


@shows("callback.truncate", (0, 0), (0.02, 1))
def truncate(world: World, value: Value) -> Outcome:
    """Whether one of 200 callbacks was cut short; it is sent again whole."""
    case = world.case("callback.truncate", value)
    _repeated(case)
    assert len({item.body for item in case.taken if item.whole}) == 200
    return min(1, sum(not item.whole for item in case.taken))
