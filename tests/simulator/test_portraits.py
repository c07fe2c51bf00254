"""Drawn portraits: real JPEG files of the size asked for."""

from __future__ import annotations

import io
import itertools

import pytest
from PIL import Image

from camsim.synthetic import portraits


@pytest.mark.parametrize("base", range(portraits.BASES))
def test_a_portrait_is_a_jpeg_of_300_by_300_pixels(base: int) -> None:
    with Image.open(io.BytesIO(portraits.portrait(base, "face of user 1", 25_000))) as picture:
        picture.load()

        assert (picture.format, picture.size) == ("JPEG", (300, 300))


@pytest.mark.parametrize("size", [21_000, 25_072, 28_112, 60_000])
def test_a_portrait_has_exactly_the_size_asked_for(size: int) -> None:
    assert len(portraits.portrait(3, "x", size)) == size


def test_a_portrait_begins_like_the_printed_samples() -> None:
    """v3, #7: `/9j/4AAQSkZJRgABAQAAAQABAAD...`"""
    assert portraits.portrait(0, "x", 25_000).startswith(
        b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    )


def test_two_labels_give_two_files_with_the_same_picture() -> None:
    one, other = (portraits.portrait(0, label, 25_000) for label in ("user 1", "user 2"))

    assert one != other
    with Image.open(io.BytesIO(one)) as first, Image.open(io.BytesIO(other)) as second:
        assert first.tobytes() == second.tobytes()


def test_the_bases_are_different_pictures() -> None:
    pictures = [Image.open(io.BytesIO(portraits.portrait(base, "x", 0))).tobytes() for base in range(portraits.BASES)]

    assert all(one != other for one, other in itertools.combinations(pictures, 2))


def test_a_portrait_says_that_it_is_synthetic() -> None:
    with Image.open(io.BytesIO(portraits.portrait(0, "user 7", 25_000))) as picture:
        assert picture.info["comment"].startswith(b"synthetic user 7")
