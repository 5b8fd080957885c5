"""Landed rows like those of IPE_07, and what a source would have answered to the questions of their extraction.

Here belongs generating the Parquet file, its extraction record and the specification that the peers read. What does not
belong here: evaluating rules (the contenders beside this file).
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from soxauto_assets.catalog import get_item
from soxauto_assets.catalog.companies import known_companies
from soxauto_assets.catalog.model import Item
from soxauto_assets.catalog.types import BOOL, DATE, INT64, STRING, SUM
from soxauto_assets.checks.totals import totals_sql
from soxauto_assets.extraction.generated import ROW_DIGEST, landed_digest_sql
from soxauto_assets.extraction.landing import Dataset, digest_of_rows, file_facts
from soxauto_assets.extraction.record import ExtractionRecord, StatementRecord
from soxauto_assets.extraction.tables import TypedTable
from soxauto_assets.period import Period
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import Settings

ITEM, PERIOD = get_item("IPE_07"), Period(2025, 9)
COMPANIES = ("EC_IC", "EC_KE", "EC_MA", "EC_NG", "HF_SN", "JD_GH", "JD_UG")
# Rows come in the order of their key, so that they need no sort; every value is arithmetic over the row's number.
_ROWS = """
with numbered as (
    select i, (array[{companies}])[1 + i * {count} // {rows}] as company, date '2025-09-30' - cast(i * 7919 % 700 as int)
        as posted, (i * 31 % 199999) * 0.01 - 1000.005 as amount from range({rows}) as r(i)
), dated as (
    select *, case when i % 50 > 0 then posted + cast(i % 120 as int) end as due from numbered
), aged as (
    select *, date '2025-09-30' - due as days, (year(due) - 2025) * 12 + month(due) - 9 as months from dated
)
select company as id_company, left(company, 2) as company_country, 'opco' as opco_central, i + 1 as entry_no,
    3 * i as gl_entry_no, 'DOC' || i as document_no,
    case i % 3 when 0 then 'Invoice' when 1 then 'Payment' end as document_type,
    case when i % 4 = 0 then 'EXT' || i % 9973 end as external_document_no, posted as posting_date,
    'C' || i * 7919 % 100003 as customer_no, 'Customer ' || i * 7919 % 100003 as customer_name,
    'B2C' as customer_busline, i % 2 = 0 as automatically_integrated, 'LOAN-REC-NAT' as currentpostinggroup,
    null as stream, 'B2C-NG-NAT' as customer_posting_group,
    'Order ' || i % 999983 || ' of the marketplace' as description, 'SALES' as source_code, null as reason_code,
    'BL' || i % 40 as busline_code, 'Vertical ' || i % 8 as busline_vertical_name_1,
    'Level 2 of ' || i % 20 as busline_vertical_name_2, 'Level 3 of ' || i % 40 as busline_vertical_name_3,
    'D' || i % 12 as department_code, amount * 2 as original_amount, 'NGN' as currency,
    amount * 2 as original_amount_lcy, amount as rem_amt_lcy, i % 5 > 0 as open, due as due_date,
    'USER' || i % 30 as posted_by, null as destination_code, null as partner_code, null as ic_partner_code,
    case when months < 0 then 'Credit' when months > 0 then 'Debit' when months = 0 then 'Due Month' end
        as debit_credit_duemonth,
    '1310' || i % 3 as receivables_account, (array['13003', '13004', '13009'])[1 + i % 3] as group_coa_account_no,
    'Receivables ' || i % 3 as group_coa_account_name, i % 10 > 0 as customer_has_balance,
    case when due is null then 'no due date' when days <= 0 then '0' when days <= 30 then '1-30'
        when days <= 60 then '31-60' when days <= 90 then '61-90' when days <= 180 then '91-180'
        when days <= 365 then '181-365' else 'over 365' end as ageing_bucket
from aged
"""
# One fault of each rule that all contenders evaluate.
FAULTS = {
    "sound": "select * from landed",
    "schema": "select * replace (if(entry_no = 5, '-', ageing_bucket) as ageing_bucket) from landed",
    "schema, type": "select * replace (cast(original_amount as double) as original_amount) from landed",
    "schema, null": "select * replace (if(entry_no = 5, null, customer_no) as customer_no) from landed",
    "schema, bound": "select * replace (if(entry_no = 5, 0, entry_no) as entry_no) from landed",
    "schema, pattern": "select * replace (if(entry_no = 5, 'ngn', currency) as currency) from landed",
    "key_unique": "select * from landed union all select * from landed where entry_no = 5",
    "control_totals": "select * replace (if(entry_no = 5, rem_amt_lcy + 0.0001, rem_amt_lcy) as rem_amt_lcy) from landed",
    "cutoff": "select * replace (if(entry_no = 5, date '2025-10-01', posting_date) as posting_date) from landed",
    "remaining_not_zero": "select * replace (if(entry_no = 5, 0, rem_amt_lcy) as rem_amt_lcy) from landed",
    "due_month_recomputed": "select * replace (if(entry_no = 5, 'Due Month', debit_credit_duemonth) "
    "as debit_credit_duemonth) from landed",
    "ageing_recomputed": "select * replace (if(entry_no = 5, '1-30', ageing_bucket) as ageing_bucket) from landed",
    "account_resolved": "select * replace (if(entry_no = 5, null, group_coa_account_no) as group_coa_account_no) from landed",
    "account_in_component": "select * replace (if(entry_no = 5, '18412', group_coa_account_no) as group_coa_account_no) "
    "from landed",
    "company_known": "select * replace (if(entry_no = 5, 'XX_XX', id_company) as id_company) from landed",
}


def generate(folder: Path, rows: int) -> Path:
    """Generate rows, record and specification; return the specification's path."""
    part = folder / f"part-{rows}.parquet"
    columns = ", ".join(f'cast("{c.name}" as {c.type.duckdb}) as "{c.name}"' for c in ITEM.columns)
    names = ", ".join(f"'{code}'" for code in COMPANIES)
    text = _ROWS.format(companies=names, count=len(COMPANIES), rows=rows)
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select {columns} from ({text})) to '{part}' (format parquet, compression zstd, row_group_size 122880)"
        )
    digest = digest_of_rows(ITEM, [part])
    record = _record(folder, Dataset(ITEM, (part,), digest, file_facts([part])))
    kept = folder / f"record-{rows}.json"
    kept.write_text(json.dumps(record.to_json()))
    return _specify(folder / f"spec-{rows}.json", part, kept, record)


def faulty(spec: Path, name: str) -> Path:
    """Return the specification of a copy of the rows with a fault seeded."""
    given = json.loads(spec.read_text())
    part = spec.parent / "faulty.parquet"
    cells = ", ".join(
        f'"{c.name}"' if name == "schema, type" else f'cast("{c.name}" as {c.type.duckdb}) as "{c.name}"'
        for c in ITEM.columns
    )
    with duckdb.connect() as connection:
        connection.read_parquet(given["file"]).create_view("landed")
        connection.execute(f"copy (select {cells} from ({FAULTS[name]})) to '{part}' (format parquet)")
    changed = spec.parent / "faulty.json"
    changed.write_text(json.dumps({**given, "file": str(part)}))
    return changed


def _record(folder: Path, dataset: Dataset) -> ExtractionRecord:
    """Return the record, with answers computed here in the place of a source."""
    (folder / "home" / "lake").mkdir(parents=True, exist_ok=True)  # nothing is read from it
    settings = Settings.from_environment({"SOXAUTO_HOME": str(folder / "home")})
    extractor = Runtime(settings).extractor
    statements = {
        purpose: StatementRecord(bound.statement.template, bound.baseline, bound.executed, bound.digests, {})
        for purpose, bound in extractor.statements(ITEM, PERIOD).items()
        if not purpose.startswith("mutation__")
    }
    return ExtractionRecord(
        item=ITEM.id,
        period=PERIOD.key,
        environment="demo",
        run_id="bench",
        performed_by={},
        parameters={},
        configuration={},
        definition_digest=extractor.definition_digest(ITEM),
        bindings={},
        sources={},
        statements=statements,
        answers=_answers(ITEM, dataset),
        dataset=dataset.digest,
        files=dataset.facts,
        engine_files=(),
    )


def _answers(item: Item, dataset: Dataset) -> dict[str, TypedTable]:
    kinds = {column.name: column.type for column in item.columns}
    with dataset.query() as connection:

        def answer(text: str) -> TypedTable:
            used = {name: value for name, value in PERIOD.parameters().items() if f"${name}" in text}
            return TypedTable.from_arrow(connection.sql(text, params=used or None).to_arrow_table())

        answers = {
            "control_totals": answer(totals_sql(item.control_totals, kinds, "landed")),
            ROW_DIGEST: answer(landed_digest_sql(item)),
            **{f"tie__{tie.name}": answer(tie.landed) for tie in item.ties},
        }
        listed = ("listed", dataset.digest.rows, None)
        if item.population:
            wanted = f"{item.population.rows or 'NULL'}, {item.population.amount or 'NULL'}"
            listed = ("listed", *connection.execute(f"SELECT {wanted} FROM landed").fetchall()[0])
    edges = (("last_before", DATE), ("first_after", DATE), ("rows_after", INT64))
    lookup = (("lookup", STRING), ("conflicting_keys", INT64), ("repeated_keys", INT64), ("collapsed_rows", INT64))
    return answers | {
        "freshness": TypedTable((("newest", DATE), ("fresh", BOOL)), ((PERIOD.last_day, True),)),
        "cutoff_edges": TypedTable(edges, ((PERIOD.last_day, None, 0),)),
        "dropped_rows": TypedTable((("reason", STRING), ("row_count", INT64), ("amount", SUM)), (listed,)),
        "lookups": TypedTable(lookup, tuple((d.source, 0, 0, 0) for d in item.dimensions)),
    }


def _specify(path: Path, part: Path, record: Path, recorded: ExtractionRecord) -> Path:
    """Write what the peers are told: columns, rules and totals, without a line of ours."""
    totals = recorded.answers["control_totals"]
    columns: list[dict[str, Any]] = [
        {
            "name": column.name,
            "kind": column.type.kind,
            "nullable": column.nullable,
            "allowed": column.allowed,
            "minimum": None if column.minimum is None else int(column.minimum),
            "pattern": column.pattern,
        }
        for column in ITEM.columns
    ]
    path.write_text(
        json.dumps(
            {
                "file": str(part),
                "record": str(record),
                "columns": columns,
                "key": ITEM.key,
                "totals": {
                    "names": totals.names,
                    "rows": [[str(v) if isinstance(v, Decimal) else v for v in row] for row in totals.rows],
                },
                "period_end": PERIOD.period_end.date().isoformat(),
                "last_day": PERIOD.last_day.isoformat(),
                "companies": sorted(known_companies("demo").currencies),
                "accounts": ["13003", "13004", "13009"],
            },
            default=str,
        )
    )
    return path


def opened(spec: Path) -> tuple[ExtractionRecord, Dataset]:
    """Return record and dataset of a specification."""
    given = json.loads(spec.read_text())
    record = ExtractionRecord.from_json(json.loads(Path(given["record"]).read_text()))
    return record, Dataset(ITEM, (Path(given["file"]),), record.dataset)
