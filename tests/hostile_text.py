"""Text of a peer who wants the reader's terminal, page or pipeline; shared by the tests and scripts/attack."""

from __future__ import annotations

import re

HOSTILE_BITS = [
    "\x1b[31mred\x1b[0m",
    "\x1b[2J\x1b[H",
    "\x1b]8;;http://evil.example/\x07link\x1b]8;;\x07",
    "\x1b]0;title\x07",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1bP+q\x1b\\",
    "\x1bc",
    "\x9b31m",
    "\x9d8;;x\x9c",
    "\x85",
    "\x08\x08\x08PASS",
    "FAIL\rPASS",
    "\x7f",
    "\x00",
    "\x07",
    "\x0b\x0c",
    "\u202egnp.exe",
    "\u2066a\u2069",
    "\u200e\u200f\u061c",
    "zero\u200bwidth",
    "a\u200db",
    "a\u200cb",
    "\ufeff",
    "\u2060\u2064",
    "\u2028\u2029",
    "\u00ad",
    "\u115f\u3164\uffa0",
    "\U000e0041\U000e0062",
    "\ufff9\ufffb",
    "\U000e0100",
    "[/x]",
    "[bold]x[/]",
    "[link=http://evil.example/]x[/link]",
    ":smile:",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "::error::forged",
    "##vso[task.complete result=Succeeded]",
]
HOSTILE = " ".join(HOSTILE_BITS)
READABLE = [
    "नमस्ते क्षत्रिय",
    "क्‍ष",
    "محمد بن عبد الله",
    "می‌خواهم",
    "张伟 李娜",
    "佐藤 太郎",
    "김민준",
    "Ελένη Παπαδοπούλου",
    "Зоя Ёлкина",
    "José Ñuñez Łukasz",
    "תָּמָר",
    "ตัวอย่าง",
    "👩‍👩‍👧‍👦 ❤️ 🇮🇳",
    "O'Brien-Smith (2nd) & Co. 100% [x] {y} <z>",
]
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\u3164\ufeff\uffa0"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]|##vso\\["
)


def controls_in(text: str) -> list[str]:
    """What a terminal, a reader's eye or a pipeline would obey; line ends and tabs are the writer's own."""
    return [ascii(found) for found in _CONTROLS.findall(text)]
