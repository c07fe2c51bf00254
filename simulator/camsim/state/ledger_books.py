"""The books of the ledger: pages by device, settled ones sealed, the oldest of all devices first to leave."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

import msgspec

from .blocks import Blocks
from .ledger_pages import Page, Record, packed, unpacked
from .pieces import Pieces

_MOST_READY = 1  # settled pages of a device that stay open: what is told again comes page after page


class Book(msgspec.Struct):
    """The pages of one device, oldest first, and the records of those that are open, by number.

    `ready` are settled open pages by their first numbers, and not the last page; `sequence` counts first attempts,
    `highest` is the highest number among them, `begins` the first number there ever was. `findings` have left.
    """

    begins: int
    blocks: Blocks = msgspec.field(default_factory=Blocks)
    findings: list[Record] = msgspec.field(default_factory=list)
    records: dict[int, Record] = msgspec.field(default_factory=dict)
    pages: list[Page] = msgspec.field(default_factory=list)
    ready: list[int] = msgspec.field(default_factory=list)
    sequence: int = 0
    highest: int = 0

    def page(self, number: int) -> Page | None:
        """The page that a number is on."""
        pages = self.pages
        if pages and number >= pages[-1].first:  # nearly always
            return pages[-1] if number <= pages[-1].last else None
        place = bisect_right(pages, number, key=_first) - 1
        return pages[place] if place >= 0 and number <= pages[place].last else None

    def of_page(self, page: Page) -> list[Record]:
        """The records of a page, to be read."""
        if page.block:
            return unpacked(self.blocks.held[page.block])
        found = (self.records.get(number) for number in range(page.first, page.last + 1))
        return [record for record in found if record is not None]

    def lose_block(self, number: int) -> str:
        """A block cannot be read any more: its page is empty from now on. Says which punches it had."""
        self.blocks.drop(number)
        lost = [page for page in self.pages if page.block == number]
        for page in lost:
            page.block = 0
        return ", ".join(f"what became of punches {page.first} to {page.last}" for page in lost)

    def had(self, number: int) -> bool:
        """Whether a number was on a page that has left."""
        return self.begins <= number and (not self.pages or number < self.pages[0].first)


def _first(page: Page) -> int:
    return page.first


class Shelf(Pieces[Book]):
    """Books by the service tags of their devices, in the order in which they were begun."""

    __slots__ = ()


class Books(msgspec.Struct):
    """A book a device; `held` records in all, `order` the pages of all devices as they began: device, first number."""

    devices: Shelf = msgspec.field(default_factory=Shelf)
    order: dict[int, tuple[str, int]] = msgspec.field(default_factory=dict)
    serials: int = 0
    block_numbers: int = 0  # of all books: one that takes the place of another has none of its numbers
    held: int = 0

    def opened(self, book: Book, number: int) -> Record | None:
        """A record to be changed: a sealed page is opened for it."""
        record = book.records.get(number)
        if record is not None:
            return record
        page = book.page(number)
        if page is None or not page.block:
            return None
        for one in unpacked(book.blocks.drop(page.block)):
            book.records[one.number] = one
        page.block = 0
        self._ready(book, page)
        return book.records.get(number)

    def find(self, device: str, number: int) -> Record | None:
        """A record to be read; None where there is none, and for one that has left."""
        book = self.devices.peek(device)
        if book is None:
            return None
        record = book.records.get(number)
        if record is not None:
            return record
        page = book.page(number)
        if page is None or not page.block:
            return None
        return next((one for one in book.of_page(page) if one.number == number), None)

    def portions(self, device: str | None = None) -> Iterator[tuple[str, list[Record]]]:
        """Everything by device, a page at once; pages that leave meanwhile are passed over."""
        for name in list(self.devices) if device is None else [device]:
            book = self.devices.peek(name)
            for page in list(book.pages) if book else ():
                if book is not None and page.serial in self.order:
                    yield name, book.of_page(page)

    def settled(self, book: Book, number: int) -> None:
        """A record waits for nothing any more."""
        page = book.page(number)
        if page is not None:
            page.waiting -= 1
            if not page.waiting and page is not book.pages[-1]:
                self._ready(book, page)

    def _ready(self, book: Book, page: Page) -> None:
        """A page can be sealed: the one that could be for the longest time is."""
        if page.first in book.ready:
            book.ready.remove(page.first)  # the one that was touched last is sealed last
        book.ready.append(page.first)
        while len(book.ready) > _MOST_READY:
            oldest = book.page(book.ready.pop(0))
            if oldest is not None:
                self._seal(book, oldest)

    def _seal(self, book: Book, page: Page) -> None:
        if page.block:
            return
        records = book.of_page(page)
        page.total(records)
        self.block_numbers += 1
        book.blocks.next_number = self.block_numbers
        page.block = book.blocks.add(packed(records))
        for record in records:
            del book.records[record.number]

    def turn(self, device: str, book: Book, number: int, size: int, now_ms: int) -> Page:
        """Begin a page; the one before may be settled already."""
        before = book.pages[-1] if book.pages else None
        self.serials += 1
        page = Page(self.serials, number, number - 1, size, now_ms, now_ms)
        book.pages.append(page)
        self.order[page.serial] = (device, number)
        if before is not None:
            self._ready(book, before)
        return page

    def oldest(self) -> Iterator[tuple[str, Page]]:
        """Pages that may leave, in the order they began: what waits stays, and so does the page that is written on."""
        for device, first in list(self.order.values()):
            book = self.devices.peek(device)
            page = None if book is None else book.page(first)
            if book is not None and page is not None and not page.waiting and page is not book.pages[-1]:
                yield device, page

    def take(self, book: Book, page: Page) -> list[Record]:
        """Take a page out; returns its records where one of them is worth keeping."""
        if not page.block:
            page.total(book.of_page(page))
        records: list[Record] = []
        if page.lost or page.redelivered or page.reordered:
            records = book.of_page(page)
        if page.block:
            book.blocks.drop(page.block)
        else:
            for number in range(page.first, page.last + 1):
                book.records.pop(number, None)
        book.pages = [one for one in book.pages if one is not page]
        book.ready = [first for first in book.ready if first != page.first]
        del self.order[page.serial]
        self.held -= page.count
        return records

    def clear(self) -> None:
        """Forget everything; numbers of blocks go on."""
        self.devices.clear()
        self.order, self.held = {}, 0
