"""A cause in one plain sentence with its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from camsim.protocol.vocabulary import Protocol, TemplateType
from camsim_conformance.plan.factors import value_of

from .cover import stem
from .forgery_words import forged_noun
from .observation import Aspect, Explanation, Observation, Values
from .predicates import predicate
from .wholes import whole

# What deviates, by aspect: "a …", and the word for all of them.
_NOUNS: Mapping[Aspect, str] = {
    Aspect.TEMPLATE: "template",
    Aspect.NAME: "name",
    Aspect.PERSON: "person",
    Aspect.UNCHANGED: "stored thing",
}
_NOUNS_OF_THEIR_OWN = frozenset({"operation", "deed", "forged"})
_DEEDS: Mapping[str, str] = {
    "punch": "punch",
    "photo": "photo callback",
    "update": "user callback",
    "delete": "deletion callback",
    "date": "callback of a changed date",
    "lazy": "lazy response",
    "other": "callback that cannot be used",
}
_VOWELS = "AEIOUaeiou"
MOST_VALUES = 5  # that are named of one factor
NEARLY = 0.8  # from this share on it is no more "now and then"


def sentence(explanation: Explanation, also: Sequence[Explanation] = (), milder: Sequence[Explanation] = ()) -> str:
    """`A punch with offset -0330 is stored 3 h 30 min early: 12 of 12; without it 0 of 214.`

    Of `also`, what has the same aspect and deviation lends its values, and the rest says what else happens. `milder` is
    not spoken of: it counts neither here nor there.
    """
    family = [explanation, *(one for one in also if kind(one) == kind(explanation))]
    wrong = tuple(observation for one in family for observation in one.wrong)
    happens = predicate(replace(explanation, wrong=wrong))
    text = whole(*family)
    if text:
        return f"{text}: {numbers(family, milder)}."
    text = f"{_subject(family)} {happens}"
    for instead in dict.fromkeys(predicate(one) for one in also if _is_instead(one, explanation)):
        text += f", or {instead}"
    more = dict.fromkeys(_besides(one, happens) for one in also if one.aspect is not explanation.aspect)
    if more:
        text += f", and {', '.join(more)}"
    return f"{text}: {numbers(family, milder)}."


def _is_instead(one: Explanation, lead: Explanation) -> bool:
    """True for what happens to some things of a cause in the place of what happens to most."""
    return one.aspect is lead.aspect and one.deviation != lead.deviation


def _besides(one: Explanation, happens: str) -> str:
    """What else happens: another thing to the same, or the same to another thing."""
    other = predicate(one)
    # What is not stored may have been removed as well: of two such things one is enough.
    return f"so is the {_noun(one)}" if other == happens or _is_more(other, happens) else other


def _is_more(one: str, other: str) -> bool:
    return one.startswith(f"{other},") or other.startswith(f"{one},")


def kind(one: Explanation) -> tuple[Aspect, str, list[str]]:
    """What explanations of one sentence have in common."""
    return one.aspect, one.deviation, [stem(factor) for factor, _ in one.values]


_WORDS_OF_V2: Mapping[str, str] = {"MealIn": "MealStart", "MealOut": "MealEnd", "of Type ": "of AttendanceType "}
_TEMPLATES = tuple(f"of Type {kind}" for kind in TemplateType)


def in_words_of(protocol: Protocol, text: str) -> str:
    """The sentence in the words of its protocol: v2 says MealStart and MealEnd (V2:79)."""
    if protocol is not Protocol.V2:
        return text
    for word, own in _WORDS_OF_V2.items():
        # A template has a Type in v2 as well (V2:95).
        if word in text and not any(kind in text for kind in _TEMPLATES):
            text = text.replace(word, own)
    return text


def repeated(text: str, again: tuple[int, int]) -> str:
    """The sentence with what the second round showed."""
    return f"{text.removesuffix('.')}; shown again {again[0]} of {again[1]}."


def numbers(family: Sequence[Explanation], milder: Sequence[Explanation] = ()) -> str:
    """`12 of 12; without it 0 of 214`: of all that were looked at, and of those where one of the values is missing.

    The explanations differ in the value of one factor, or in what came after: something may belong to two of them.
    """
    lead, others = family[0], family[1:]
    mine = {id(observation) for one in family for observation in one.wrong}
    wrong = len(mine)
    right = sum(one.right for one in family)
    text = f"{wrong} of {wrong + right}"
    if not lead.values:
        return text
    elsewhere = "without it" if len(lead.values) == 1 and not others else "others"
    more = wrong - len(lead.wrong) + len({id(observation) for one in milder for observation in one.wrong} - mine)
    outside = lead.outside[0] - more
    looked = lead.outside[1] - more - sum(one.right for one in others)
    return f"{text}; {elsewhere} {outside} of {looked}"


# --- who --------------------------------------------------------------------------------------------------------------


def _subject(family: Sequence[Explanation]) -> str:
    explanation = family[0]
    noun = " or ".join(dict.fromkeys(_noun(one) for one in family))
    nearly = len(explanation.wrong) >= NEARLY * (len(explanation.wrong) + explanation.right)
    if not explanation.values:
        if not explanation.right:
            return f"Every {noun}"
        return f"Nearly every {noun}" if nearly else f"Now and then {_a(noun)}"
    text = f"{_a(noun)} {phrases(explanation.values, *(one.values for one in family[1:]))}".rstrip()
    text = text.replace("person of a person ", "person ")
    if explanation.right and not nearly:
        return f"Now and then {text}"
    return text[0].upper() + text[1:]


def _noun(explanation: Explanation) -> str:
    if explanation.aspect is Aspect.FORGERY:
        return forged_noun(explanation)
    operation = dict(explanation.values).get("operation")
    if operation is not None and "PunchLog" not in operation:
        return f"{operation} callback"
    deed = dict(explanation.values).get("deed")
    if deed is not None:
        return _DEEDS.get(deed, f"{deed} callback")
    if explanation.aspect in _NOUNS:
        return _NOUNS[explanation.aspect]
    if all(_of_a_punch(one) for one in explanation.wrong):
        return "punch"
    return "callback"


def _of_a_punch(one: Observation) -> bool:
    if one.aspect is not Aspect.ANSWER:
        return True
    operation = one.values.get("operation", "")
    # Rows of the arrays may leave the callback's name out: they are punches.
    return "Punch" in operation or (not operation and "type" in one.values)


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in _VOWELS else f"a {noun}"


def phrases(values: Values, *others: Values) -> str:
    """`of Type MealIn, sent again byte for byte`; with others `with offset -0330 or with offset -1100`.

    The callback's name, and what it tells, are nouns of their own, not phrases.
    """
    found: list[str] = []
    for factor, name in values:
        if factor not in _NOUNS_OF_THEIR_OWN:
            pairs = [(factor, name)]
            for other in others:
                pairs += [pair for pair in other if stem(pair[0]) == stem(factor)]
            found.append(_either([_phrase(*pair) for pair in dict.fromkeys(pairs)]))
    return ", ".join(found)


def _either(some: Sequence[str]) -> str:
    """`with offset -0330 or -1100`: what several phrases begin with is said once, and of many the first few."""
    # What another one says already, with more words: "sent again" beside "sent again byte for byte".
    plain = [phrase for phrase in some if not any(phrase.startswith(f"{other} ") for other in some)]
    words = [phrase.split() for phrase in plain]
    common = 0
    while len(words) > 1 and all(len(one) > common + 1 and one[common] == words[0][common] for one in words):
        common += 1
    rest = [" ".join(one[common:]) for one in words]
    if len(rest) > MOST_VALUES:
        rest = [*rest[: MOST_VALUES - 1], f"{len(rest) - MOST_VALUES + 1} more"]
    return " ".join([*words[0][:common], " or ".join(rest)])


def _phrase(factor: str, name: str) -> str:
    value = value_of(factor, name)
    if value is not None:
        return value.phrase
    kind, _, event = factor.partition(":")
    if kind == "then" and event:
        return f"{'not ' if name == 'no' else ''}followed by {event}"
    if kind == "before" and event:
        return f"{'without' if name == 'no' else 'with'} {event} before it"
    return f"with {factor} {name}"
