"""Reconciliation assets: balances, voucher buckets, bridges, variances, and their sealed evidence.

One step computes and seals them together, from the stores alone: what is missing is named in the result, and no failed
item above keeps it from saying so (its job holds none of the items).
"""

from collections.abc import Iterator
from decimal import Decimal

import dagster as dg

from soxauto_assets.defs.packages import package_metadata
from soxauto_assets.defs.rendering import check_metadata, checks_table, severity, table_schema
from soxauto_assets.defs.resources import PlatformResource
from soxauto_assets.errors import SoxautoError
from soxauto_assets.evidence.store import EvidenceStore
from soxauto_assets.reconciliation.findings import CHECKS
from soxauto_assets.reconciliation.package import ID, LINES, SealedReconciliation
from soxauto_assets.reconciliation.reconcile import RATES, Reconciliation, components, lines_beside

BALANCES, VOUCHERS, BRIDGES, VARIANCES = (
    dg.AssetKey(["reconciliation", name]) for name in ("balances", "vouchers", "bridges", "variances")
)
EVIDENCE = dg.AssetKey(["evidence", ID])
KEYS = (BALANCES, VOUCHERS, BRIDGES, VARIANCES, EVIDENCE)


class ReconcileConfig(dg.Config):
    """What a person may say when a month is reconciled again."""

    reason: str | None = None


def reconciliation_assets(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """Return the reconciliation assets of a month."""

    def evidence(*items: str) -> list[dg.AssetKey]:
        return [dg.AssetKey(["evidence", item]) for item in items]

    def spec(
        key: dg.AssetKey, deps: list[dg.AssetKey], description: str, schema: dg.TableSchema | None = None
    ) -> dg.AssetSpec:
        return dg.AssetSpec(
            key,
            deps=deps,
            group_name=key.path[0],
            description=description,
            metadata={"dagster/column_schema": schema} if schema else None,
            kinds={"bagit"} if key == EVIDENCE else {"duckdb"},
            partitions_def=partitions,
            owners=["team:accounting-excellence"],
            tags={"sox/control": "C-PG-1"},
        )

    counted = [item.id for item in (*components(), *lines_beside())]
    specs = [
        spec(
            BALANCES,
            evidence("CR_04", RATES, *counted),
            "Actuals of the ledger and target values, by company, component and group account, in LCY.",
        ),
        spec(
            VOUCHERS,
            evidence("CR_03_MOV", "IPE_08", "IPE_08_USAGE", RATES),
            "Entries of the voucher account by category and voucher type, against the vouchers' own flows of twelve months, "
            "with a status per bucket.",
        ),
        spec(
            BRIDGES,
            [VOUCHERS, *evidence("IPE_07", "IPE_08", "IPE_10", "IPE_31", "JDASH", "IPE_REC_ERRORS")],
            "What explains a variance (timing, voucher to cash), and what is shown beside it as a proposal.",
        ),
        spec(
            VARIANCES,
            [BALANCES, BRIDGES],
            "Variance = actuals - target, explained by bridges + unexplained, per company and component, in LCY and US "
            "dollars, with a status; then by country and for the group.",
            table_schema(LINES.columns),
        ),
        spec(
            EVIDENCE,
            [VARIANCES, VOUCHERS],
            "Sealed evidence of the reconciliation: every line, bridge, proof row, and every input by digest.",
        ),
    ]

    @dg.multi_asset(
        name="reconciliation",
        specs=specs,
        check_specs=[
            dg.AssetCheckSpec(name, asset=VARIANCES, description=text, partitions_def=partitions)
            for name, (_, text) in CHECKS.items()
        ],
    )
    def reconciliation(
        context: dg.AssetExecutionContext, config: ReconcileConfig, platform: PlatformResource
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:  # type: ignore[type-arg]
        try:
            period = platform.period(context.partition_key)
            result, sealed = platform.runtime.reconcile(period, context.run.run_id, config.reason)
        except SoxautoError as error:
            raise dg.Failure(description=str(error), allow_retries=False) from error
        yield from _materialized(result, sealed, platform.runtime.evidence)
        for check in sealed.results:
            yield dg.AssetCheckResult(
                passed=check.good,
                asset_key=VARIANCES,
                check_name=check.name,
                severity=severity(check),
                metadata=check_metadata(check),
            )

    return reconciliation


def _materialized(
    result: Reconciliation, sealed: SealedReconciliation, store: EvidenceStore
) -> Iterator[dg.MaterializeResult]:  # type: ignore[type-arg]
    group = result.totals[-1]
    used = "\n".join(
        f"| {one.item.id} | {one.attempt} | {one.verdict} | `{one.dataset_digest}` |"
        for one in result.inputs.sealed.values()
    )
    yield dg.MaterializeResult(
        asset_key=BALANCES,
        metadata={
            "dagster/partition_row_count": len(result.balances.lines),
            "missing": ", ".join(result.balances.missing) or "none",
        },
    )
    investigate = [bucket for bucket in result.vouchers.buckets if bucket.status == "investigate"]
    yield dg.MaterializeResult(
        asset_key=VOUCHERS,
        metadata={"dagster/partition_row_count": len(result.vouchers.buckets), "to_investigate": len(investigate)},
    )
    yield dg.MaterializeResult(asset_key=BRIDGES, metadata={"bridges": _bridges_table(result)})
    yield dg.MaterializeResult(
        asset_key=VARIANCES,
        data_version=dg.DataVersion(f"sha256:{sealed.digest}"),
        metadata={
            "dagster/partition_row_count": len(result.lines),
            "status": result.status,
            "provisional": "yes: " + ", ".join(result.assumed) if result.assumed else "no",
            "variance_usd": _plotted(group.variance_usd),
            "unexplained_usd": _plotted(group.unexplained_usd),
            "gross_unexplained_usd": _plotted(group.gross_unexplained_usd),
            "lines": _lines_table(result),
        },
    )
    package = sealed.package
    yield dg.MaterializeResult(
        asset_key=EVIDENCE,
        data_version=dg.DataVersion(f"sha256:{package.seal_sha256}"),
        metadata={
            "verdict": sealed.verdict,
            "status": result.status,
            "attempt": package.attempt,
            "outcome": sealed.outcome,
            "reason": sealed.reason,
            **package_metadata(package, store),
            "inputs": dg.MetadataValue.md(f"| input | attempt | verdict | dataset digest |\n|---|---|---|---|\n{used}"),
            "checks": checks_table(sealed.results),
        },
    )


def _plotted(amount: Decimal) -> dg.MetadataValue:
    """Return an amount as the number that Dagster plots by month; figures that count are text and Parquet."""
    return dg.MetadataValue.float(float(round(amount, 2)))


def _lines_table(result: Reconciliation) -> dg.MetadataValue:
    lines = ["| company | component | variance LCY | explained LCY | unexplained LCY | unexplained USD | status |"]
    lines.append("|---|---|--:|--:|--:|--:|---|")
    for line in result.lines:
        usd = line.unexplained_usd
        lines.append(
            f"| {line.company} | {line.component} | {_shown(line.variance)} | {_shown(line.total_explained)} | "
            f"{_shown(line.unexplained)} | {_shown(usd)} | {line.status} |"
        )
    return dg.MetadataValue.md("\n".join(lines))


def _bridges_table(result: Reconciliation) -> dg.MetadataValue:
    lines = ["| bridge | counts | companies | proof rows | not considered |", "|---|---|--:|--:|---|"]
    for bridge in result.bridges:
        state = f"missing {', '.join(bridge.missing)}" if bridge.missing else "yes" if bridge.explains else "no"
        rows = sum(line.rows for line in bridge.lines)
        seen = "; ".join(sorted({remark.code for remark in bridge.remarks})) or "–"
        lines.append(f"| {bridge.title} | {state} | {len(bridge.lines)} | {rows} | {seen} |")
    return dg.MetadataValue.md("\n".join(lines))


def _shown(amount: Decimal | None) -> str:
    return "–" if amount is None else f"{amount:,.2f}"
