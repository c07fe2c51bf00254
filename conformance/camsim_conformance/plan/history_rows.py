"""Rows of one template or name each: every Type, new, changed or told again, alone or grouped, and what then comes."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from camsim.protocol.facts import Template
from camsim.protocol.vocabulary import Protocol, TemplateType, UserType

from .builder import Builder
from .cases import Case
from .histories import GAP_S, NAMES, keeps_names, keeps_templates
from .people_rows import people_rows
from .run_facts import MINUTE
from .story import Story

Kind = TemplateType
CHANGES = ("new", "changed", "same")
THEN = ("nothing", "rename", "empty-update", "card", "biometric")
# Bytes of a face that is smaller than any the page prints; its body lies between those of a fingerprint and of a photo,
# so that a limit of 8 KB is told from one of 16 KB.
SMALL = 8_000
LEADING_ZEROS = "0004711"
_FINGERS = (3, 0, 9, 6, 1)
SCRIPTS: Mapping[str, tuple[str, str]] = {
    "ascii": ("Robert", "Miller"),
    "marks": ("José", "Müller-Øst"),
    "decomposed": ("Jose\u0301", "Mu\u0308ller"),
    "cjk": ("小明", "王"),
    "indic": ("தமிழ்", "செல்வி"),
    "emoji": ("Ana 🌻", "𠮷野"),
    "quotes": ('Pat "Max"', "O'Neil"),
    "markup": ("Ana <b>", "Lee & Co"),
    "long": ("Wilhelmina-Alexandrine", "Rao"),  # 22 characters: a device shows 24
    "one-word": ("Kumaraswamy", ""),
    "last-word": ("", "Kumaraswamy"),
}


def template_rows(make: Builder) -> Iterator[Case]:
    """One case for each Type and what comes then; change and group go round, so that every two values meet."""
    if not make.profile.may_change_people or not keeps_templates(make):
        return
    for row, kind in enumerate(Kind):
        for column, then in enumerate(THEN):
            change = CHANGES[(row + column) % len(CHANGES)]
            grouped = (row // 2 + column) % 2 == 1
            turn = row * len(THEN) + column
            yield _template_row(make, kind, change, then, grouped=grouped, index=_FINGERS[column], turn=turn)
    yield from _followed(make)
    yield from _single_rows(make)


def _template_row(make: Builder, kind: Kind, change: str, then: str, *, grouped: bool, index: int, turn: int) -> Case:
    # A photo's message carries the name too (#9): here a long one.
    name = SCRIPTS["long"] if kind is Kind.USER_PHOTO and then == "empty-update" else NAMES[0]
    story = Story(make, make.user(), name, turn=turn, role=UserType.ADMIN if turn % 4 == 1 else UserType.USER)
    place = index if kind is Kind.FINGERPRINT else 0
    old, new = story.template(kind, place, 0), story.template(kind, place, 1)
    if change == "changed":
        story.tell(old)
    elif change == "same":
        story.tell(new)
    if make.profile.protocol is Protocol.V2 and kind in (Kind.CARD, Kind.PASSWORD) and then in ("nothing", "biometric"):
        story.name = NAMES[2]  # a new name comes with a card or PIN (V2:89)
    if grouped:
        # First in its group by turns: a target may keep the first or the last alone.
        beside = story.template(_beside(kind), 0)
        story.tell(*((new, beside) if index % 2 else (beside, new)))
    else:
        story.tell(new)
    _then(story, kind, then)
    group = "grouped" if grouped else "alone"
    values = {"template": str(kind), "change": change, "group": group, "then": then}
    return story.case("-".join(["template", kind.lower(), change, group, then]), values)


def _then(story: Story, kind: Kind, then: str) -> None:
    if then == "rename":
        # Now the LastName alone, now both.
        story.rename((NAMES[0][0], NAMES[1][1]) if story.turn % 2 else NAMES[1])
    elif then == "empty-update":
        story.tell()
    elif then == "card":
        # At the very moment of what came before, as the printed samples of #4 and #5 (V3:279, V3:303).
        story.tell(story.template(Kind.PASSWORD if kind is Kind.CARD else Kind.CARD, 0, 2), at_once=True)
    elif then == "biometric":
        # The number of a part of a face or palm in v2.
        story.tell(story.template(Kind.FINGERPRINT, 4 if story.make.profile.protocol is Protocol.V2 else 8))


def _beside(kind: Kind) -> Kind:
    """What is told in one message with a template: in v2 only card and PIN share one."""
    if kind in (Kind.CARD, Kind.FINGERPRINT):
        return Kind.PASSWORD
    return Kind.CARD if kind is Kind.PASSWORD else Kind.FINGERPRINT


def _single_rows(make: Builder) -> Iterator[Case]:
    """Rows of one value each that the array above has not: what no page prints, and two fingers."""
    story = Story(make, make.user())
    story.tell(Template(Kind.CARD, LEADING_ZEROS), Template(Kind.PASSWORD, f"0{LEADING_ZEROS}"))
    yield story.case("template-card-leading-zeros", {"digits": "leading-zeros"})
    story = Story(make, make.user(), ("", ""), known=False)
    story.tell(story.template(Kind.FINGERPRINT, 4))
    story.rename(NAMES[0])
    yield story.case("template-before-its-person", {"before": "nobody"})
    story = Story(make, make.user())
    story.tell(story.template(Kind.FINGERPRINT, 6))
    story.tell(story.template(Kind.FINGERPRINT, 3))
    yield story.case("template-two-fingers", {"then": "sibling"})
    story = Story(make, make.user())
    story.tell(story.template(Kind.FINGERPRINT, 0), story.template(Kind.FINGERPRINT, 9))
    yield story.case("template-two-fingers-grouped", {"group": "grouped", "then": "sibling"})
    if make.profile.protocol is Protocol.V3:
        yield from _unprinted(make)


def _followed(make: Builder) -> Iterator[Case]:
    """Templates of every Type in one message, and then what carries none."""
    # In v2 a face or palm is many messages: card, PIN and finger stand for all. With the photo too a v3 message would
    # be larger than 64 KiB, which is a usual limit and more than the page prints.
    kinds: tuple[Kind, ...] = (Kind.CARD, Kind.PASSWORD, Kind.FINGERPRINT)
    if make.profile.protocol is Protocol.V3:
        kinds += (Kind.FACE, Kind.PALM)
    for then in ("punch", "late", "copy", "snapshot", "date", "deletion", "return"):
        if then == "snapshot" and not make.claims("photo"):
            continue
        story = Story(make, make.user())
        story.tell(*(story.template(kind, 0) for kind in kinds))
        _happen(story, then)
        yield story.case(f"templates-then-{then}", {"then": then})


def _happen(story: Story, then: str) -> None:
    make, user = story.make, story.user
    if then == "date":
        story.happen(lambda at: replace(make.date(at + MINUTE), at=at))
    elif then in ("deletion", "return"):
        story.happen(lambda at: replace(make.deleted(user), at=at))
        if then == "return":
            story.rename(NAMES[1])
    else:
        story.happen(lambda at: make.punch(user, at))
        if then == "late":
            story.happen(lambda at: make.punch(user, at - 2 * GAP_S, "CheckOut"))
        elif then == "copy":
            story.repeat()
        elif then == "snapshot":
            story.happen(lambda at: make.photo(user, at))


def _unprinted(make: Builder) -> Iterator[Case]:
    for kind in (Kind.FACE, Kind.PALM):
        story = Story(make, make.user())
        story.tell(story.template(kind, 1))
        yield story.case(f"template-{kind.lower()}-index-1", {"template": str(kind), "index": "other-face"})
    story = Story(make, make.user())
    data = base64.b64encode(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256)) * (SMALL // 256)).decode()
    story.tell(Template(Kind.FACE, data, "0", str(len(base64.b64decode(data)))), values={"size": "small"})
    yield story.case("template-face-small", {"template": str(Kind.FACE), "size": "small"})


def name_rows(make: Builder) -> Iterator[Case]:
    """Every script of a name, told when the person is made and by a change of name; and an empty name."""
    if not make.profile.may_change_people or not keeps_names(make):
        return
    for turn, (script, name) in enumerate(SCRIPTS.items()):
        if script == "last-word" and make.profile.protocol is Protocol.V2:
            continue  # Name says it too: which of the three counts then, no page says
        story = Story(make, make.user(), name, turn=turn)
        yield story.case(f"name-{script}-create", {"script": script, "told-by": "create"})
        story = Story(make, make.user(), turn=turn)
        story.rename(name)
        yield story.case(f"name-{script}-rename", {"script": script, "told-by": "rename"})
    story = Story(make, make.user())
    story.rename(("", ""))
    yield story.case("name-emptied", {"then": "no-name"})


def rows(make: Builder) -> Sequence[Case]:
    """All rows of templates and names."""
    return (*template_rows(make), *name_rows(make), *people_rows(make))
