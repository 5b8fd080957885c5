"""The same rules with Great Expectations on pandas: ``python great_expectations_pandas.py SPEC``, in an environment of its own.

What it has no expectation for (values computed from other columns, totals per group) is computed with pandas into columns
that are then compared. Prints seconds and failed rules as JSON.
"""

import json
import sys
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import great_expectations as gx
import great_expectations.expectations as gxe
import numpy as np
import pandas as pd
import pyarrow.parquet as pq

_TYPES = {"string": "str", "bool": "bool", "int64": "int64", "date": "date", "decimal": "Decimal"}
_LIMITS = [0, 30, 60, 90, 180, 365]
_BUCKETS = ["0", "1-30", "31-60", "61-90", "91-180", "181-365", "over 365"]


def main() -> None:
    """Evaluate and print."""
    spec = json.loads(Path(sys.argv[1]).read_text())
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = gx.data_context.types.base.ProgressBarsConfig(globally=False)
    started = time.perf_counter()
    frame = pq.read_table(spec["file"]).to_pandas()
    derive(frame, spec)
    totals = compared_totals(frame, spec)
    failed = {
        *validated(context, "rows", frame, expectations(spec)),
        *validated(context, "totals", totals, total_expectations()),
    }
    print(json.dumps({"seconds": time.perf_counter() - started, "failed": sorted(failed)}))


def validated(context: gx.data_context.EphemeralDataContext, name: str, frame: pd.DataFrame, rules: list) -> set[str]:
    """Validate one frame and return the names of failed rules."""
    asset = context.data_sources.add_pandas(name).add_dataframe_asset(name)
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    suite = gx.ExpectationSuite(name=name, expectations=rules)
    results = batch.validate(suite, result_format="BOOLEAN_ONLY")
    return {result.expectation_config.meta["rule"] for result in results.results if not result.success}


def derive(frame: pd.DataFrame, spec: dict) -> None:
    """Add the columns that derived values are compared with."""
    last_day = pd.Timestamp(spec["last_day"])
    due = pd.to_datetime(frame["due_date"])
    months = (last_day.year - due.dt.year) * 12 + last_day.month - due.dt.month
    wanted = np.select([months > 0, months < 0, months == 0], ["Credit", "Debit", "Due Month"], "")
    frame["due_month_wanted"] = pd.Series(wanted, frame.index).astype(str)
    frame["due_month_found"] = frame["debit_credit_duemonth"].fillna("").astype(str)
    places = np.searchsorted(_LIMITS, np.nan_to_num((last_day - due).dt.days.to_numpy(float)), side="left")
    frame["ageing_wanted"] = pd.Series(np.where(due.isna(), "no due date", np.array(_BUCKETS)[places]), frame.index)
    frame["company_folded"] = frame["id_company"].str.rstrip().str.lower()


def compared_totals(frame: pd.DataFrame, spec: dict) -> pd.DataFrame:
    """Return given and computed totals side by side, one row per group, as texts."""
    names = ["rows", "amount", "first", "last"]
    grouped = frame.groupby(["id_company", "group_coa_account_no"], dropna=False)
    ours = grouped.agg(
        rows=("rem_amt_lcy", "size"),
        amount=("rem_amt_lcy", "sum"),
        first=("posting_date", "min"),
        last=("posting_date", "max"),
    )
    given = pd.DataFrame(spec["totals"]["rows"], columns=["id_company", "group_coa_account_no", *names])
    given["amount"] = given["amount"].map(Decimal)
    both = given.merge(
        ours.reset_index(), how="outer", on=["id_company", "group_coa_account_no"], suffixes=("_given", "_found")
    )
    return both.astype(str)


def expectations(spec: dict) -> list:
    """Return the expectations over the rows."""

    def named(rule: str) -> dict:
        return {"meta": {"rule": rule}}

    schema, companies = named("schema"), [code.lower() for code in spec["companies"]]
    derived = ["due_month_wanted", "due_month_found", "ageing_wanted", "company_folded"]
    names = [column["name"] for column in spec["columns"]]
    found = [gxe.ExpectTableColumnsToMatchOrderedList(column_list=[*names, *derived], **schema)]
    for column in spec["columns"]:
        name = column["name"]
        found.append(gxe.ExpectColumnValuesToBeOfType(column=name, type_=_TYPES[column["kind"]], **schema))
        if not column["nullable"]:
            found.append(gxe.ExpectColumnValuesToNotBeNull(column=name, **schema))
        if column["allowed"] is not None:
            found.append(gxe.ExpectColumnValuesToBeInSet(column=name, value_set=column["allowed"], **schema))
        if column["minimum"] is not None:
            found.append(gxe.ExpectColumnValuesToBeBetween(column=name, min_value=column["minimum"], **schema))
        if column["pattern"] is not None:
            found.append(gxe.ExpectColumnValuesToMatchRegex(column=name, regex=f"^(?:{column['pattern']})$", **schema))
    return [
        *found,
        gxe.ExpectCompoundColumnsToBeUnique(column_list=spec["key"], **named("key_unique")),
        gxe.ExpectColumnValuesToBeInSet(column="company_folded", value_set=companies, **named("company_known")),
        gxe.ExpectColumnValuesToBeBetween(
            column="posting_date",
            max_value=date.fromisoformat(spec["period_end"]),
            strict_max=True,
            **named("cutoff"),
        ),
        gxe.ExpectColumnValuesToNotBeInSet(column="rem_amt_lcy", value_set=[Decimal(0)], **named("remaining_not_zero")),
        gxe.ExpectColumnPairValuesToBeEqual(
            column_A="due_month_found", column_B="due_month_wanted", **named("due_month_recomputed")
        ),
        gxe.ExpectColumnPairValuesToBeEqual(
            column_A="ageing_bucket", column_B="ageing_wanted", **named("ageing_recomputed")
        ),
        gxe.ExpectColumnValuesToNotBeNull(column="group_coa_account_no", **named("account_resolved")),
        gxe.ExpectColumnValuesToBeInSet(
            column="group_coa_account_no", value_set=spec["accounts"], **named("account_in_component")
        ),
    ]


def total_expectations() -> list:
    """Return the expectations over the totals."""
    return [
        gxe.ExpectColumnPairValuesToBeEqual(
            column_A=f"{name}_given", column_B=f"{name}_found", meta={"rule": "control_totals"}
        )
        for name in ("rows", "amount", "first", "last")
    ]


if __name__ == "__main__":
    main()
