"""The same rules with pandera on pandas: ``python pandera_pandas.py SPEC``; it knows nothing of our code.

Columns are backed by Arrow, which is quicker and smaller than pandas' own objects. Prints seconds and failed rules as JSON.
"""

import json
import sys
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pyarrow
from pandera.errors import SchemaErrors

_TYPES = {
    "string": pyarrow.string(),
    "bool": pyarrow.bool_(),
    "int64": pyarrow.int64(),
    "date": pyarrow.date32(),
    "decimal": pyarrow.decimal128(18, 4),
}
_LIMITS = [0, 30, 60, 90, 180, 365]
_BUCKETS = ["0", "1-30", "31-60", "61-90", "91-180", "181-365", "over 365"]


def main() -> None:
    """Evaluate and print."""
    spec = json.loads(Path(sys.argv[1]).read_text())
    started = time.perf_counter()
    frame = pd.read_parquet(spec["file"], dtype_backend="pyarrow")
    failed: set[str] = set()
    try:
        schema(spec).validate(frame, lazy=True)
    except SchemaErrors as errors:
        names = {str(check) for check in errors.failure_cases["check"].unique()}
        ours = {check.name for check in rules(spec)}
        failed = {name for name in names if name in ours} | (
            {"schema"} if names - ours - {"multiple_fields_uniqueness"} else set()
        )
        if "multiple_fields_uniqueness" in names:
            failed.add("key_unique")
    print(json.dumps({"seconds": time.perf_counter() - started, "failed": sorted(failed)}))


def schema(spec: dict) -> pa.DataFrameSchema:
    """Return the schema with all rules."""
    columns = {}
    for column in spec["columns"]:
        checks = []
        if column["allowed"] is not None:
            checks.append(pa.Check.isin(column["allowed"]))
        if column["minimum"] is not None:
            checks.append(pa.Check.ge(column["minimum"]))
        if column["pattern"] is not None:
            checks.append(pa.Check.str_matches(f"^(?:{column['pattern']})$"))
        kind = pd.ArrowDtype(_TYPES[column["kind"]])
        columns[column["name"]] = pa.Column(kind, checks=checks, nullable=column["nullable"])
    return pa.DataFrameSchema(columns, checks=rules(spec), unique=spec["key"], strict=True, ordered=True)


def rules(spec: dict) -> list[pa.Check]:
    """Return the rules over whole rows."""
    last_day, end = pd.Timestamp(spec["last_day"]), date.fromisoformat(spec["period_end"])
    companies = {code.lower() for code in spec["companies"]}

    def remaining(frame: pd.DataFrame) -> pd.Series:
        return frame["rem_amt_lcy"] != Decimal(0)

    def due_month(frame: pd.DataFrame) -> pd.Series:
        due = frame["due_date"].astype("datetime64[s]")
        months = (last_day.year - due.dt.year) * 12 + last_day.month - due.dt.month
        wanted = np.select([months > 0, months < 0, months == 0], ["Credit", "Debit", "Due Month"], "")
        return frame["debit_credit_duemonth"].fillna("") == pd.Series(wanted, frame.index, "string[pyarrow]")

    def ageing(frame: pd.DataFrame) -> pd.Series:
        due = frame["due_date"].astype("datetime64[s]")
        days = (last_day - due).dt.days.to_numpy(float)
        places = np.searchsorted(_LIMITS, np.nan_to_num(days), side="left")
        wanted = np.where(due.isna(), "no due date", np.array(_BUCKETS, object)[places])
        return frame["ageing_bucket"] == pd.Series(wanted, frame.index, "string[pyarrow]")

    def totals(frame: pd.DataFrame) -> bool:
        grouped = frame.groupby(["id_company", "group_coa_account_no"], dropna=False)
        found = grouped.agg(
            rows=("rem_amt_lcy", "size"),
            amount=("rem_amt_lcy", "sum"),
            first=("posting_date", "min"),
            last=("posting_date", "max"),
        )
        given = {(c, a): (n, Decimal(s), f, last) for c, a, n, s, f, last in spec["totals"]["rows"]}
        ours = {
            (None if pd.isna(c) else c, None if pd.isna(a) else a): (n, Decimal(s), str(f), str(last))
            for (c, a), (n, s, f, last) in zip(found.index, found.itertuples(index=False, name=None), strict=True)
        }
        return given == ours

    def known(frame: pd.DataFrame) -> pd.Series:
        return frame["id_company"].str.rstrip().str.lower().isin(companies)

    return [
        pa.Check(remaining, name="remaining_not_zero"),
        pa.Check(due_month, name="due_month_recomputed"),
        pa.Check(ageing, name="ageing_recomputed"),
        pa.Check(totals, name="control_totals"),
        pa.Check(known, name="company_known"),
        pa.Check(lambda frame: frame["posting_date"] < end, name="cutoff"),
        pa.Check(lambda frame: frame["group_coa_account_no"].notna(), name="account_resolved"),
        pa.Check(
            lambda frame: frame["group_coa_account_no"].isin([*spec["accounts"], None]), name="account_in_component"
        ),
    ]


if __name__ == "__main__":
    main()
