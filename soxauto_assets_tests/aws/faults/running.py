"""Running an item on the small deployment, and what a test asks of it."""

import re
import time
from collections.abc import Callable
from uuid import uuid4

import pytest

from soxauto_assets.catalog import get_item
from soxauto_assets.engines.athena import AthenaEngine
from soxauto_assets.errors import SoxautoError
from soxauto_assets.evidence.sealing import Sealing
from soxauto_assets.period import Period
from soxauto_assets.runtime import Runtime
from soxauto_assets_tests.aws.endpoint import Endpoint
from soxauto_assets_tests.aws.endpoint.athena.execution import Execution
from soxauto_assets_tests.closing import close

PERIOD = "2025-09"
ORDERS = 'SELECT order_id, cast(total_amount AS decimal(18,4)) AS total FROM "AwsDataCatalog".exports.bob_sales_order'


def message_of(runtime: Runtime, item: str = "IPE_09") -> str:
    """Return the message of an extraction that fails; query ids are cut out."""
    with pytest.raises(SoxautoError) as caught:
        runtime.extractor.extract(get_item(item), Period.parse(PERIOD), str(uuid4()))
    return re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<id>", str(caught.value))


def sealed(runtime: Runtime, item: str, period: str = PERIOD, run_id: str | None = None) -> Sealing:
    """Extract, check and seal in a run of its own: equal tokens would be handed the answer of an earlier test."""
    return close(runtime, item, period, run_id or str(uuid4()))


def athena(runtime: Runtime) -> AthenaEngine:
    engine = runtime.engine
    assert isinstance(engine, AthenaEngine)
    return engine


def executions(endpoint: Endpoint, containing: str = "") -> list[Execution]:
    """Return the executions of this test; the endpoint keeps those of the tests before."""
    return [e for e in endpoint.athena.executions(containing) if e.submission.id not in _BEFORE]


_BEFORE: set[str] = set()


def count_from_here(endpoint: Endpoint) -> None:
    """Forget the executions of the tests before."""
    _BEFORE.update(execution.submission.id for execution in endpoint.athena.executions())


def passed(sealing: Sealing) -> bool:
    return sealing.verdict == "passed" and sealing.outcome in ("sealed", "unchanged")


def until(holds: Callable[[], bool]) -> None:
    for _ in range(200):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen within ten seconds")
