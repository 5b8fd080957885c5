"""Writing the demo lake: all tables, and the answers beside them.

Here belongs the order of generation and the files. What does not belong here: what the rows are.

The lake appears whole or not at all: it is written beside its place and moved there at the end. The same seed and scale
give the same bytes.
"""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from soxauto_assets.canonical import canonical_json, digest_of, read_json
from soxauto_assets.demo import gl, jdash, partners, planted_items, rec_errors, voucher_life
from soxauto_assets.demo.answers import answers_of
from soxauto_assets.demo.arrays import records
from soxauto_assets.demo.companies import COMPANIES, COUNTRY_NAMES, MONTHS
from soxauto_assets.demo.events import Events
from soxauto_assets.demo.fx import rates_table
from soxauto_assets.demo.ledger import balances_table
from soxauto_assets.demo.order_items import order_item_months
from soxauto_assets.demo.orders import order_months
from soxauto_assets.demo.planted_vouchers import planted_templates, use_rows
from soxauto_assets.demo.receivables import customers_table, late_tables, ledger_months, small_tables
from soxauto_assets.demo.vouchers import VoucherBook, template_table, voucher_table
from soxauto_assets.errors import StorageError
from soxauto_assets.sources.bindings import Bindings, load_bindings
from soxauto_assets.sources.contracts import contract

SEED = 20250930
FORMAT = "soxauto demo lake"
# Folder of the files that people would hand in, by period.
UPLOADS = "_uploads"
VERSION = 5


@dataclass(frozen=True)
class LakeSummary:
    """What a lake holds.

    Attributes:
        tables: Number of tables.
        rows: Rows in all of them.
        created: Whether it was generated now; False = it was there.
    """

    tables: int
    rows: int
    created: bool


def generate_lake(target: Path, bindings_file: Path, *, seed: int = SEED, scale: int = 1) -> LakeSummary:
    """Generate the demo lake; one that was made with the same parameters is kept as it is.

    A demo lake of other parameters is replaced, once the new one is complete.

    Args:
        target: The lake folder: ``<database>/<table>/*.parquet``, ``answers.json`` and ``_late/``.
        bindings_file: Bindings that give tables and physical column names.
        seed: Seed of the ordinary rows.
        scale: Multiplies the ordinary rows; at least 1.

    Raises:
        StorageError: The folder cannot be written, or holds something else.
        ValueError: The scale is below 1.
    """
    if scale < 1:
        raise ValueError(f"scale is {scale}; the smallest demo lake has scale 1")
    bindings = load_bindings(bindings_file)
    parameters = {"version": VERSION, "seed": seed, "scale": scale, "layout": _layout(bindings)}
    known = _known(target)
    if known and known["parameters"] == parameters:
        return LakeSummary(known["lake"]["tables"], known["lake"]["rows"], False)
    staged = target.with_name(f".{target.name}-{uuid4().hex}")
    try:
        staged.mkdir(parents=True)
        writer = _Writer(staged, bindings)
        answers = _write(writer, seed, scale)
        lake = {"tables": len(writer.tables), "rows": writer.rows}
        document = {"format": FORMAT, "parameters": parameters, "lake": lake, **answers}
        (staged / "answers.json").write_bytes(canonical_json(document))
        _put_in_place(staged, target)
    except OSError as error:
        raise StorageError(
            f"the demo lake could not be written ({error.strerror})", action="free disk space, then try again"
        ) from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return LakeSummary(lake["tables"], lake["rows"], True)


def _known(target: Path) -> dict[str, Any] | None:
    """Return the answers of the demo lake that lies there; None where nothing does.

    Raises:
        StorageError: Something lies there that this module did not write, so that it must not be replaced.
    """
    try:
        if not target.exists() or (target.is_dir() and not any(target.iterdir())):
            return None
        known = read_json((target / "answers.json").read_bytes())
    except (OSError, json.JSONDecodeError, UnicodeDecodeError):
        known = None
    if isinstance(known, dict) and known.get("format") == FORMAT:
        return known
    raise StorageError(
        f"{target} holds something else than a demo lake, or one of another version",
        action="choose another SOXAUTO_HOME, or move the folder away",
    )


def _layout(bindings: Bindings) -> str:
    """Return a digest of the physical names: a lake that was written under other names cannot be read."""
    names = {
        name: [str(binding.table), dict(sorted(binding.columns.items()))] for name, binding in bindings.sources.items()
    }
    return digest_of(names)


def _put_in_place(staged: Path, target: Path) -> None:
    """Move a complete lake to its place; the one that was there goes only when the new one is ready."""
    if not target.exists():
        os.rename(staged, target)
        return
    old = staged.with_name(f"{staged.name}-old")
    os.rename(target, old)
    try:
        os.rename(staged, target)
    except OSError:
        os.rename(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)


class _Writer:
    """Writes tables under their physical names.

    Args:
        root: The folder.
        bindings: Where each source lies and how its columns are called there.
    """

    def __init__(self, root: Path, bindings: Bindings):
        self.root = root
        self._bindings = bindings
        self.tables: set[str] = set()
        self.rows = 0

    def write(self, source: str, table: pa.Table, file: str = "rows") -> None:
        """Write a file of a source's table."""
        self.tables.add(source)
        self.rows += table.num_rows
        self._put(self.root, source, table, file)

    def write_late(self, period: str, source: str, table: pa.Table) -> None:
        """Write a file that lies outside the tables, laid out as they are."""
        self._put(self.root / "_late" / period, source, table, "late")

    def write_upload(self, period: str, name: str, content: bytes) -> None:
        """Write a file that a person would hand in for a period."""
        folder = self.root / UPLOADS / period
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)

    def _put(self, root: Path, source: str, table: pa.Table, file: str) -> None:
        binding = self._bindings.sources[source]
        folder = root / binding.table.database / binding.table.table
        folder.mkdir(parents=True, exist_ok=True)
        physical = table.rename_columns([binding.physical(name) for name in table.column_names])
        pq.write_table(physical, folder / f"{file}.parquet", compression="zstd")


def _write(writer: _Writer, seed: int, scale: int) -> dict[str, Any]:
    """Write every table and return the answers."""
    events = Events(VoucherBook.issue(seed, scale))
    for month in ledger_months(seed, scale, events.postings):
        writer.write("customer_ledger_entries", month.entries, month.period.key)
        writer.write("detailed_customer_ledger_entry", month.movements, month.period.key)
    for period, table in order_months(seed, scale, events.orders):
        writer.write("bob_sales_order", table, period.key)
    for block in order_item_months(seed, scale, events.items, events.vouchers):
        writer.write("rpt_soi", block.items, block.period.key)
        writer.write("package_cashrec", block.packages, block.period.key)
        writer.write("refund_no_return", block.refunds, block.period.key)
    _write_planted_items(writer)
    for code, book in events.vouchers.books.items():
        writer.write("voucher_closing", voucher_table(code, book, events.vouchers.codes(code)), code)
        writer.write("store_credit_voucher", template_table(code, book), code)
    writer.write(
        "voucher_closing", records(contract("voucher_closing"), [v.row() for v in voucher_life.VOUCHERS]), "planted"
    )
    writer.write("store_credit_voucher", records(contract("store_credit_voucher"), planted_templates()), "planted")
    entries, details, events.booked = gl.tables(events.vouchers)
    writer.write("gl_entries", entries)
    writer.write("detailed_gl_entry", details)
    writer.write("bs_balances_view", balances_table(events.postings, events.balances()))
    writer.write("customers", customers_table())
    writer.write("rpt_fx_rates", rates_table())
    small = {**small_tables(), **_dimensions(), **gl.small_tables(), **partners.tables(), **rec_errors.tables()}
    for source, table in small.items():
        writer.write(source, table)
    for period in MONTHS:
        writer.write_upload(period.key, "jdash.csv", jdash.export(events.vouchers, period))
    late_entries, late_movements = late_tables()
    writer.write_late("2025-08", "customer_ledger_entries", late_entries)
    writer.write_late("2025-08", "detailed_customer_ledger_entry", late_movements)
    return answers_of(events)


def _write_planted_items(writer: _Writer) -> None:
    """Write the planted order items, their packages and refunds, and those that use a planted voucher."""
    items = [*planted_items.rows(), *use_rows(voucher_life.VOUCHERS)]
    writer.write("rpt_soi", records(contract("rpt_soi"), items), "planted")
    writer.write("package_cashrec", records(contract("package_cashrec"), planted_items.package_rows()), "planted")
    writer.write("refund_no_return", records(contract("refund_no_return"), planted_items.refund_rows()), "planted")
    types = [("customer", "Customer", "B2C"), ("jforce", "JForce", "B2B")]
    rows = [{"bob_customer_type": b, "customer_type": c, "customer_type_l1": l1} for b, c, l1 in types]
    writer.write("bob_customer_type", records(contract("bob_customer_type"), rows))


def _dimensions() -> dict[str, pa.Table]:
    """Return ``dim_company`` and ``dim_country``."""
    return {
        "dim_company": records(
            contract("dim_company"),
            [
                {
                    "company_code": company.code,
                    "company_name": company.name,
                    "company_country": company.country,
                    "opco_central": "Opco" if company.in_scope else "Central",
                    "flg_in_conso_scope": int(company.in_scope),
                    "is_active": int(company.active),
                }
                for company in COMPANIES
            ],
        ),
        "dim_country": records(
            contract("dim_country"),
            [{"country_code": code, "country_name": name} for code, name in COUNTRY_NAMES.items()],
        ),
    }
