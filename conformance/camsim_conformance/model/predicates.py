"""What happens to a thing, in words: the predicate of a cause's sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .cover import is_usual, stem
from .forgery_words import forged_predicate
from .observation import Aspect, Deviation, Explanation, Observation
from .people_names import OLD_NAME

_PREDICATES: Mapping[tuple[Aspect, str], str] = {
    (Aspect.ROW, Deviation.MISSING): "is not stored",
    (Aspect.ROW, Deviation.LATE): "is stored late",
    (Aspect.COUNT, Deviation.DOUBLED): "is stored twice or more often",
    (Aspect.COUNT, Deviation.INVENTED): "leaves a row that nothing explains",
    (Aspect.COUNT, Deviation.OTHER_PERSON): "is booked to another person",
    (Aspect.TEMPLATE, Deviation.MISSING): "is not stored, or was removed",
    (Aspect.TEMPLATE, Deviation.WRONG): "is stored with other content",
    (Aspect.TEMPLATE, Deviation.STILL_THERE): "is still stored",
    (Aspect.NAME, Deviation.NULL): "is not stored, or was erased",
    (Aspect.NAME, Deviation.WRONG): "is stored otherwise than it was sent",
    (Aspect.PERSON, Deviation.MISSING): "is not stored",
    (Aspect.PERSON, Deviation.STILL_THERE): "is still stored",
    (Aspect.UNCHANGED, Deviation.CHANGED): "is changed by a forged or hostile message",
    (Aspect.UNCHANGED, Deviation.PUSHED_OUT): "vanishes when more punches come, the oldest first",
    (Aspect.UNCHANGED, Deviation.MIXED): "takes over what is told of another person",
    (Aspect.TEMPLATE, Deviation.INVENTED): "is stored of a person of whom it was never told",
}
_ATTRIBUTES: Mapping[Aspect, str] = {
    Aspect.TYPE: "Type",
    Aspect.INPUT: "InputType",
    Aspect.TEMPERATURE: "Temperature",
    Aspect.MASK: "FaceMask",
    Aspect.DEVICE: "device",
}
_PLAIN_TIMES = frozenset({Deviation.WRONG, Deviation.SHIFTED})
_ANSWERS: Mapping[str, str] = {"no answer": "gets no answer", Deviation.LATE: "is answered late"}


def predicate(explanation: Explanation) -> str:
    """What happens to it: `is answered HTTP 500`, `is stored 3 h 30 min early`, `loses its Type`."""
    aspect, deviation = explanation.aspect, explanation.deviation
    if aspect is Aspect.ANSWER:
        return _answer(deviation)
    if aspect is Aspect.INSTANT:
        return _instant(explanation.wrong, deviation)
    if aspect in _ATTRIBUTES:
        return _attribute(explanation, _ATTRIBUTES[aspect])
    if aspect is Aspect.FORGERY:
        return forged_predicate(explanation)
    known = _PREDICATES.get((aspect, deviation), f"is {deviation} ({aspect})")
    if deviation == Deviation.OTHER_PERSON:
        return known
    if (aspect, deviation) == (Aspect.NAME, Deviation.NULL) and explanation.values:
        # By what came after it, or by how it was told.
        later = any(stem(factor) == "then" and not is_usual(factor, name) for factor, name in explanation.values)
        return "is erased" if later else "is not stored"
    if aspect is Aspect.NAME and all(one.actual.endswith(OLD_NAME) for one in explanation.wrong):
        return "is not stored: the one before it stays"
    return known + _instead(explanation.wrong) if deviation == Deviation.WRONG else known


def _answer(deviation: str) -> str:
    if deviation in _ANSWERS:
        return _ANSWERS[deviation]
    kind, _, rest = deviation.partition(" ")
    if kind.lower() == "http":
        return f"is answered HTTP {rest}"
    if deviation.startswith("no answer: "):
        return f"gets no answer ({deviation.removeprefix('no answer: ')})"
    return f"is answered HTTP 200, but {deviation}"


def _instant(wrong: Iterable[Observation], deviation: str) -> str:
    if deviation in (Deviation.NULL, Deviation.MISSING):
        return "is stored without its time"
    seconds = sorted({one.seconds for one in wrong if one.seconds is not None})
    if not seconds:
        return "is stored at a wrong time"
    by = f"from {off(seconds[0])} to {off(seconds[-1])}" if len(seconds) > 1 else off(seconds[0])
    if deviation in _PLAIN_TIMES:
        return f"is stored at a wrong time, {by}"
    # `kept as the device's wall clock`, `with the sign of its offset ignored`
    verb = "is" if deviation.startswith("kept") else "is stored"
    return f"{verb} {deviation}, {by}"


def off(seconds: int) -> str:
    """`3 h 30 min early` of -12600; later than it was is late."""
    if not seconds:
        return "at the right time"
    left, parts = abs(seconds), []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        if left >= size:
            parts.append(f"{left // size} {unit}")
            left %= size
    return f"{' '.join(parts)} {'early' if seconds < 0 else 'late'}"


def _attribute(explanation: Explanation, name: str) -> str:
    if explanation.deviation in (Deviation.NULL, Deviation.MISSING):
        return f"loses its {name}"
    return f"is stored with a wrong {name}{_instead(explanation.wrong)}"


def _instead(wrong: Iterable[Observation]) -> str:
    """What stood there instead, when it is always the same."""
    found = {one.actual for one in wrong}
    actual = found.pop()
    return f" ({actual})" if actual and not found else ""
