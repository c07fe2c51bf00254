"""Text that came from outside, made harmless for the place where it is shown: the one module that knows how. Pure.

Letters, marks and pictures of every script stay; what a reader cannot see and a terminal, page, sheet or pipeline obeys
is written as its escape (`\\x1b`, `\\u202e`).
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping

# Controls (C0, C1), soft hyphen, fillers, zero-width and bidirectional controls, line separators, surrogates,
# annotations, musical and shorthand formats, tags, supplementary variation selectors. The joiners U+200C and U+200D
# stay between letters of scripts that need them, and between parts of one emoji.
_SEEN_BY_NOBODY = (
    "\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_LETTER = "[^\x00-\x7f\u200b-\u200f]"
_STRAY_JOINER = f"(?<!{_LETTER})[\u200c\u200d]|[\u200c\u200d](?!{_LETTER})"
_HIDDEN = re.compile(f"[{_SEEN_BY_NOBODY}]|{_STRAY_JOINER}")
_HIDDEN_IN_LINES = re.compile(f"(?!\n)[{_SEEN_BY_NOBODY}]|{_STRAY_JOINER}")
_HIDDEN_ON_PAGE = re.compile(f"(?![\n\t])[{_SEEN_BY_NOBODY}]|{_STRAY_JOINER}")
# Pipelines take these for commands wherever they stand in a line (##vso[…], ##[…]), or at its beginning (::error::).
_LOG_COMMAND = re.compile(r"##(?=(?:vso)?\[)", re.IGNORECASE)
_LOG_LINE = re.compile(r"^(\s*):(?=:)", re.MULTILINE)


def for_terminal(text: str) -> str:
    """The text in one line, with nothing in it that moves a cursor, ends a line or turns a direction."""
    return _LOG_LINE.sub(r"\1\\x3a", for_lines(_HIDDEN.sub(_escape, text)))


def for_lines(text: str) -> str:
    """As `for_terminal`, for a text of our own that has several lines."""
    return _LOG_COMMAND.sub(r"#\\x23", _HIDDEN_IN_LINES.sub(_escape, text))


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x100:
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(found[0], f"\\x{code:02x}")
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


# --- pages ------------------------------------------------------------------------------------------------------------


def for_xml(text: str) -> str:
    """What XML 1.0 may hold, lines and tabs as they are; the writer escapes the signs of XML itself."""
    return _HIDDEN_ON_PAGE.sub(_escape, text)


def for_html(text: str) -> str:
    """As `for_xml`; the template escapes the signs of HTML itself."""
    return for_xml(text)


_MARKDOWN = re.compile(r"[\\`*_{}\[\]<>#|~&!$]")
_LIST = re.compile(r"^(\s*\d*)(?=[-+=.)])")
_LINK = re.compile(r":(?=//)|\.(?<=\bwww\.)", re.IGNORECASE)
_MENTION = re.compile(r"@(?=\w)")


def for_markdown(text: str) -> str:
    """For running Markdown: no HTML, picture, link, heading, list, code or mention comes of it."""
    escaped = _MARKDOWN.sub(r"\\\g<0>", for_terminal(text))
    escaped = _LIST.sub(r"\1\\", escaped)
    # GitHub links and mentions after Markdown was read, where a backslash no longer counts for the @.
    return _MENTION.sub("@<!-- -->", _LINK.sub(r"\\\g<0>", escaped))


def code(text: str) -> str:
    """The text as code within a line of Markdown, whose signs are longer than any in it."""
    plain = for_terminal(text)
    longest = max((len(run) for run in re.findall("`+", plain)), default=0)
    if not longest:
        return f"`{plain}`"
    signs = "`" * (longest + 1)
    return f"{signs} {plain} {signs}"


def fenced(lines: str, language: str = "") -> str:
    """A block of code of Markdown, whose fence is longer than any in it."""
    longest = max((len(run) for run in re.findall("`+", lines)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{for_lines(lines)}\n{fence}"


# --- data -------------------------------------------------------------------------------------------------------------


def json_text(value: object, indent: int | None = 1, *, letters: bool = True) -> str:
    """The value as JSON; without `letters` in ASCII alone. What JSON has no form for goes as its text."""
    return for_json(json.dumps(value, indent=indent, ensure_ascii=not letters, default=str))


def for_json(text: str) -> str:
    """JSON, already written, with escapes for what a terminal would obey; its value stays the same."""
    return _LOG_COMMAND.sub(r"#\\u0023", _HIDDEN_IN_LINES.sub(_json_escape, text))


def _json_escape(found: re.Match[str]) -> str:
    # Tabs stand between members alone, where an escape would be wrong.
    return "\t" if found[0] == "\t" else json.dumps(found[0])[1:-1]


_FORMULA = "=+-@|\N{MINUS SIGN}"
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")
_SEPARATORS = re.compile(r"[\s'\"`\u200b-\u200f\u2060\ufeff]*")


def for_spreadsheet(cell: object) -> object:
    """The cell with an apostrophe before it where a spreadsheet would compute it (OWASP, CSV injection).

    Numbers stay numbers, also those written as text.
    """
    if not isinstance(cell, str) or _NUMBER.fullmatch(cell):
        return cell
    first = unicodedata.normalize("NFKC", _SEPARATORS.sub("", cell, count=1)[:1])
    if cell[:1] in ("\t", "\r", "\n") or (first and first[0] in _FORMULA):
        return f"'{cell}"
    return cell


def spreadsheet_row(row: Mapping[str, object]) -> dict[str, object]:
    """The row with every cell harmless."""
    return {name: for_spreadsheet(cell) for name, cell in row.items()}
