"""One visit: everything in the order in which a fault would be met.

Here belongs the order, and what is not worth looking at after a fault. What does not belong here: the looks themselves.
"""

from collections.abc import Iterator, Sequence

from soxauto_assets.catalog.model import Item
from soxauto_assets.doctor.model import Finding
from soxauto_assets.doctor.signing import examine_signing
from soxauto_assets.doctor.sources import examine_sources
from soxauto_assets.errors import SoxautoError
from soxauto_assets.period import Period
from soxauto_assets.runtime import Runtime


def examine(runtime: Runtime, items: Sequence[Item], period: Period) -> Iterator[Finding]:
    """Look at everything that a close of the period needs; nothing is changed.

    Args:
        runtime: The product as the settings compose it.
        items: The items that will be closed.
        period: The month.

    Yields:
        One finding per thing looked at. Without credentials nothing further is looked at, because every line would say so.
    """
    if runtime.settings.environment == "aws":
        from soxauto_assets.doctor.aws import examine_buckets, examine_identity, examine_workgroup
        from soxauto_assets.engines.athena import AthenaEngine

        engine = runtime.engine
        assert isinstance(engine, AthenaEngine)
        usable = True
        for finding in examine_identity(engine.session):
            usable = usable and finding.status != "fault"
            yield finding
        if not usable:
            yield Finding("everything else", "AWS", "not looked at", "there are no usable credentials")
            return
        for finding in examine_workgroup(engine):
            usable = usable and not (finding.subject == engine.settings.workgroup and finding.status == "fault")
            yield finding
        yield from examine_buckets(engine.session)
        if not usable:
            yield Finding("everything else", "sources and queries", "not looked at", "the workgroup cannot be used")
            return
    if runtime.settings.environment == "trino":
        from soxauto_assets.doctor.trino import examine_cluster
        from soxauto_assets.engines.trino import TrinoEngine

        cluster = runtime.engine
        assert isinstance(cluster, TrinoEngine)
        usable = True
        for finding in examine_cluster(cluster):
            usable = usable and not (finding.area == "identity" and finding.status == "fault")
            yield finding
        if not usable:
            yield Finding("everything else", "sources and queries", "not looked at", "the cluster cannot be used")
            return
    yield from examine_signing(runtime)
    try:
        extractor = runtime.extractor
    except SoxautoError as error:
        yield Finding("settings", "stores, bindings, engine", "fault", error.cause, error.action)
        return
    yield from examine_sources(extractor, items, period)
