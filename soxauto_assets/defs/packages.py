"""The check ``package_verifies`` of every evidence asset, by month, not blocking: the sealed package still verifies.

It is evaluated by a job of its own. The job that closes a month holds none of them; a run of chosen assets (``soxauto close``,
Materialize) is given all checks of these assets by Dagster, and so evaluates them once after sealing.
"""

import dagster as dg

from soxauto_assets.defs.resources import PlatformResource
from soxauto_assets.errors import SoxautoError
from soxauto_assets.evidence.recompute import verify_and_recompute
from soxauto_assets.evidence.store import EvidenceStore, SealedPackage, local_path, signers_of
from soxauto_assets.evidence.verify import Layer
from soxauto_assets.runtime import Runtime

PACKAGE_VERIFIES = "package_verifies"


def package_metadata(package: SealedPackage, store: EvidenceStore) -> dict[str, str | dg.MetadataValue]:
    """Return what an evidence asset says of its package: where it is, what it holds, who signed it and when."""
    predicate = store.statement(package)["predicate"]
    return {
        "package": dg.MetadataValue.path(str(local_path(package.uri) or package.uri)),
        "package_uri": package.uri,
        "seal_sha256": package.seal_sha256,
        "version_id": package.version_id or "none: a folder has no versions",
        "dataset_digest": predicate["dataset_digest"],
        "signed_by": ", ".join(signers_of(store, package)) or "nobody",
        "sealed_at": predicate.get("sealed_at", "not said"),
    }


def package_check(key: dg.AssetKey, partitions: dg.PartitionsDefinition) -> dg.AssetChecksDefinition:
    """Return the check of an evidence asset, ``evidence/<item>``."""
    item = key.path[-1]
    spec = dg.AssetCheckSpec(
        PACKAGE_VERIFIES,
        asset=key,
        description=(
            "the current package still verifies: every byte, seal, signature and, with a trust file, whose it is; digest, "
            "totals and verdict follow from its rows"
        ),
        blocking=False,
        partitions_def=partitions,
    )

    @dg.multi_asset_check(name=f"{PACKAGE_VERIFIES}_{item}", specs=[spec])
    def package_verifies(context: dg.AssetCheckExecutionContext, platform: PlatformResource) -> dg.AssetCheckResult:
        try:
            period = platform.period(context.partition_key)
            return _evaluated(platform.runtime, item, period.key)
        except SoxautoError as error:
            raise dg.Failure(description=str(error), allow_retries=False) from error

    return package_verifies


def _evaluated(runtime: Runtime, item: str, period: str) -> dg.AssetCheckResult:
    package = runtime.evidence.newest(item, period)
    if package is None:
        return dg.AssetCheckResult(
            passed=False,
            check_name=PACKAGE_VERIFIES,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"package": "nothing is sealed"},
        )
    layers = verify_and_recompute(runtime.evidence.folder(package), runtime.trust)
    faults = [layer for layer in layers if layer.status == "fail" and layer.code != "not-evaluated"]
    return dg.AssetCheckResult(
        passed=not faults,
        check_name=PACKAGE_VERIFIES,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={
            "package": dg.MetadataValue.path(str(local_path(package.uri) or package.uri)),
            "attempt": package.attempt,
            "seal_sha256": package.seal_sha256,
            "version_id": package.version_id or "none: a folder has no versions",
            "failed": "; ".join(f"{layer.name} ({layer.code}): {layer.text}" for layer in faults) or "none",
            "layers": _table(layers),
        },
    )


def _table(layers: list[Layer]) -> dg.MetadataValue:
    lines = [f"| {layer.name} | {layer.status} | {layer.code} | {layer.text.replace('|', ' ')} |" for layer in layers]
    return dg.MetadataValue.md("\n".join(["| layer | says | code | why |", "|---|---|---|---|", *lines]))
