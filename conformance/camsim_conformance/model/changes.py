"""What to change in the target: by what deviates, how, and under which factor."""

from __future__ import annotations

from collections.abc import Mapping

from camsim_conformance.plan.then_factors import OTHER_DELETED

from .cover import stem
from .observation import Aspect, Deviation, Explanation

_ACKNOWLEDGE = 'Answer HTTP 200 {"status":"done"} first, and handle what you cannot use afterwards (V3:1166).'
_ACKNOWLEDGE_V2 = 'Answer HTTP 200 {"status":"done"} to every request, and keep a failure internal (V2:48).'
_CHANGES: Mapping[tuple[Aspect, str], str] = {
    (Aspect.ROW, Deviation.MISSING): "Store every punch that you acknowledge, whatever its values are.",
    (Aspect.ROW, Deviation.LATE): "Store a punch within the time that you declare for it.",
    (Aspect.COUNT, Deviation.DOUBLED): "Use UserID + LogTime as a unique key (V3:1170).",
    (Aspect.COUNT, Deviation.INVENTED): "Store one row for each punch (#11), and none for any other callback.",
    (Aspect.COUNT, Deviation.OTHER_PERSON): "Keep UserID as the text that was sent: do not cut, convert or pad it.",
    (Aspect.TEMPLATE, Deviation.MISSING): "Merge templates: never replace or remove what a callback does not carry.",
    (Aspect.TEMPLATE, Deviation.WRONG): "Keep templates by Type and Index, whole, and update the one that came again.",
    (Aspect.TEMPLATE, Deviation.STILL_THERE): "Remove the templates of a person who was deleted at the device (#1).",
    (Aspect.NAME, Deviation.NULL): "Take a name from every callback that carries one, and leave it alone otherwise.",
    (Aspect.PERSON, Deviation.STILL_THERE): "Delete or mark the person when #1 comes.",
    (Aspect.INSTANT, Deviation.WRONG): "Store the instant that LogTime names, read with its own offset (V3:1217).",
    (Aspect.UNCHANGED, Deviation.PUSHED_OUT): "Keep every punch: let no number of later ones push it out.",
    (Aspect.UNCHANGED, Deviation.MIXED): "Keep what is stored of each person apart: share no object between them.",
    (Aspect.TYPE, Deviation.NULL): "Keep the Type of the punch whatever comes before or after it.",
}
_BY_ASPECT: Mapping[Aspect, str] = {
    Aspect.ANSWER: _ACKNOWLEDGE,
    Aspect.ROW: "Store one row for each punch.",
    Aspect.COUNT: "Store one row for each punch, and no more.",
    Aspect.INSTANT: "Store the instant that LogTime names (V3:1217).",
    Aspect.TYPE: "Store the Type that was sent; where you use words of your own, one for each of them.",
    Aspect.INPUT: "Store the InputType that was sent.",
    Aspect.TEMPERATURE: "Store the Temperature that was sent, text or number, and nothing when it is absent.",
    Aspect.MASK: "Store the FaceMask that was sent, and nothing when it is absent.",
    Aspect.DEVICE: "Store the device that the punch came from.",
    Aspect.TEMPLATE: "Keep templates by Type and Index: merge them, never replace all.",
    Aspect.NAME: "Store names as UTF-8 text, as they were sent.",
    Aspect.PERSON: "Keep a person from the first callback that tells of it until it is deleted (#1).",
    Aspect.FORGERY: "Compare AuthToken with the device's before you store anything.",
    Aspect.UNCHANGED: "Check AuthToken and the form of a message before you change anything.",
}
_ONE_DELETED = "Delete the one person whose UserID is the very text that was sent, and nobody where there is none."
# What is nearer to the condition than the deviation alone.
_HOWEVER_MANY = "Keep every punch, however many there are: a list or a table of fixed length loses them."
_BY_FACTOR: Mapping[tuple[Aspect, str], str] = {
    (Aspect.FORGERY, "forged"): "Compare AuthToken with the device's in every callback, before anything else is done.",
    (Aspect.FORGERY, "token"): "Compare AuthToken as a text: whole, and with every sign as it is.",
    (Aspect.FORGERY, "token-length"): "Compare AuthToken sign by sign with the device's.",
    (Aspect.FORGERY, "forging"): "Compare AuthToken before you look for the row, and before you change it.",
    (Aspect.ROW, "before:forged"): "Remember and block nothing of a message before its AuthToken is right.",
    (Aspect.TEMPLATE, "before:forged"): "Remember and block nothing of a message before its AuthToken is right.",
    (Aspect.ROW, "beside"): "Answer when a punch is stored for good: nothing that comes after it may lose it.",
    (Aspect.INSTANT, "offset"): "Read the offset of LogTime with its sign and minutes.",
    (Aspect.INSTANT, "age"): "Store LogTime, also of an old punch, and not the time at which it arrives.",
    (Aspect.INSTANT, "order"): "Store LogTime, and not the time at which the punch arrives.",
    (Aspect.ROW, "offset"): "Read the offset of LogTime with its sign and minutes, and store the punch.",
    (Aspect.ROW, "age"): "Accept old punches: a device sends what it cached when it comes back.",
    (Aspect.ROW, "order"): "Accept a punch that is older than one already stored (V3:1219).",
    (Aspect.ROW, "neighbour"): "Compare whole seconds of LogTime: punches of one person seconds apart are two.",
    (Aspect.ROW, "repeat"): "Ignore the copy alone, never the first of them.",
    (Aspect.ROW, "device"): "Store the punches of every device.",
    (Aspect.ROW, "photo"): "Keep photo (#10) and punch (#11) apart: the one neither replaces nor hides the other.",
    (Aspect.NAME, "name-parts"): "Take a name of which a part is empty, and in v2 Name alone (V2:87); where Name has a "
    "column of its own, let the read-back tell it as `name`.",
    (Aspect.PERSON, OTHER_DELETED): _ONE_DELETED,
    (Aspect.TEMPLATE, OTHER_DELETED): _ONE_DELETED,
    (Aspect.TEMPLATE, "digits"): "Keep card numbers and PINs as the text that was sent (V3:1225).",
    (Aspect.TEMPLATE, "device"): "Take what every device tells of a person.",
    (Aspect.NAME, "device"): "Take what every device tells of a person.",
    (Aspect.PERSON, "device"): "Take what every device tells of a person.",
    (Aspect.ROW, "stay"): "Keep both punches of a short stay or break: no page says that a quick pair undoes itself.",
    (Aspect.ROW, "warmth"): "Store a punch whatever its Temperature is.",
    (Aspect.ROW, "near"): "Compare whole seconds of LogTime: punches of one person seconds apart are two.",
    (Aspect.ROW, "same-minute"): "Compare whole seconds of LogTime: punches of one person in a minute are two.",
    (Aspect.ROW, "newer"): "Accept a punch that is older than one already stored, of whatever device (V3:1219).",
    (Aspect.ROW, "utc-day-had"): _HOWEVER_MANY,
    (Aspect.ROW, "rush"): "Store a punch at once: let none wait for, or give way to, the next of its person.",
    (Aspect.ROW, "had"): _HOWEVER_MANY,
    (Aspect.ROW, "day-had"): _HOWEVER_MANY,
    (Aspect.ROW, "input-had"): _HOWEVER_MANY,
    (Aspect.ROW, "type-had"): _HOWEVER_MANY,
    (Aspect.ROW, "more"): _HOWEVER_MANY,
    (Aspect.ROW, "left"): _HOWEVER_MANY,
    (Aspect.ROW, "run-had"): _HOWEVER_MANY,
    (Aspect.ROW, "run-more"): _HOWEVER_MANY,
    (Aspect.ROW, "then"): "Keep a punch whatever is told of its person after it.",
    (Aspect.INSTANT, "hour"): "Read the hour of LogTime on a clock of 24 hours, and move no punch to another day.",
    (Aspect.INSTANT, "clock"): "Store the instant that LogTime names: move no punch to the day of its shift.",
    (Aspect.INSTANT, "date-before"): "Store LogTime as it is: a change of the device's date (#2) moves no punch.",
    (Aspect.TYPE, "photo"): "Let a photo (#10) leave the row of its punch (#11) as it is.",
}
_DOUBLED_V2 = "Ignore the same data from the same device (V2:240): user, device and time are a unique key."


def change(explanation: Explanation, *, v2: bool = False) -> str:
    """What to change in the target, in one sentence."""
    aspect, deviation = explanation.aspect, explanation.deviation
    if aspect is Aspect.ANSWER:
        return _change_of_answer(explanation, v2=v2)
    if v2 and deviation == Deviation.DOUBLED:
        return _DOUBLED_V2
    for factor, _ in explanation.values:
        key = (aspect, stem(factor))
        if key in _BY_FACTOR and deviation != Deviation.LATE:
            return _of_protocol(_BY_FACTOR[key], v2=v2)
    return _of_protocol(_CHANGES.get((aspect, deviation), _BY_ASPECT[aspect]), v2=v2)


def _change_of_answer(explanation: Explanation, *, v2: bool) -> str:
    if explanation.deviation == Deviation.LATE:
        return "Answer at once, and do the work afterwards."
    return _ACKNOWLEDGE_V2 if v2 else _ACKNOWLEDGE


def _of_protocol(text: str, *, v2: bool) -> str:
    """The other protocol's words: v2 cites no line of v3's page, and has epoch seconds in place of LogTime."""
    if not v2:
        return text
    without_line = text.partition(" (V3:")[0].removesuffix(".") + "."
    return without_line.replace("LogTime", "OperationTime").replace(" (#10)", "").replace(" (#11)", "")
