"""The strict Athena endpoint with Trino as its executor: items of a month through boto3, with Trino's own messages."""

import shutil
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from soxauto_assets.catalog import get_item
from soxauto_assets.demo.lake import generate_lake
from soxauto_assets.engines.athena import AthenaEngine
from soxauto_assets.engines.contract import Errand
from soxauto_assets.errors import ExtractionError
from soxauto_assets.extraction.fidelity import FIDELITY
from soxauto_assets.period import Period
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import PROJECT, Settings
from soxauto_assets_tests.aws.cloud import configure_workgroup, make_cloud
from soxauto_assets_tests.aws.endpoint import Endpoint
from soxauto_assets_tests.aws.ministack import ACCOUNT, PYTHON, REGION, MiniStack
from soxauto_assets_tests.closing import close
from soxauto_assets_tests.trino.comparing import Address
from soxauto_assets_tests.trino.deployment import predicate

PERIOD = "2025-09"
ITEMS = ("CR_05", "IPE_07", "IPE_31")


@pytest.fixture(scope="module")
def clouds(runtime: Runtime, address: Address, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """The demo lake in the local AWS, whose Athena asks the Trino server; and the runtime of an AWS deployment on it."""
    if not PYTHON.is_file():
        pytest.skip(f"the local AWS is missing ({PYTHON}): 'make install-aws' installs it")
    base = tmp_path_factory.mktemp("on-trino")
    lake = base / "lake"
    generate_lake(lake, PROJECT / "bindings" / "demo.yaml")
    shutil.copy(PROJECT / "witnesses" / "demo.yaml", base / "witnesses.yaml")
    server = MiniStack(base)
    url = f"http://{address.host}:{address.port}/{address.catalog}?files={address.files}"
    endpoint = Endpoint(server.url, base / "endpoint", region=REGION, account=ACCOUNT, trino=url)
    try:
        where = {"LocationConstraint": REGION}
        s3 = endpoint.upstream.client("s3", ACCOUNT, REGION)
        s3.create_bucket(Bucket="sox-athena-results", CreateBucketConfiguration=where)
        configure_workgroup(endpoint)
        cloud = make_cloud(endpoint, "on-trino", lake, base / "bindings")
        with pytest.MonkeyPatch.context() as patch:
            variables = cloud.variables(base / "home")
            for name, value in variables.items():
                patch.setenv(name, value)
            opened = Runtime(Settings.from_environment(variables))
            yield SimpleNamespace(endpoint=endpoint, runtime=opened, cloud=cloud)
            opened.close()
    finally:
        endpoint.stop()
        server.stop()


@pytest.mark.parametrize("item", ITEMS)
def test_an_item_through_boto3_has_the_rows_of_the_embedded_run(item: str, clouds: SimpleNamespace, runtime: Runtime):
    close(clouds.runtime, item)
    close(runtime, item)
    ours, theirs = predicate(clouds.runtime, item, PERIOD), predicate(runtime, item, PERIOD)
    assert (ours["dataset_digest"], ours["rows"]) == (theirs["dataset_digest"], theirs["rows"])
    assert ours["verdict"] == "passed"
    (record,) = clouds.runtime.extractor.records.all(item, PERIOD)
    extract = record["statements"]["extract"]["execution"]
    assert extract["submitted"].startswith("UNLOAD (") and extract["bytes_scanned"] > 0
    assert record["answers"][FIDELITY]["rows"] == []
    assert all(source["files_looked_at"] for source in record["sources"].values())


def test_what_trino_refuses_is_refused_in_its_own_words(clouds: SimpleNamespace):
    engine = clouds.runtime.engine
    assert isinstance(engine, AthenaEngine)
    with pytest.raises(ExtractionError, match=r"FUNCTION_NOT_FOUND: line 1:8: Function 'no_such' not registered"):
        engine.query("select no_such('a') as x", Errand("probe"))
    with pytest.raises(
        ExtractionError, match=r"TYPE_MISMATCH: line 1:12: Cannot apply operator: varchar\(1\) = integer"
    ):
        engine.query("select '1' = 1 as x", Errand("probe"))


def test_trinos_semantics_are_those_of_the_answer(clouds: SimpleNamespace):
    """What DuckDB, translated, answers otherwise."""
    engine = clouds.runtime.engine
    answer = engine.query(
        "select cast('10' as decimal(10,2)) / cast('3' as decimal(10,2)) as q, upper('ß') as u, 7 / 2 as i",
        Errand("probe"),
    ).table
    assert [str(value) for row in answer.to_pylist() for value in row.values()] == ["3.33", "ß", "3"]


def test_an_unload_leaves_no_helper_table(clouds: SimpleNamespace, address: Address):
    period = Period.parse(PERIOD)
    clouds.runtime.extractor.extract(get_item("CR_05"), period, "run-of-helpers")
    left = [
        path for path in (address.files / ".metastore" / "athena_unload").iterdir() if path.name.startswith("unload_")
    ]
    assert left == []
