"""Uploads: files that people hand in, kept as they came, then read strictly.

Here belongs custody (who handed which bytes in, for which period) and reading a file into rows. What does not belong here:
where the bytes are (``extraction.originals``), landing (``extraction.landing``) and judgement (``checks``).

The bytes are hashed and stored before anything reads them. Reading the same bytes again gives the same rows and the same
rejected lines.
"""

import csv
import getpass
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from soxauto_assets.canonical import sha256_hex
from soxauto_assets.catalog.model import Item
from soxauto_assets.errors import ExtractionError, StorageError
from soxauto_assets.extraction.originals import Originals
from soxauto_assets.extraction.tables import arrow_type
from soxauto_assets.period import Period
from soxauto_assets.records import RecordLog
from soxauto_assets.sources.model import by_name

MAX_BYTES = 2**30
AFTER_PERIOD = "usage date lies after the period"
_AMOUNT = re.compile(r"^([-\u2212])?(?:[A-Z]{3} ?|[$€£₦] ?)?(\d+|\d{1,3}(?:[, \u00a0]\d{3})+(?=\.))(\.\d{1,4})?$")
_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?)?$")


@dataclass(frozen=True)
class Rejected:
    """A line that was not taken.

    Attributes:
        line: Line number in the file, from 1.
        reason: Why, in words; never the line's content.
    """

    line: int
    reason: str


@dataclass(frozen=True)
class Parsed:
    """What a file says.

    Attributes:
        rows: Rows in the item's columns, one per key.
        rejected: Lines that were not taken.
        lines: Lines that were taken.
        total: Sum of the amounts of the lines taken, added up line by line.
    """

    rows: tuple[Mapping[str, Any], ...]
    rejected: tuple[Rejected, ...]
    lines: int
    total: Decimal

    def table(self, item: Item) -> pa.Table:
        """Return the rows as an Arrow table in contract types."""
        return pa.table(
            {c.name: pa.array([row[c.name] for row in self.rows], arrow_type(c.type)) for c in item.columns}
        )


class UploadStore:
    """Uploaded files, addressed by content, with a log of custody records.

    Args:
        originals: Where the bytes are kept.
        records: The custody records.
    """

    def __init__(self, originals: Originals, records: RecordLog):
        self.originals = originals
        self.records = records

    def ingest(
        self, item: Item, period: Period, file: Path, uploader: str, company: str | None = None
    ) -> tuple[dict[str, Any], Parsed]:
        """Take a file into custody and read it.

        Args:
            item: An item with an upload.
            period: The period it is for.
            file: The file.
            uploader: Who hands it in.
            company: Company the file is of, or None.

        Returns:
            The custody record and what the file says.

        Raises:
            ExtractionError: The file cannot be read as what the item declares; its bytes are kept all the same.
            StorageError: The file is missing, too large, or the disk refused.
        """
        try:
            if file.stat().st_size > MAX_BYTES:
                raise StorageError(f"{file.name} is larger than 1 GB", action="split the export", item=item.id)
            content = file.read_bytes()
        except OSError as error:
            raise StorageError(
                f"{file.name} cannot be read ({error.strerror})", action="give a readable file", item=item.id
            ) from error
        digest = sha256_hex(content)
        kept = self.originals.keep(item.id, period.key, digest, content)
        parsed = parse(item, content, period, company)
        record = {
            "file": file.name,
            "sha256": digest,
            "bytes": len(content),
            "uploader": uploader,
            "company": company,
            "os_user": getpass.getuser(),
            "received": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "signed": False,
            "lines": parsed.lines,
            "rows": len(parsed.rows),
            "rejected": [[r.line, r.reason] for r in parsed.rejected],
            **kept,
        }
        ordinal = self.records.append(item.id, period.key, record)
        return {**record, "ordinal": ordinal}, parsed

    def newest(self, item: Item, period: Period) -> tuple[dict[str, Any], bytes]:
        """Return the newest custody record of a period and the original bytes.

        Raises:
            ExtractionError: Nothing was handed in for the period.
            StorageError: The kept bytes are missing or changed.
        """
        records = self.records.all(item.id, period.key)
        if not records:
            raise ExtractionError(
                f"no file was handed in ({item.upload.system if item.upload else ''} export)",
                action=f"soxauto ingest {item.id.lower()} FILE --period {period.key} --uploader NAME",
                item=item.id,
                period=period.key,
            )
        return records[-1], self.original(item, period, records[-1]["sha256"]).read_bytes()

    def original(self, item: Item, period: Period, digest: str) -> Path:
        """Return a local file with the original bytes of that digest.

        Raises:
            StorageError: The kept bytes are missing or changed.
        """
        return self.originals.open(item.id, period.key, digest)


def parse(item: Item, content: bytes, period: Period, company: str | None) -> Parsed:
    """Read a file strictly.

    Raises:
        ExtractionError: It is not UTF-8 text, has no header that names the required columns, or names one twice.
    """
    assert item.upload is not None
    reader, positions = _reader(item, content)
    groups: dict[str, list[dict[str, Any]]] = {}
    rejected: list[Rejected] = []
    total, lines = Decimal(0), 0
    for number, cells in _lines(reader, rejected):
        line = {column: cells[at].strip() if at < len(cells) else "" for column, at in positions.items()}
        values, reason = _values(line, period)
        if reason:
            rejected.append(Rejected(number, reason))
            continue
        groups.setdefault(values["voucher_id"], []).append(values)
        total += values["amount_used"]
        lines += 1
    rows = tuple(_row(item, key, members, company) for key, members in sorted(groups.items()))
    return Parsed(rows, tuple(sorted(rejected, key=lambda r: r.line)), lines, total)


def amount_of(text: str) -> Decimal | None:
    """Return an amount, or None when its spelling is not beyond doubt.

    Taken: ``1234.5``, ``1,234.56``, ``1 234.56``, a currency sign or code in front, a minus in either form. Not taken:
    scientific notation, a decimal comma, and ``1,234``, which could be both.
    """
    match = _AMOUNT.match(text.strip())
    if not match:
        return None
    sign, whole, fraction = match.groups()
    value = Decimal(re.sub(r"[, \u00a0]", "", whole) + (fraction or ""))
    return -value if sign else value


def id_of(text: str) -> str:
    """Return a voucher id in one form: trimmed, upper case, ``12345.0`` as ``12345`` (domain 7.6.2)."""
    trimmed = text.strip().upper()
    return trimmed[:-2] if re.fullmatch(r"\d+\.0", trimmed) else trimmed


def _reader(item: Item, content: bytes) -> tuple[Any, dict[str, int]]:
    """Return a CSV reader behind the header, and the position of each column."""
    assert item.upload is not None
    try:
        text = content.decode("utf-8-sig", "strict")
    except UnicodeDecodeError as error:
        raise ExtractionError(
            f"the file is not UTF-8 text (byte {error.start})", action="export it as CSV in UTF-8", item=item.id
        ) from error
    first = text.split("\n", 1)[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header = [by_name(cell) for cell in next(reader, [])]
    positions: dict[str, int] = {}
    for column, aliases in item.upload.headers.items():
        found = [at for at, name in enumerate(header) if name in {by_name(alias) for alias in (column, *aliases)}]
        if len(found) > 1:
            raise ExtractionError(f"two headers of the file mean {column}", action="leave one of them", item=item.id)
        if found:
            positions[column] = found[0]
    if missing := [column for column in item.upload.required if column not in positions]:
        names = "; ".join(f"{column} ({', '.join(item.upload.headers[column])})" for column in missing)
        raise ExtractionError(
            f"the file has no header for {names}",
            action="export it with that column, or correct the header",
            item=item.id,
        )
    return reader, positions


def _lines(reader: Any, rejected: list[Rejected]) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield the lines with their numbers; a line that is no CSV is rejected and reading goes on."""
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            rejected.append(Rejected(number, "the line is no CSV (quotes)"))
            continue
        if any(cell.strip() for cell in cells):
            yield number, cells


def _values(line: Mapping[str, str], period: Period) -> tuple[dict[str, Any], str | None]:
    """Return the values of a line, or the reason why it is not taken."""
    voucher = id_of(line["voucher_id"])
    if not voucher:
        return {}, "voucher id is empty"
    amount = amount_of(line["amount_used"])
    if amount is None:
        return {}, "amount is empty" if not line["amount_used"] else "amount is not readable beyond doubt"
    if amount < 0:
        return {}, "amount is negative"
    text = line.get("usage_date", "")
    used: datetime | None = None
    if text:
        try:
            used = datetime.fromisoformat(text) if _DATE.match(text) else None
        except ValueError:
            used = None
        if used is None:
            return {}, "usage date is not ISO (YYYY-MM-DD)"
        if used >= period.period_end:
            return {}, AFTER_PERIOD
    texts = {name: line.get(name) or None for name in ("order_id", "customer_id", "status")}
    return {"voucher_id": voucher, "amount_used": amount, "usage_date": used, **texts}, None


def _row(item: Item, key: str, members: Sequence[Mapping[str, Any]], company: str | None) -> dict[str, Any]:
    """Sum the lines of a voucher; a text stays where all lines agree."""
    dates = [member["usage_date"] for member in members if member["usage_date"] is not None]
    texts = {}
    for name in ("order_id", "customer_id", "status"):
        distinct = {member[name] for member in members}
        texts[name] = distinct.pop() if len(distinct) == 1 else None
    return {
        "id_company": company,
        "voucher_id": key,
        "amount_used": sum((member["amount_used"] for member in members), Decimal(0)),
        "usage_date": max(dates, default=None),
        **texts,
        "line_count": len(members),
    }
