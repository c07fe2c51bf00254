"""What became of every punch: sent, attempted, acknowledged, or lost by a cause that has a name."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import msgspec

from camsim.control.records import PunchRow
from camsim.protocol.timestamps import gmt
from camsim.shown import spreadsheet_row

from .ledger_books import Book, Books
from .ledger_pages import Cause, Page, Record
from .log_blocks import BLOCK_ROWS

MAX_PUNCHES = 500_000
MAX_FINDINGS = 10_000
_PORTIONS_OF_AGE = 8  # a page spans no more than this part of the age that punches are kept for


class Counts(msgspec.Struct):
    """What punches come to: all of them, or those that left."""

    punches: int = 0
    acknowledged: int = 0
    lost: int = 0
    attempts: int = 0
    redelivered: int = 0
    reordered: int = 0


class Ledger(msgspec.Struct):
    """The books, within bounds: the oldest settled pages leave, and what is counted stays counted.

    What was lost, doubled or out of order is kept when it leaves, and only counted beyond `max_findings`.
    """

    books: Books = msgspec.field(default_factory=Books)
    counts: Counts = msgspec.field(default_factory=Counts)
    left: Counts = msgspec.field(default_factory=Counts)
    findings: int = 0  # kept
    max_punches: int = MAX_PUNCHES
    max_age_ms: int | None = None
    max_findings: int = MAX_FINDINGS

    # --- what happens to a punch --------------------------------------------------------------------------------------

    def recorded(self, device: str, record: Record, page_rows: int = BLOCK_ROWS) -> None:
        """A device accepted a punch; a page that begins with it takes `page_rows`."""
        books, at = self.books, record.recorded_at
        book = books.devices.get(device)
        if book is None or (book.pages and record.number <= book.pages[-1].last):
            book = self._begun(device, book, record.number)
        page = book.pages[-1] if book.pages else None
        if page is None or page.count >= page.size or self._is_long(page, at):
            page = books.turn(device, book, record.number, page_rows, at)
            self._keep_within_bounds(at)
        page.last, page.newest_at = record.number, at
        page.count += 1
        page.waiting += 1
        book.records[record.number] = record
        books.held += 1
        self.counts.punches += 1

    def attempted(self, device: str, number: int, now_ms: int, *, first: bool, copies: int = 1) -> None:
        """A callback that tells the punch left, in `copies` at once; `first` for its first attempt."""
        book = self.books.devices.get(device)
        if book is None:
            return
        record = book.records.get(number) or self.books.opened(book, number)
        if record is None:
            self.counts.attempts += copies if book.had(number) else 0
            return
        self.counts.attempts += copies
        record.attempts += copies
        record.sent += copies if first else copies - 1
        if record.first_attempt_at is None:
            record.first_attempt_at = now_ms
            record.first_sequence = book.sequence = book.sequence + 1
            if number < book.highest:
                record.reordered = True
                self.counts.reordered += 1
            else:
                book.highest = number

    def acknowledged(self, device: str, number: int, now_ms: int) -> None:
        """The receiver answered done."""
        book = self.books.devices.get(device)
        if book is None:
            return
        record = book.records.get(number) or self.books.opened(book, number)
        if record is None:
            self._told_again_after_it_left(book, number)
            return
        record.acks += 1
        if record.acks > 1:
            self.counts.redelivered += 1
            return
        record.first_ack_at = now_ms
        self.counts.acknowledged += 1
        if record.cause:
            self.counts.lost -= 1
        else:
            self.books.settled(book, number)

    def lost(self, device: str, number: int, cause: Cause) -> None:
        """A punch will not be delivered, for a reason that has a name."""
        record = self.books.find(device, number)
        if record is None or record.acks:
            return
        book = self.books.devices[device]
        record = self.books.opened(book, number) or record
        was_lost, record.cause = bool(record.cause), str(cause)
        if not was_lost:
            self.counts.lost += 1
            self.books.settled(book, number)

    def lost_all(self, device: str, first: int, last: int, cause: Cause) -> None:
        """The punches `first` to `last` will not be delivered; sealed pages that are acknowledged are passed over."""
        book = self.books.devices.peek(device)
        for page in list(book.pages) if book else ():
            if page.last < first or last < page.first or (page.block and not page.lost and not page.waiting):
                continue
            for number in range(max(first, page.first), min(last, page.last) + 1):
                self.lost(device, number, cause)

    # --- what is known ------------------------------------------------------------------------------------------------

    def find(self, device: str, number: int) -> Record | None:
        """The record of a punch, to read; None for one from before the run, and for one that has left."""
        return self.books.find(device, number)

    def undelivered(self, device: str) -> set[int]:
        """The numbers of punches that nobody has acknowledged."""
        book = self.books.devices.peek(device)
        if book is None:
            return set()
        numbers = {record.number for record in book.findings if not record.acks}
        for page in book.pages:
            if not page.block or page.lost or page.waiting:
                numbers |= {record.number for record in book.of_page(page) if not record.acks}
        return numbers

    def found(self, device: str | None = None) -> Iterator[tuple[str, Record]]:
        """Findings among what has left, with their devices."""
        for name in list(self.books.devices) if device is None else [device]:
            book = self.books.devices.peek(name)
            for record in list(book.findings) if book else ():
                yield name, record

    def portions(self, device: str | None = None) -> Iterator[tuple[str, list[Record]]]:
        """Every record by device, a few hundred at once, to read; what comes meanwhile may be missing."""
        return self.books.portions(device)

    def rows(self) -> Iterator[tuple[str, Record]]:
        """Every record with its device, to read."""
        for device, records in self.portions():
            for record in records:
                yield device, record

    def summary(self) -> dict[str, int]:
        """Counts that add up: punches = acknowledged + waiting + lost."""
        counts = self.counts
        return {
            "punches": counts.punches,
            "acknowledged": counts.acknowledged,
            "waiting": counts.punches - counts.acknowledged - counts.lost,
            "lost": counts.lost,
            "attempts": counts.attempts,
            "redelivered": counts.redelivered,
            "reordered": counts.reordered,
        }

    def clear(self) -> None:
        """Forget every punch; the bounds stay."""
        self.books.clear()
        self.counts, self.left, self.findings = Counts(), Counts(), 0

    # --- bounds -------------------------------------------------------------------------------------------------------

    def _begun(self, device: str, old: Book | None, number: int) -> Book:
        """A new book; a device that was removed had the same id, and its punches leave."""
        for page in list(old.pages) if old else ():
            for waiting in range(page.first, page.last + 1) if page.waiting else ():
                self.lost(device, waiting, Cause.REMOVED)
        for page in list(old.pages) if old else ():
            if old is not None:
                self._leave(old, page)
        book = self.books.devices[device] = Book(number, findings=old.findings if old else [])
        return book

    def _is_long(self, page: Page, now_ms: int) -> bool:
        return self.max_age_ms is not None and now_ms - page.began_at > self.max_age_ms // _PORTIONS_OF_AGE

    def _keep_within_bounds(self, now_ms: int) -> None:
        """The oldest settled pages leave; what waits never does."""
        oldest_ms = None if self.max_age_ms is None else now_ms - self.max_age_ms
        if self.books.held <= self.max_punches and oldest_ms is None:
            return
        for device, page in self.books.oldest():
            if self.books.held <= self.max_punches and (oldest_ms is None or page.newest_at >= oldest_ms):
                break
            self._leave(self.books.devices[device], page)

    def _leave(self, book: Book, page: Page) -> None:
        records = self.books.take(book, page)
        self.left.punches += page.count
        self.left.acknowledged += page.acknowledged
        self.left.lost += page.lost
        self.left.redelivered += page.redelivered
        self.left.reordered += page.reordered
        kept = [record for record in records if record.is_finding][: max(0, self.max_findings - self.findings)]
        book.findings += kept
        self.findings += len(kept)

    def _told_again_after_it_left(self, book: Book, number: int) -> None:
        if book.had(number):
            self.counts.redelivered += 1
            self.left.redelivered += 1


def present(device: str, record: Record) -> PunchRow:
    """A record as the control API shows it."""
    return PunchRow(
        device=device,
        number=record.number,
        user=record.user,
        log_time=gmt(record.log_time, record.offset),
        type=record.type,
        sent=record.sent,
        attempts=record.attempts,
        first_attempt=_seconds(record.first_attempt_at),
        first_sequence=record.first_sequence,
        first_ack=_seconds(record.first_ack_at),
        acknowledged=record.acknowledged,
        acks=record.acks,
        cause=record.cause,
    )


def _seconds(at: int | None) -> float | None:
    return None if at is None else at / 1000


def as_csv(ledger: Ledger) -> str:
    """All records, one row a punch, header first."""
    return "".join(csv_portions(ledger))


def csv_portions(ledger: Ledger) -> Iterator[str]:
    """The same, a hundred rows at once."""
    text = io.StringIO()
    writer = csv.DictWriter(text, PunchRow.__struct_fields__)
    writer.writeheader()
    for number, (device, record) in enumerate(ledger.rows(), 1):
        writer.writerow(spreadsheet_row(msgspec.structs.asdict(present(device, record))))
        if number % 100 == 0:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()
