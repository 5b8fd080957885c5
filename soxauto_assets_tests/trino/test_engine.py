"""The Trino engine on a real server: a whole month, and everything that can go wrong on the way."""

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from soxauto_assets.catalog import all_items
from soxauto_assets.doctor import examine
from soxauto_assets.engines.contract import Errand
from soxauto_assets.engines.trino import TrinoEngine
from soxauto_assets.errors import CredentialsError, ExtractionError, SettingsError
from soxauto_assets.period import Period
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import PROJECT, Settings
from soxauto_assets.sources.bindings import TableName
from soxauto_assets_tests.closing import close
from soxauto_assets_tests.trino.comparing import Address
from soxauto_assets_tests.trino.deployment import Scratch, predicate, soxauto, variables_of
from soxauto_assets_tests.trino.tables import create_table, run

PERIOD = "2025-09"
QUERIED = [item.id for item in all_items() if not item.upload]
EXTRACT = Errand("extract", "IPE_07", PERIOD, "run-1")
# Minutes of work, and hardly a row.
LONG = (
    "select cast(a * b * c as bigint) as n from unnest(sequence(1, 10000)) as t(a) "
    "cross join unnest(sequence(1, 10000)) as u(b) cross join unnest(sequence(1, 10000)) as v(c) "
    "where (a * b * c) % 1000003 = 1"
)


@pytest.fixture(scope="module")
def place(address: Address, connection: Any) -> Scratch:
    return Scratch(address, connection)


@pytest.fixture
def engine(place: Scratch) -> Iterator[TrinoEngine]:
    opened = TrinoEngine(place.settings())
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def variables(place: Scratch, runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A deployment whose bindings are confirmed, with names of three parts; the tables are those of ``runtime``."""
    return variables_of(place, tmp_path_factory.mktemp("deployment"))


@pytest.fixture(scope="module")
def nodes(connection: Any) -> int:
    """How many nodes the cluster has; 'make test-trino' starts two."""
    return int(run(connection, "select count(*) from system.runtime.nodes where state = 'active'")[0][0])


@pytest.fixture(scope="module")
def closed(variables: dict[str, str], runtime: Runtime) -> Iterator[Runtime]:
    """The month, closed by the command line on Trino."""
    export = runtime.settings.lake / "_uploads" / PERIOD / "jdash.csv"
    handed_in = soxauto(variables, "ingest", "jdash", str(export), "--period", PERIOD, "--uploader", "demo")
    assert handed_in.returncode == 0, handed_in.stderr
    done = soxauto(variables, "close", PERIOD)
    assert done.returncode == 0, done.stdout + done.stderr
    opened = Runtime(Settings.from_environment(variables))
    yield opened
    opened.close()


@pytest.mark.parametrize("item", QUERIED)
def test_the_rows_are_those_of_the_embedded_run(item: str, closed: Runtime, runtime: Runtime):
    close(runtime, item)
    demo, trino = predicate(runtime, item, PERIOD), predicate(closed, item, PERIOD)
    assert trino["dataset_digest"] == demo["dataset_digest"]
    assert (trino["rows"], trino["verdict"]) == (demo["rows"], "passed")
    # Some companies exist in environment demo alone; elsewhere the demo lake's rows warn.
    judged = [[check for check in found["checks"] if check[0] != "company_known"] for found in (demo, trino)]
    assert judged[0] == judged[1]
    assert (demo["environment"], trino["environment"]) == ("demo", "trino")


@pytest.mark.parametrize("item", QUERIED)
def test_the_record_says_what_trino_did(item: str, closed: Runtime, place: Scratch, nodes: int, compared: Counter[str]):
    (record,) = closed.extractor.records.all(item, PERIOD)
    assert record["performed_by"]["trino_user"] == "closer"
    assert {source["catalog"] for source in record["bindings"].values()} == {"hive"}
    for purpose, statement in record["statements"].items():
        execution = statement["execution"]
        assert execution["id"].count("_") == 3, purpose
        assert execution["version"].startswith("476 (client ")
        assert (execution["state"], execution["states"][-1]["state"]) == ("FINISHED", "FINISHED")
        assert (1 <= execution["nodes"] <= nodes, execution["tries"]) == (True, 1)
        assert execution["peak_memory_bytes"] > 0
        assert {"queue_ms", "planning_ms", "cpu_ms", "total_ms", "splits"} <= execution.keys()
        assert execution["session"]["query_max_run_time"] == "1860s"
        assert "hive." in execution["submitted"]
    worked = [statement["execution"]["nodes"] for statement in record["statements"].values()]
    for number in worked:
        compared.update({f"statements of the closed month that ran on {number} of {nodes} nodes": 1})
    assert max(worked) == nodes
    extract = record["statements"]["extract"]["execution"]
    assert extract["bytes_scanned"] > 0
    assert extract["submitted"].startswith(f'CREATE TABLE "hive"."{place.schema}"."soxauto_{item.lower()}_2025_09_')
    assert extract["helper_dropped"] is True
    assert sum(file["rows"] for file in extract["manifest"]["files"]) == extract["rows"]
    assert all(file["uri"].startswith(f"{place.location}/") for file in extract["manifest"]["files"])


def test_nothing_is_left_of_the_month(closed: Runtime, place: Scratch):
    assert place.leavings() == []


def test_the_doctor_finds_the_deployment_good(closed: Runtime, nodes: int):
    findings = list(examine(closed, all_items(), Period.parse(PERIOD)))
    assert [f for f in findings if f.status == "fault"] == []
    told = {(f.area, f.subject): f.text for f in findings}
    assert "Trino 476" in told["identity", "closer"]
    assert told["cluster", "nodes"] == f"{nodes} active"


def test_an_unload_is_whole_and_leaves_nothing(engine: TrinoEngine, place: Scratch, tmp_path: Path):
    text = "select cast(n as bigint) as n, timestamp '2025-09-30 23:59:59.999' as at from unnest(sequence(1, 5000)) as t(n)"
    unloaded = engine.unload(text, EXTRACT, tmp_path)
    rows = pa.concat_tables([pq.read_table(path) for path in unloaded.files])
    assert sorted(rows.column("n").to_pylist()) == list(range(1, 5001))
    assert unloaded.execution.rows == 5000
    assert place.leavings() == []


def test_no_row_leaves_no_file(engine: TrinoEngine, place: Scratch, tmp_path: Path):
    unloaded = engine.unload("select cast(1 as bigint) as n where 1 = 0", EXTRACT, tmp_path)
    assert (unloaded.execution.rows, [pq.read_metadata(path).num_rows for path in unloaded.files]) in [
        (0, []),
        (0, [0]),
    ]
    assert place.leavings() == []


def test_a_query_that_fails_while_it_writes_leaves_nothing_and_quotes_no_value(
    engine: TrinoEngine, place: Scratch, tmp_path: Path
):
    text = (
        "select cast(if(n = 900000, 'Mrs Smith', cast(n as varchar)) as bigint) as n "
        "from unnest(sequence(1, 10000)) as t(m) cross join unnest(sequence(1, 100)) as u(o) "
        "cross join unnest(sequence(899999, 900000)) as v(n)"
    )
    with pytest.raises(ExtractionError) as caught:
        engine.unload(text, EXTRACT, tmp_path)
    assert "extract failed in Trino (query 2" in caught.value.cause
    assert caught.value.cause.endswith(", error of the statement): INVALID_CAST_ARGUMENT")
    assert "Smith" not in str(caught.value)
    assert place.leavings() == []


def test_an_interrupted_unload_ends_on_the_server_and_leaves_nothing(
    engine: TrinoEngine, place: Scratch, tmp_path: Path
):
    mark = "1000003 = 1"
    stopper = threading.Timer(3, engine.stop)
    stopper.start()
    started = time.monotonic()
    with pytest.raises(ExtractionError, match=r"extract was interrupted; query 2.* has been stopped"):
        engine.unload(LONG, EXTRACT, tmp_path)
    assert time.monotonic() - started < 30
    assert place.states(mark) == {"FAILED"}
    assert place.leavings() == []
    # What is asked afterwards is not stopped.
    assert engine.query("select 1 as n", Errand("probe")).table.column("n").to_pylist() == [1]


def test_what_a_killed_process_left_is_stopped_and_dropped_by_the_next_run(
    place: Scratch, connection: Any, tmp_path: Path
):
    work, mark = tmp_path / "work", "1000037 = 1"
    code = f"""
from pathlib import Path
from soxauto_assets.engines.contract import Errand
from soxauto_assets.engines.trino import TrinoEngine
from soxauto_assets.trino_settings import TrinoSettings
engine = TrinoEngine(TrinoSettings.from_environment({place.variables()!r}), Path({str(work)!r}))
engine.unload({LONG.replace("1000003", "1000037")!r}, Errand("extract", "IPE_07", "2025-09"), Path({str(tmp_path)!r}))
"""
    process = subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT)
    end = time.monotonic() + 60
    while place.states(mark) != {"RUNNING"} and time.monotonic() < end:
        time.sleep(0.5)
    process.kill()
    process.wait()
    assert place.states(mark) == {"RUNNING"}
    (noted,) = (work / "inflight").glob("*.json")
    # As if it had ended just before.
    run(connection, f"create table {json.loads(noted.read_text())['request']['tables'][1]} as select 1 as n")
    TrinoEngine(place.settings(), work).unload("select cast(1 as bigint) as n", EXTRACT, tmp_path)
    assert place.states(mark) == {"FAILED"}
    assert place.leavings() == []
    assert list((work / "inflight").iterdir()) == []


def test_a_query_that_takes_too_long_is_stopped(place: Scratch):
    engine = TrinoEngine(place.settings(timeout_seconds=2))
    with pytest.raises(ExtractionError) as caught:
        engine.query(LONG.replace("1000003", "1000033"), Errand("control_totals"))
    assert "control_totals did not end within 2 s; query 2" in caught.value.cause
    assert "TRINO_TIMEOUT_SECONDS" in caught.value.action
    assert place.states("1000033 = 1") == {"FAILED"}


def test_the_server_itself_ends_what_its_client_forgot(place: Scratch, connection: Any):
    """The property that is sent with each query, which holds when this process was killed."""
    engine = TrinoEngine(place.settings(session="query_max_run_time=1s"))
    with pytest.raises(ExtractionError, match=r"EXCEEDED_TIME_LIMIT: Query exceeded maximum time limit of 1\.00s"):
        engine.query(LONG, Errand("extract"))


@pytest.fixture
def sized(place: Scratch, connection: Any) -> Iterator[str]:
    """A table with statistics."""
    name = f"hive.{place.schema}.sized"
    run(connection, f"create table {name} as select n, cast(n as varchar) as t from unnest(sequence(1, 9000)) as s(n)")
    yield name
    run(connection, f"drop table {name}")


def test_a_query_over_the_limit_is_not_run(sized: str, place: Scratch, tmp_path: Path):
    engine = TrinoEngine(place.settings(scan_limit_bytes=1000))
    for act in (
        lambda: engine.query(f"select count(distinct t) as n from {sized}", Errand("probe")),
        lambda: engine.unload(f"select n from {sized}", Errand("probe"), tmp_path),
    ):
        with pytest.raises(ExtractionError) as caught:
            act()
        assert "bytes by Trino's estimate, more than the limit of 1,000; most of it is hive." in caught.value.cause
        assert caught.value.cause.endswith("It was not run")
    generous = TrinoEngine(place.settings(scan_limit_bytes=10_000_000))
    receipt = generous.query(f"select count(distinct t) as n from {sized}", Errand("probe")).execution.to_json()
    assert receipt["scan_limit_bytes"] == 10_000_000
    assert receipt["scan_estimate"]["bytes"] > 1000 and receipt["scan_estimate"]["without_statistics"] == []


def test_where_there_is_no_estimate_the_limit_is_held_while_it_runs(place: Scratch, runtime: Runtime):
    table = runtime.bindings.sources["gl_entries"].table
    name = f"hive.{table.database}.{table.table}"
    engine = TrinoEngine(place.settings(scan_limit_bytes=100))
    with pytest.raises(ExtractionError, match=r"EXCEEDED_SCAN_LIMIT|more than the limit of 100"):
        engine.query(f"select count(*) as n from (select distinct * from {name})", Errand("probe"))
    generous = TrinoEngine(place.settings(scan_limit_bytes=10**9))
    receipt = generous.query(f"select count(distinct amount) as n from {name}", Errand("probe")).execution.to_json()
    assert receipt["scan_estimate"] == {"bytes": 0, "without_statistics": [name]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"port": 1}, r"cannot be reached \(the connection is refused\). Next: look at TRINO_HOST, TRINO_PORT"),
        ({"host": "no-such-host.invalid"}, r"Trino at no-such-host.invalid:\d+ cannot be reached \(no such host\)"),
        (
            {"scheme": "https"},
            "no TLS connection to .* could be set up: it does not speak TLS. Next: set TRINO_CA_FILE",
        ),
        ({"session": "no_such_thing=1"}, "INVALID_SESSION_PROPERTY: .*no_such_thing.* Next: correct TRINO_SESSION"),
    ],
)
def test_a_wrong_setting_is_named(changes: dict[str, Any], message: str, place: Scratch):
    with pytest.raises(ExtractionError, match=message):
        TrinoEngine(place.settings(**changes)).identity()


def test_wrong_names_are_named(place: Scratch, engine: TrinoEngine, tmp_path: Path):
    with pytest.raises(ExtractionError, match=r"CATALOG_NOT_FOUND: .*'nowhere' .*Next: correct TRINO_CATALOG"):
        TrinoEngine(place.settings(catalog="nowhere")).describe(TableName("default", "t"))
    with pytest.raises(ExtractionError, match=r"NOT_FOUND: .*nowhere.* Next: run 'soxauto doctor'"):
        TrinoEngine(place.settings(schema="nowhere")).unload("select 1 as n", EXTRACT, tmp_path)
    with pytest.raises(ExtractionError, match="TRINO_UNLOAD_PATH is no folder on this machine: /nowhere"):
        TrinoEngine(place.settings(unload_path="/nowhere")).unload("select 1 as n", EXTRACT, tmp_path)
    with pytest.raises(ExtractionError, match=r"which is not in TRINO_UNLOAD_LOCATION s3://elsewhere/"):
        TrinoEngine(place.settings(unload_location="s3://elsewhere")).unload("select 1 as n", EXTRACT, tmp_path)
    with pytest.raises(ExtractionError, match="which this machine does not see as"):
        TrinoEngine(place.settings(unload_path=str(tmp_path))).unload("select 1 as n", EXTRACT, tmp_path)
    with pytest.raises(SettingsError, match="TRINO_USER is not set, and environment 'trino' needs it"):
        TrinoEngine(place.settings(user=None)).identity()
    with pytest.raises(CredentialsError, match="the file that TRINO_SECRET_FILE names cannot be read"):
        TrinoEngine(place.settings(scheme="https", auth="password", secret_file="/nowhere")).identity()
    assert engine.describe(TableName("nowhere", "t")) is None
    with pytest.raises(ExtractionError, match=r"SCHEMA_NOT_FOUND: .*Schema 'nowhere' does not exist"):
        engine.explain("select 1 from hive.nowhere.t")
    assert place.leavings() == []


def test_tables_are_listed_and_described_by_names_of_three_parts(
    engine: TrinoEngine, place: Scratch, scratch: tuple[Path, str], connection: Any
):
    folder, location = scratch
    table = TableName(folder.name.replace("-", "_"), "money")
    (folder / table.database / table.table).mkdir(parents=True)
    kinds = {"id": "bigint", "amount": "decimal(18,4)", "at": "timestamp(3)", "name": "varchar"}
    create_table(connection, table, kinds, location)
    assert table in engine.tables()
    assert engine.columns(table) == kinds
    assert engine.columns(TableName(table.database, "MONEY", "hive")) == kinds
    assert engine.columns(TableName(table.database, table.table, "memory")) == {}
    described = engine.describe(table)
    assert described is not None and described.files is None


def test_a_small_answer_has_contract_types(engine: TrinoEngine):
    answer = engine.query(
        "select true as b, 7 as i, 'x' as t, cast('1.50' as decimal(18,2)) as d, date '2025-09-30' as day, "
        "timestamp '2025-09-30 23:59:59.999' as at, cast(null as varchar) as nothing",
        Errand("probe"),
    ).table
    assert [str(kind) for kind in answer.schema.types] == [
        "bool", "int64", "string", "decimal128(18, 2)", "date32[day]", "timestamp[ms]", "string",
    ]  # fmt: skip
    empty = engine.query("select 'x' as t where 1 = 0", Errand("probe")).table
    assert (empty.num_rows, empty.column_names) == (0, ["t"])
    with pytest.raises(ExtractionError, match="column f of the answer is double, which is no contract type"):
        engine.query("select 1e0 as f", Errand("probe"))
