"""Values as messages tell them: in one line, of bounded length, and never a failure of their own."""

from __future__ import annotations

import msgspec

MOST = 120
WIDEST = (1 << 63) - 1  # what a state file and every JSON parser can hold
_TOO_DEEP = "something nested too deeply"
_TOO_WIDE = "a number of thousands of digits"


def shown(value: object, most: int = MOST) -> str:
    """A value as Python writes it, cut where it is long."""
    return cut(_written(value), most)


def in_json(value: object, most: int = MOST) -> str:
    """A value as JSON writes it, cut where it is long; as Python does where JSON cannot."""
    try:
        return cut(msgspec.json.encode(value).decode(), most)
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError):
        return shown(value, most)


def cut(text: str, most: int = MOST) -> str:
    """A text of at most so many characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def one_line(text: str, most: int = 500) -> str:
    """What somebody else wrote, as part of a sentence: no line breaks, and not longer than a sentence may be."""
    return cut(" ".join(text.split()), most)


def why(problem: BaseException) -> str:
    """What an exception says, in one line: of the system's errors the words alone, for the file stands before them."""
    text = getattr(problem, "strerror", None) or str(problem) or type(problem).__name__
    return one_line(str(text))


def clean(text: str) -> str:
    """A text without the halves of characters that bytes beyond UTF-8 leave: no encoder takes them."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _written(value: object) -> str:
    if isinstance(value, str) and len(value) > 10 * MOST:
        value = value[: 10 * MOST]  # its whole form would be made only to be cut
    try:
        return repr(value)
    except RecursionError:
        return _TOO_DEEP
    except ValueError:  # Python writes at most 4,300 digits
        return _TOO_WIDE
