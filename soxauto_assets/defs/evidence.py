"""Evidence assets: one per item, by month. Each checks what was landed and seals it, whatever the verdict.

The inline blocking check ``verdict`` keeps everything below from running on a failed item.
"""

from typing import Any

import dagster as dg
from pydantic import Field

from soxauto_assets.catalog.model import Item
from soxauto_assets.defs.packages import package_metadata
from soxauto_assets.defs.rendering import checks_table, evidence_key, extract_key
from soxauto_assets.defs.resources import PlatformResource
from soxauto_assets.errors import SoxautoError
from soxauto_assets.evidence.sealing import Sealing
from soxauto_assets.evidence.store import EvidenceStore

VERDICT = "verdict"


class SealConfig(dg.Config):
    """What a person may say when an item is sealed again."""

    reason: str | None = None
    extraction: int | None = Field(
        default=None, description="Extraction record to seal; default: the run's own, or the newest."
    )


def evidence_asset(item: Item, partitions: dg.PartitionsDefinition, code_version: str) -> dg.AssetsDefinition:
    """Return the evidence asset of an item."""
    key = evidence_key(item)

    @dg.asset(
        key=key,
        deps=[extract_key(item)],
        partitions_def=partitions,
        group_name="evidence",
        description=(
            f"Sealed evidence of **{item.id} {item.title}**: every row, the SQL, its parameters, the execution, control "
            "totals, check results and the verdict. Sealed when the verdict is failed, too."
        ),
        owners=[item.owner],
        kinds={"bagit"},
        tags={"sox/control": item.control, "sox/item": item.id},
        # Sealed as soon as it is extracted, so that a run that stops half-way leaves finished items.
        op_tags={"dagster/priority": "1"},
        code_version=code_version,
        check_specs=[
            dg.AssetCheckSpec(
                VERDICT,
                asset=key,
                description="every rule of severity error held, or a person accepted that it did not",
                blocking=True,
                partitions_def=partitions,
            )
        ],
    )
    def evidence(
        context: dg.AssetExecutionContext, config: SealConfig, platform: PlatformResource
    ) -> dg.MaterializeResult:  # type: ignore[type-arg]
        try:
            period = platform.period(context.partition_key)
            for line in platform.runtime.register.ignored:
                context.log.warning(line)
            sealing = platform.runtime.seal(item, period, context.run.run_id, config.reason, config.extraction)
        except SoxautoError as error:
            raise dg.Failure(description=str(error), allow_retries=False) from error
        return _result(sealing, platform.runtime.evidence)

    return evidence


def _result(sealing: Sealing, store: EvidenceStore) -> dg.MaterializeResult:  # type: ignore[type-arg]
    failed = [result for result in sealing.results if not result.good]
    accepted = [f"{r.name} by {r.override.person}: {r.override.reason}" for r in failed if r.override]
    advisory = [result.name for result in failed if result.severity == "warn"]
    statement: dict[str, Any] = {
        "verdict": sealing.verdict,
        "attempt": sealing.package.attempt,
        "outcome": sealing.outcome,
        "reason": sealing.reason,
        **package_metadata(sealing.package, store),
        "checks": checks_table(sealing.results),
    }
    return dg.MaterializeResult(
        data_version=dg.DataVersion(f"sha256:{sealing.package.seal_sha256}"),
        metadata=statement,
        check_results=[
            dg.AssetCheckResult(
                passed=sealing.verdict == "passed",
                check_name=VERDICT,
                # A warning is amber and does not block: what a person accepted lets the rest of the month run.
                severity=(
                    dg.AssetCheckSeverity.WARN
                    if sealing.verdict == "passed_with_override"
                    else dg.AssetCheckSeverity.ERROR
                ),
                metadata={
                    "verdict": sealing.verdict,
                    "failed": ", ".join(r.name for r in failed if r.severity == "error") or "none",
                    "warnings": ", ".join(advisory) or "none",
                    "accepted": "; ".join(accepted) or "none",
                    "package": statement["package"],
                },
            )
        ],
    )
