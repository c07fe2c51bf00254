"""Rows of people that no sequence of kinds makes: many templates, the other order of Types, what comes back, what two
people share, ids within ids, deletions of somebody else, and what only v2 tells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace as replace_case

from msgspec.structs import replace

from camsim.protocol.facts import Template
from camsim.protocol.statuses import StatusV2
from camsim.protocol.v2.messages import Asked
from camsim.protocol.v2.signatures import TEMPLATE_PHOTO, item
from camsim.protocol.vocabulary import Protocol, TemplateType, UserType

from . import framing_v2
from .builder import Builder
from .cases import Case, Expect, Stage, Step
from .histories import NAMES, keeps_names, keeps_templates, told_as, updated
from .story import Story
from .told import Keep

Kind = TemplateType
FINGERS = 10  # "finger index 0-9" (V3:164)
PIN, CARD = "4711", "9804445"


def people_rows(make: Builder) -> Iterator[Case]:
    """All of them that fit what the target keeps, and the protocol."""
    if not make.profile.may_change_people:
        return
    if keeps_templates(make):
        yield from _template_rows(make)
    if keeps_names(make):
        yield from _back_and_forth(make)
    if make.profile.protocol is Protocol.V2:
        yield from _of_v2(make)


def _template_rows(make: Builder) -> Iterator[Case]:
    yield _many(make)
    yield _backwards(make)
    yield _back(make)
    yield _returned(make)
    yield _role(make)
    yield _shared(make)
    if make.profile.protocol is Protocol.V3:
        yield _together(make)


def _many(make: Builder) -> Case:
    """Ten fingers, and what makes more than six templates of one person."""
    story = Story(make, make.user())
    fingers = [story.template(Kind.FINGERPRINT, index) for index in range(FINGERS)]
    story.tell(*fingers[:3])
    story.tell(*fingers[3:7])
    story.tell(*fingers[7:])
    story.tell(story.template(Kind.PASSWORD, 0), story.template(Kind.CARD, 0))
    return story.case("template-ten-fingers", {"of-type": "more", "of-all": "more"})


def _backwards(make: Builder) -> Case:
    """Every Type once, in the order opposite to that of the named case: so each comes before each other one."""
    story = Story(make, make.user())
    # In v2 the finger has the number of a part of the face and the palm.
    finger = 1 if make.profile.protocol is Protocol.V2 else 0
    for kind in reversed(Kind):
        story.tell(story.template(kind, finger if kind is Kind.FINGERPRINT else 0))
    return story.case("template-types-backwards", {"then": "another"})


def _back(make: Builder) -> Case:
    """A card, another card, and the first one once more."""
    story = Story(make, make.user())
    for generation in (0, 1, 0):
        story.tell(story.template(Kind.CARD, 0, generation))
    return story.case("template-card-back", {"change": "back"})


def _returned(make: Builder) -> Case:
    """Deleted, and announced again just as before: templates first, as after a reconnect."""
    story = Story(make, make.user())
    finger, pin = story.template(Kind.FINGERPRINT, 2), story.template(Kind.PASSWORD, 0)
    story.tell(finger)
    story.tell(pin)
    story.delete()
    # The first message of the new life carries a template and the name: the photo's (#9); in v2 the PIN's.
    first = story.template(Kind.USER_PHOTO, 0) if make.profile.protocol is Protocol.V3 else pin
    story.tell(first)
    if first is not pin:
        story.tell(pin)
    story.tell(finger)
    return story.case("template-returned", {"change": "returned"})


def _role(make: Builder) -> Case:
    """A user who becomes an administrator, and is enrolled as one."""
    story = Story(make, make.user())
    story.tell(story.template(Kind.CARD, 0))
    story.role = UserType.ADMIN
    story.tell()
    story.tell(story.template(Kind.PASSWORD, 0))
    return story.case("template-role-change", {"then": "role"})


def _shared(make: Builder) -> Case:
    """Two people with one PIN, and with one card."""
    one, other = Story(make, make.user()), Story(make, make.user(), NAMES[1])
    for story in (one, other):
        story.tell(Template(Kind.PASSWORD, PIN), Template(Kind.CARD, CARD))
    # Each is told in turn: a target that takes the second for the first shows whose is left.
    turns = [step for pair in zip(one.steps, other.steps, strict=True) for step in pair]
    expect = Expect((one.user, other.user))
    return Case("template-shared-number", tuple(turns), expect, introduced=False, values={"shared": "pin"})


def _together(make: Builder) -> Case:
    """Templates of one person at one moment, from two threads of a device."""
    story = Story(make, make.user(), known=False)
    for kind in (Kind.FINGERPRINT, Kind.PALM, Kind.FACE):
        story.tell(story.template(kind, 0), values={"together": "yes"})
    expect = Expect((story.user,))
    steps = tuple(story.steps)
    return Case("template-together", steps, expect, at_once=len(steps), introduced=False, values={"together": "yes"})


def _back_and_forth(make: Builder) -> Iterator[Case]:
    """A change of name, and back again."""
    story = Story(make, make.user())
    story.rename(NAMES[1])
    story.rename(NAMES[0])
    yield story.case("name-back", {"told-by": "back"})


# --- what only v2 tells -----------------------------------------------------------------------------------------------


def _of_v2(make: Builder) -> Iterator[Case]:
    if keeps_templates(make):
        yield _template_photo(make)
    if keeps_names(make):
        yield from _named_beside(make)
        yield _name_alone(make)
        yield from _lazy_of_the_known(make)


def _template_photo(make: Builder) -> Case:
    """The seventh Type that is printed (V2:97), and what was there before it."""
    story = Story(make, make.user())
    story.tell(story.template(Kind.CARD, 0))
    message = framing_v2.messages(make, updated(make, story.user, ("", ""), story.next_moment()))[0]
    picture = story.template(Kind.USER_PHOTO, 0)
    message["ApiRequestInfo"]["OperationData"]["Signature"] = [item(TEMPLATE_PHOTO, picture.data)]
    values = {"signature": "template-photo"}
    story.steps.append(framing_v2.told_step(make, message, story.user, values=values))
    return story.case("template-photo-of-its-own", {"template": TEMPLATE_PHOTO})


def _named_beside(make: Builder) -> Iterator[Case]:
    """A new name that comes with a PIN, and with nothing else (V2:89)."""
    if not keeps_templates(make):
        return
    story = Story(make, make.user())
    story.name = NAMES[1]
    story.tell(story.template(Kind.PASSWORD, 0))
    yield story.case("name-beside-password", {"name-beside": "pin"})


def _name_alone(make: Builder) -> Case:
    """Name alone, as devices tell it that do not support the two others (V2:87)."""
    story = Story(make, make.user(), known=False)
    for name in NAMES[:2]:
        fact = updated(make, story.user, name, story.next_moment())
        message = framing_v2.messages(make, fact)[0]
        data = message["ApiRequestInfo"]["OperationData"]
        data["FirstName"] = data["LastName"] = ""
        story.steps.append(framing_v2.told_step(make, message, story.user, values={"name-parts": "name"}))
    return story.case("name-alone", {"name-parts": "name"})


def _lazy_of_the_known(make: Builder) -> Iterator[Case]:
    """Lazy responses for somebody who is there: they tell of a command (V2:74), and nothing of the person."""
    answers: Sequence[tuple[str, StatusV2]] = (
        ("AddUser", StatusV2.DONE),
        ("DeleteUser", StatusV2.INVALID_USERID),
    )
    for operation, code in answers:
        story = Story(make, make.user())
        if keeps_templates(make):
            story.tell(story.template(Kind.CARD, 0))
        story.steps.append(framing_v2.lazy(make, Asked(operation, story.user, make.operation_id()), code))
        yield story.case(f"person-then-lazy-{operation.lower()}", {"then": "lazy"})


# --- whom a deletion takes along --------------------------------------------------------------------------------------


def deletions_of_others(make: Builder) -> Iterator[Case]:
    """People beside somebody who is deleted; ids that are part of each other; and a deletion of nobody."""
    if not make.profile.may_change_people:
        return
    yield _deletion_of_nobody(make)
    if not make.profile.people:
        yield _beside_zeros(make)
        yield _ids_within_ids(make)


def _beside(make: Builder, story: Story) -> None:
    # A finger: its message says nothing of the name, in neither protocol.
    if keeps_templates(make):
        story.tell(story.template(Kind.FINGERPRINT, 0))


def _deletion_of_nobody(make: Builder) -> Case:
    story = Story(make, make.user(), NAMES[1])
    _beside(make, story)
    gone = make.stranger()
    story.steps += told_as(make, replace(make.deleted(gone), at=story.next_moment()), keep=Keep.MAY)
    # Alone on the line: who is taken along may be whoever was told of last.
    return replace_case(story.case("deleted-unknown", {"then": "other-deleted"}), stage=Stage.QUIET)


def _beside_zeros(make: Builder) -> Case:
    """One deleted, and somebody whose id is the same number: nobody else goes with the first."""
    bare = make.user()
    gone, stays = Story(make, f"00{bare[2:]}", ("Ravi", "Das")), Story(make, bare[2:], ("Lena", "Paul"))
    make.people += [gone.user, stays.user]
    gone.delete()
    return Case("deleted-zeros", (*stays.steps, *gone.steps), Expect((gone.user, stays.user)))


def _ids_within_ids(make: Builder) -> Case:
    """Somebody punches, is renamed and deleted whose id begins, ends or fills those of three who were there before."""
    bare = make.user()
    own = f"{bare[:5]}7{bare[-1]}"  # the run's people are counted from 1: no other of them begins so
    stories = [Story(make, user, NAMES[number]) for number, user in enumerate((f"{own}5", f"9{own}", f"0{own}"))]
    for story in stories:
        make.people.append(story.user)
        _beside(make, story)
    middle = Story(make, own, ("Robert", "Miller"))
    make.people.append(own)
    middle.happen(lambda at: make.punch(own, at))
    middle.rename(("Robin", "Mills"))
    middle.delete()
    steps: list[Step] = []
    for story in (*stories, middle):
        steps += story.steps
    # In the places of people of the run: the punch has a minute that none of the others has.
    return Case("deleted-part", tuple(steps), Expect((*(story.user for story in stories), own)), introduced=False)
