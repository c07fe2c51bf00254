"""Portraits drawn by code: valid JPEG files that show nobody, each unique and of the size asked for.

Drawing one takes milliseconds, so a few base portraits are drawn once; a file is a base portrait with a comment
segment (COM) of its own. The comment says that the picture is synthetic, and fills the file honestly up to its size.
"""

from __future__ import annotations

import io
from functools import lru_cache
from hashlib import blake2b

from PIL import Image, ImageDraw, ImageFilter

from camsim import chance

SIDE = 300
BASES = 8
MAXIMUM_COMMENT = 65_533

_SKIN = ((255, 219, 172), (241, 194, 125), (224, 172, 105), (198, 134, 66), (141, 85, 36), (92, 58, 33))
_HAIR = ((20, 18, 16), (59, 48, 36), (106, 78, 66), (145, 133, 106), (183, 166, 158), (214, 196, 194))
_WALL = ((176, 190, 197), (188, 200, 180), (205, 192, 176), (170, 180, 205))
# JFIF: the start of image and the APP0 segment, both of fixed length; comments go behind them.
_HEAD_LENGTH = 20

Colour = tuple[int, int, int]


def portrait(base: int, label: str, size: int) -> bytes:
    """A 300×300 JPEG of exactly `size` bytes, or a little more if the base portrait alone is larger.

    `base` picks one of the drawn portraits, `label` makes the file unique; equal arguments give equal bytes.
    """
    head, tail = _drawn(base % BASES)
    comment = b"synthetic " + label.encode() + b" " + blake2b(label.encode(), digest_size=16).hexdigest().encode()
    missing = size - len(head) - len(tail) - 4 - len(comment)
    if missing > 0:
        comment += b" " * min(missing, MAXIMUM_COMMENT - len(comment))
    return b"".join((head, b"\xff\xfe", (len(comment) + 2).to_bytes(2, "big"), comment, tail))


@lru_cache(maxsize=BASES)
def _drawn(base: int) -> tuple[bytes, bytes]:
    picture = _background(base)
    pen = ImageDraw.Draw(picture)
    skin, hair = chance.choice(_SKIN, 0, "portrait", "skin", base), chance.choice(_HAIR, 0, "portrait", "hair", base)
    _draw_body(pen, base, skin)
    _draw_head(pen, base, skin, hair)
    file = io.BytesIO()
    _grained(picture.filter(ImageFilter.GaussianBlur(1)), base).save(file, "JPEG", quality=88)
    return file.getvalue()[:_HEAD_LENGTH], file.getvalue()[_HEAD_LENGTH:]


def _background(base: int) -> Image.Image:
    wall = chance.choice(_WALL, 0, "portrait", "wall", base)
    shade = Image.linear_gradient("L").resize((SIDE, SIDE))
    return Image.composite(Image.new("RGB", (SIDE, SIDE), wall), Image.new("RGB", (SIDE, SIDE), (245, 245, 245)), shade)


def _draw_body(pen: ImageDraw.ImageDraw, base: int, skin: Colour) -> None:
    shirt = tuple(chance.between(40, 200, 0, "portrait", f"shirt/{channel}", base) for channel in range(3))
    pen.rectangle((130, 190, 170, 250), fill=skin)
    pen.ellipse((50, 225, 250, 400), fill=shirt)


def _draw_head(pen: ImageDraw.ImageDraw, base: int, skin: Colour, hair: Colour) -> None:
    width = chance.between(52, 64, 0, "portrait", "width", base)
    height = chance.between(68, 80, 0, "portrait", "height", base)
    pen.ellipse((150 - width - 6, 125 - height - 12, 150 + width + 6, 125 + height - 30), fill=hair)
    pen.ellipse((150 - width, 130 - height, 150 + width, 130 + height), fill=skin)
    fringe = chance.between(20, 34, 0, "portrait", "fringe", base)
    pen.chord((150 - width, 130 - height, 150 + width, 130 - height + 3 * fringe), 180, 360, fill=hair)
    for x in (126, 174):
        pen.ellipse((x - 9, 118, x + 9, 128), fill=(250, 250, 250))
        pen.ellipse((x - 4, 119, x + 4, 127), fill=(50, 35, 25))
        pen.arc((x - 13, 103, x + 13, 123), 200, 340, fill=hair, width=4)
    pen.line((150, 125, 145, 150, 152, 152), fill=_darker(skin), width=3)
    smile = chance.between(0, 12, 0, "portrait", "smile", base)
    pen.arc((128, 150, 172, 172 + smile), 20, 160, fill=(150, 60, 60), width=4)


def _darker(colour: Colour) -> Colour:
    return (colour[0] * 3 // 4, colour[1] * 3 // 4, colour[2] * 3 // 4)


def _grained(picture: Image.Image, base: int) -> Image.Image:
    # A camera's grain gives the file the weight of a photograph; a flat drawing would compress to a few kB.
    grain = Image.frombytes("L", (SIDE, SIDE), chance.blob(0, "portrait", "grain", base, SIDE * SIDE)).convert("RGB")
    return Image.blend(picture, grain, 0.06)
