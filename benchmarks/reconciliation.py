"""The whole reconciliation at 1 million vouchers, 1 million order items and 1 million entries of the voucher account.

Run with ``make bench-reconciliation``. The packages' rows are generated once, in contract types, for nine companies. Each run
is a process of its own: ours reads the rows, computes balances, rates, bridges, buckets, review and findings, and writes every
table of the evidence; the peer is DuckDB alone, which reads the same files, sums every amount by company and joins vouchers
with entries once. Runs take turns; medians. Limits: 60 s and 1.5 GB (memory is the peak of the process).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

ROOT = Path(__file__).parents[1]
LIMIT_SECONDS, LIMIT_MEGABYTES = 60, 1536
COMPANIES = ("EC_NG", "JD_GH", "EC_IC", "HF_SN", "EC_KE", "JD_UG", "JD_DZ", "JM_EG", "EC_MA")
_COMPANY = f"({list(COMPANIES)!r})[1 + i % {len(COMPANIES)}]"
_AMOUNT = "CAST((i * 7919) % 5000000 / 100 AS DECIMAL(18,4))"
_USE = "(['refund', 'store_credit', 'apology_v2', 'jforce', 'jpay_store_credit', 'marketing'])[1 + i % 6]"
_TEXT = "(['RF_', 'COMMERCIAL GESTURE ', 'PYT_', 'VOUCHER ACCRUAL ', 'ITEM PRICE CREDIT ', 'EXPR_STR_CRDT-'])[1 + i % 6] || i"
_DAY = "TIMESTAMP '2024-10-01' + INTERVAL 1 HOUR * (i * 31 % 8700)"
# Item id to rows per million and the columns that a reconciliation reads; the others are null or a plain value.
ITEMS: dict[str, tuple[float, dict[str, str]]] = {
    "IPE_08": (1.0, {
        "id": "CAST(i AS VARCHAR)", "code": "'C' || i", "is_active": "CASE WHEN i % 11 = 0 THEN 0 ELSE 1 END",
        "business_use": _USE,
        "business_use_formatted": _USE,
        "created_at": _DAY, "to_date": f"{_DAY} + INTERVAL 300 DAY", "snapshot_date": "TIMESTAMP '2025-09-30 23:59:59'",
        "is_valid": f"CASE WHEN {_DAY} + INTERVAL 300 DAY < TIMESTAMP '2025-10-01' THEN 'expired' ELSE 'valid' END",
        "voucher_inactive_date": f"CASE WHEN i % 11 = 0 THEN {_DAY} + INTERVAL 20 DAY END", "discount_amount": _AMOUNT,
        "remaining_amount": _AMOUNT, "totalremainingamount": _AMOUNT, "totalamountused": "CAST(0 AS DECIMAL(18,4))",
    }),
    "CR_03_MOV": (1.0, {
        "entry_no": "i", "voucher_no": "CAST(i AS VARCHAR)", "posting_date": f"CAST({_DAY} AS DATE)",
        "group_coa_account_no": "'18412'", "amount": f"CASE WHEN i % 3 = 0 THEN {_AMOUNT} ELSE -{_AMOUNT} END",
        "user_id": "CASE WHEN i % 5 = 0 THEN 'JUMIA/ACCOUNTANT' ELSE 'JUMIA/NAV31AFR.BATCH.SRVC' END",
        "document_description": _TEXT,
        "reversed": "false",
    }),
    "IPE_08_USAGE": (0.3, {
        "id": "CAST(i * 3 AS VARCHAR)", "business_use": "'refund'", "delivery_mth": "202509", "totalamountused": _AMOUNT,
        "last_package_delivery": "TIMESTAMP '2025-09-10'",
    }),
    "JDASH": (0.2, {"id_company": "NULL", "voucher_id": "CAST(i * 5 AS VARCHAR)", "amount_used": _AMOUNT}),
    "IPE_10": (0.4, {"cod_oms_sales_order_item": "'A' || i", "paid_for_items": _AMOUNT, "is_prepayment": "1",
                     "paid_for_shipping": "CAST(1 AS DECIMAL(18,4))"}),
    "IPE_12": (0.3, {"cod_oms_sales_order_item": "'B' || i", "amount_paid": _AMOUNT}),
    "IPE_34": (0.3, {"cod_oms_sales_order_item": "'C' || i", "amounttorefund": _AMOUNT, "is_marketplace": "1",
                     "case_type": "'Refunded not yet returned'"}),
    "IPE_07": (1.0, {"entry_no": "i", "customer_no": "'C' || (i % 50000)",
                     "group_coa_account_no": "(['13003', '13004'])[1 + i % 2]",
                     "rem_amt_lcy": _AMOUNT, "customer_posting_group": "(['NATIONAL', 'EXPORT'])[1 + i % 2]",
                     "busline_code": "'BL' || i % 3", "customer_has_balance": "true"}),
    "IPE_31": (0.1, {"transaction_type": "'Transfer to'", "amount": _AMOUNT, "related_entity": "'E' || i"}),
    "IPE_11": (0.1, {"sc_transaction_amount": _AMOUNT}),
    "IPE_REC_ERRORS": (0.01, {"source_system": "'Cash Deposits'", "id_company": "'Nigeria'", "amount": _AMOUNT}),
    "CR_04": (0.0, {"group_coa_account_no": "(['13003', '13005', '13011', '18350', '18317', '18412', '18304'])[1 + i // 9]",
                    "balance_at_date": _AMOUNT, "country_code": "'XX'"}),
    "CR_05": (0.0, {"fx_rate": "CAST(10 + i AS DECIMAL(18,8))", "company_country": "'XX'", "flg_in_conso_scope": "1"}),
}  # fmt: skip
FIXED = {"CR_04": 63, "CR_05": len(COMPANIES)}


def generate(folder: Path, million: int) -> dict[str, int]:
    """Write the rows of every package; return how many."""
    from soxauto_assets.catalog import get_item

    counts = {}
    for name, (share, columns) in ITEMS.items():
        item = get_item(name)
        rows = FIXED.get(name) or int(million * share)
        made = {item.company_column: _COMPANY} if item.company_column else {}
        selected = ", ".join(
            f'CAST({ {**made, **columns}.get(c.name, "NULL") } AS {c.type.duckdb}) AS "{c.name}"' for c in item.columns
        )
        place = folder / name / "data" / "rows"
        place.mkdir(parents=True)
        duckdb.sql(
            f"COPY (SELECT {selected} FROM range({rows}) AS r(i)) TO '{place / 'part-00000.parquet'}' (FORMAT parquet)"
        )
        counts[name] = rows
    return counts


def ours(folder: Path) -> None:
    """Reconcile the rows and write every table; print what was found."""
    from soxauto_assets.catalog import get_item
    from soxauto_assets.catalog.companies import known_companies
    from soxauto_assets.catalog.configuration import load_configuration
    from soxauto_assets.period import Period
    from soxauto_assets.reconciliation.inputs import Inputs, SealedInput, open_session
    from soxauto_assets.reconciliation.package import write_lines, write_tables
    from soxauto_assets.reconciliation.reconcile import compute
    from soxauto_assets.reconciliation.rules import load_rules
    from soxauto_assets.reconciliation.thresholds import Thresholds

    begun = time.perf_counter()
    digest = "0" * 64
    sealed = {n: SealedInput(get_item(n), 1, "passed", digest, digest, digest, "demo", folder / n) for n in ITEMS}
    inputs = Inputs(Period(2025, 9), sealed, {})
    with open_session(inputs, load_configuration()) as session, tempfile.TemporaryDirectory() as out:
        result = compute(session, known_companies("demo"), Thresholds(load_rules("thresholds")))
        write_lines(result, Path(out))
        tables = write_tables(session, Path(out))
    seconds = time.perf_counter() - begun
    proof = {bridge.name: sum(line.rows for line in bridge.lines) for bridge in result.bridges}
    print(json.dumps({"seconds": seconds, "lines": len(result.lines), "tables": len(tables), "proof_rows": proof}))


def alone(folder: Path) -> None:
    """Read the same files with DuckDB: every amount by company, and vouchers joined with entries once."""
    from soxauto_assets.catalog import get_item

    begun = time.perf_counter()
    with duckdb.connect(config={"threads": 2, "memory_limit": "768MB"}) as connection:
        for name in ITEMS:
            item = get_item(name)
            money = [c.name for c in item.columns if c.type.kind == "decimal"]
            group = f'"{item.company_column}"' if item.company_column else "1"
            sums = ", ".join(f'sum("{column}")' for column in money)
            connection.sql(
                f"SELECT {group}, count(*), {sums} FROM '{folder}/{name}/data/rows/*.parquet' GROUP BY 1"
            ).fetchall()
        connection.sql(
            f"SELECT v.id_company, count(*), sum(e.amount) FROM '{folder}/IPE_08/data/rows/*.parquet' AS v "
            f"JOIN '{folder}/CR_03_MOV/data/rows/*.parquet' AS e ON v.id_company = e.id_company AND v.id = e.voucher_no "
            "GROUP BY 1"
        ).fetchall()
    print(json.dumps({"seconds": time.perf_counter() - begun}))


def measured(which: str, folder: Path) -> tuple[float, float, dict]:
    """Run one contender in a process of its own: seconds, peak megabytes, what it said."""
    with tempfile.TemporaryFile("w+") as out:
        command = [sys.executable, __file__, "--run", which, "--folder", str(folder)]
        process = subprocess.Popen(command, stdout=out, env={**os.environ, "PYTHONPATH": str(ROOT)})
        _, status, used = os.wait4(process.pid, 0)
        if status:
            raise SystemExit(f"{which} failed")
        out.seek(0)
        said = json.loads(out.read().strip().splitlines()[-1])
    return said["seconds"], used.ru_maxrss / 1024, said


def main() -> None:
    """Generate, run in turns, print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--run", choices=("ours", "alone"))
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    if arguments.run:
        {"ours": ours, "alone": alone}[arguments.run](arguments.folder)
        return
    with tempfile.TemporaryDirectory(prefix="soxauto-") as name:
        counts = generate(Path(name), arguments.rows)
        print(", ".join(f"{item} {rows:,}" for item, rows in counts.items()))
        found: dict[str, list[tuple[float, float]]] = {"ours": [], "alone": []}
        for _ in range(arguments.runs):
            for which in found:
                seconds, megabytes, _ = measured(which, Path(name))
                found[which].append((seconds, megabytes))
    time_of = {which: statistics.median(seconds for seconds, _ in runs) for which, runs in found.items()}
    peak_of = {which: statistics.median(megabytes for _, megabytes in runs) for which, runs in found.items()}
    for which, label in (("ours", "reconciliation"), ("alone", "DuckDB alone")):
        print(f"{label:15} {time_of[which]:6.1f} s  {peak_of[which]:6.0f} MB")
    print(
        f"ratio: {time_of['ours'] / time_of['alone']:.1f} times DuckDB alone, memory {peak_of['ours'] / peak_of['alone']:.1f}"
    )
    print(f"of the limits: {time_of['ours'] / LIMIT_SECONDS:.2f} of {LIMIT_SECONDS} s, "
          f"{peak_of['ours'] / LIMIT_MEGABYTES:.2f} of {LIMIT_MEGABYTES} MB")  # fmt: skip


if __name__ == "__main__":
    main()
