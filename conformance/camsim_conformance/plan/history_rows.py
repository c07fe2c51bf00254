"""Rows of one template or name each: every Type, new, changed or told again, alone or grouped, and what then comes."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Unpack

from msgspec.structs import replace

from camsim.protocol.facts import Fact, Template
from camsim.protocol.vocabulary import Protocol, TemplateType

from .builder import Builder
from .cases import Case, Expect, Sending, Step
from .histories import GAP_S, NAMES, keeps_names, keeps_templates, told_as, updated
from .run_facts import HOUR, MINUTE, PHOTO_OF

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
}


def template_rows(make: Builder) -> Iterator[Case]:
    """One case for each Type and what comes then; change and group go round, so that every two values meet."""
    if not make.profile.may_change_people or not keeps_templates(make):
        return
    for row, kind in enumerate(Kind):
        for column, then in enumerate(THEN):
            change = CHANGES[(row + column) % len(CHANGES)]
            grouped = (row // 2 + column) % 2 == 1
            yield _template_row(make, kind, change, then, grouped=grouped, index=_FINGERS[column])
    yield from _followed(make)
    yield from _single_rows(make)


def _template_row(make: Builder, kind: Kind, change: str, then: str, *, grouped: bool, index: int) -> Case:
    story = _Story(make, make.user())
    place = index if kind is Kind.FINGERPRINT else 0
    old, new = story.template(kind, place, 0), story.template(kind, place, 1)
    if change == "changed":
        story.tell(old)
    elif change == "same":
        story.tell(new)
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


def _then(story: _Story, kind: Kind, then: str) -> None:
    if then == "rename":
        story.rename(NAMES[1])
    elif then == "empty-update":
        story.tell()
    elif then == "card":
        story.tell(story.template(Kind.PASSWORD if kind is Kind.CARD else Kind.CARD, 0, 2))
    elif then == "biometric":
        story.tell(story.template(Kind.FINGERPRINT, 8))


def _beside(kind: Kind) -> Kind:
    """What is told in one message with a template: in v2 only card and PIN share one."""
    if kind in (Kind.CARD, Kind.FINGERPRINT):
        return Kind.PASSWORD
    return Kind.CARD if kind is Kind.PASSWORD else Kind.FINGERPRINT


def _single_rows(make: Builder) -> Iterator[Case]:
    """Rows of one value each that the array above has not: what no page prints, and two fingers."""
    story = _Story(make, make.user())
    story.tell(Template(Kind.CARD, LEADING_ZEROS), values={"digits": "leading-zeros"})
    yield story.case("template-card-leading-zeros", {"digits": "leading-zeros"})
    story = _Story(make, make.user(), ("", ""), known=False)
    story.tell(story.template(Kind.FINGERPRINT, 4))
    story.rename(NAMES[0])
    yield story.case("template-before-its-person", {"before": "nobody"})
    story = _Story(make, make.user())
    story.tell(story.template(Kind.FINGERPRINT, 6))
    story.tell(story.template(Kind.FINGERPRINT, 3))
    yield story.case("template-two-fingers", {"then": "sibling"})
    story = _Story(make, make.user())
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
        story = _Story(make, make.user())
        story.tell(*(story.template(kind, 0) for kind in kinds))
        _happen(story, then)
        yield story.case(f"templates-then-{then}", {"then": then})


def _happen(story: _Story, then: str) -> None:
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
        story = _Story(make, make.user())
        story.tell(story.template(kind, 1))
        yield story.case(f"template-{kind.lower()}-index-1", {"template": str(kind), "index": "other-face"})
    story = _Story(make, make.user())
    data = base64.b64encode(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256)) * (SMALL // 256)).decode()
    story.tell(Template(Kind.FACE, data, "0", str(len(base64.b64decode(data)))), values={"size": "small"})
    yield story.case("template-face-small", {"template": str(Kind.FACE), "size": "small"})


def name_rows(make: Builder) -> Iterator[Case]:
    """Every script of a name, told when the person is made and by a change of name; and an empty name."""
    if not make.profile.may_change_people or not keeps_names(make):
        return
    for script, name in SCRIPTS.items():
        yield _Story(make, make.user(), name).case(f"name-{script}-create", {"script": script, "told-by": "create"})
        story = _Story(make, make.user())
        story.rename(name)
        yield story.case(f"name-{script}-rename", {"script": script, "told-by": "rename"})
    story = _Story(make, make.user())
    story.rename(("", ""))
    yield story.case("name-emptied", {"then": "no-name"})


class _Story:
    """The steps of one person, ten minutes apart; the first makes the person, unless it is to be not `known`."""

    def __init__(self, make: Builder, user: str, name: tuple[str, str] = NAMES[0], *, known: bool = True) -> None:
        self.make, self.user, self.name = make, user, name
        self._start = make.ago(2 * HOUR)
        self._told = 0
        self._steps: list[Step] = []
        if known:
            self.tell()

    def template(self, kind: Kind, index: int, generation: int = 0) -> Template:
        """A template of the person; pictures are everybody's, because drawing them takes time."""
        drawn = kind in (Kind.FACE, Kind.USER_PHOTO)
        return self.make.template(PHOTO_OF if drawn else self.user, kind, index, generation)

    def tell(self, *templates: Template, **sending: Unpack[Sending]) -> None:
        """The person with these templates."""
        fact = updated(self.make, self.user, self.name, self._start + self._told * GAP_S, *templates)
        self._told += 1
        self._steps += told_as(self.make, fact, **sending)

    def happen(self, fact: Callable[[int], Fact]) -> None:
        """Something else of the person, at the next moment."""
        at = self._start + self._told * GAP_S
        self._told += 1
        self._steps += told_as(self.make, fact(at))

    def repeat(self) -> None:
        """The last step once more, byte for byte."""
        self._steps.append(self._steps[-1])

    def rename(self, name: tuple[str, str]) -> None:
        """The person with another name."""
        self.name = name
        self.tell()

    def case(self, name: str, values: Mapping[str, str]) -> Case:
        """The case of all that was told."""
        return Case(name, tuple(self._steps), Expect((self.user,)), introduced=False, values=values)


def rows(make: Builder) -> Sequence[Case]:
    """All rows of templates and names."""
    return (*template_rows(make), *name_rows(make))
