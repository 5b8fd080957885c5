"""Loading: the sealed rows, for people who compute with them.

Here belongs the one way from a package back to a data frame, after verification. What does not belong here: verification
itself.
"""

from typing import TYPE_CHECKING

from soxauto_assets.canonical import read_json
from soxauto_assets.errors import FailedVerdict, NotSealed, NotVerified
from soxauto_assets.evidence.recompute import verify_and_recompute
from soxauto_assets.evidence.store import EvidenceStore, SealedPackage
from soxauto_assets.evidence.trust import Trust

if TYPE_CHECKING:
    import pandas as pd

_REMEDIES = {"trust": "find out who signed it, and with which key", "time": "find out who confirmed its time"}


def load_rows(
    store: EvidenceStore,
    item: str,
    period: str,
    attempt: int | None = None,
    allow_failed: bool = False,
    trust: Trust | None = None,
) -> "pd.DataFrame":
    """Return sealed rows; see :func:`soxauto_assets.load`. With a trust file, the signature must count by it."""
    import pandas as pd
    import pyarrow.parquet as pq

    package = _choose(store, item, period, attempt)
    folder = store.folder(package)
    broken = [layer for layer in verify_and_recompute(folder, trust) if layer.status == "fail"]
    if broken:
        raise NotVerified(
            f"attempt {package.attempt} does not verify: {broken[0].name}: {broken[0].text}",
            action=f"{_REMEDIES.get(broken[0].name, 'restore the package from its store')}; do not use its rows",
            item=item,
            period=period,
        )
    statement = store.statement(package)
    predicate = statement["predicate"]
    if predicate["verdict"] == "failed" and not allow_failed:
        raise FailedVerdict(
            f"the verdict of attempt {package.attempt} is failed",
            action="read its checks, or pass allow_failed=True to look at the rows",
            item=item,
            period=period,
        )
    checks = read_json((folder / "data" / "checks.json").read_bytes())["results"]
    table = pq.read_table(folder / "data" / "rows")
    frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
    frame.attrs = {
        "item": item,
        "period": period,
        "attempt": package.attempt,
        "digest": predicate["dataset_digest"],
        "verdict": predicate["verdict"],
        "environment": predicate["environment"],
        "overrides": {check["name"]: check["override"] for check in checks if check["override"]},
    }
    return frame


def _choose(store: EvidenceStore, item: str, period: str, attempt: int | None) -> SealedPackage:
    sealed = store.attempts(item, period)
    for package in reversed(sealed):
        if attempt is None or package.attempt == attempt:
            return package
    which = f"attempt {attempt} is not among the sealed attempts" if sealed else "nothing is sealed"
    raise NotSealed(which, action=f"run 'soxauto close {period} --item {item}'", item=item, period=period)
