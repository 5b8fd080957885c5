"""A cluster of two nodes that loses one: a worker in the middle of a query, the coordinator in the middle of a close.

The cluster is the test's own, because its nodes are killed. Losses are made certain, not likely: the worker is frozen before
the query starts, so that its tasks wait there, and killed while the query runs.
"""

import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from soxauto_assets.catalog import get_item
from soxauto_assets.demo.lake import generate_lake
from soxauto_assets.engines.contract import Errand
from soxauto_assets.engines.trino import TrinoEngine
from soxauto_assets.errors import ExtractionError
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import PROJECT, Settings
from soxauto_assets_tests.closing import close
from soxauto_assets_tests.trino.comparing import Address, from_arrow
from soxauto_assets_tests.trino.deployment import COMMAND, Scratch, environment_of, predicate, soxauto, variables_of
from soxauto_assets_tests.trino.installation import Unavailable, cache_folder
from soxauto_assets_tests.trino.server import Cluster, free_port
from soxauto_assets_tests.trino.tables import create_tables, run

PERIOD = "2025-09"
# The first is sealed before the coordinator is lost, the others are not.
CHOSEN = ("CR_05", "CR_04", "IPE_11")
# Groups are made on all nodes, so that the frozen worker is waited for.
GROUPED = "select document_no as document, cast(sum(amount) as decimal(38,4)) as amount from {} group by document_no"
ACTIVE = "select count(*) from system.runtime.nodes where state = 'active'"


def wait_for(what: str, holds: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"{what} did not happen within {seconds} s"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    runs = cache_folder(os.environ) / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=runs, prefix="cluster-") as folder:
        lake = Path(folder) / "lake"
        generate_lake(lake, PROJECT / "bindings" / "demo.yaml")
        try:
            started = Cluster(Path(folder), lake, workers=1)
        except Unavailable as error:
            pytest.skip(str(error))
        with started:
            yield started


@pytest.fixture(scope="module")
def connection(cluster: Cluster) -> Iterator[Any]:
    opened = Address.parse(cluster.url).connect()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def place(cluster: Cluster, connection: Any) -> Scratch:
    return Scratch(Address.parse(cluster.url), connection)


@pytest.fixture(scope="module")
def embedded(cluster: Cluster, connection: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """The same lake on DuckDB; its tables are declared on the cluster."""
    home = str(tmp_path_factory.mktemp("embedded"))
    opened = Runtime(
        Settings.from_environment({"SOXAUTO_HOME": home, "SOXAUTO_LAKE": str((cluster.files / "lake").resolve())})
    )
    create_tables(connection, opened.bindings)
    yield opened
    opened.close()


@pytest.fixture
def two_nodes(cluster: Cluster, connection: Any) -> Cluster:
    """The cluster with its worker, started again where a test has lost it."""
    if len(cluster.nodes) == 1:
        cluster.start(free_port(), heap="2G")
    wait_for("the worker joins", lambda: run(connection, ACTIVE) == [[2]])
    return cluster


def lose_the_worker(cluster: Cluster, started: Callable[[], bool]) -> threading.Thread:
    """Freeze the worker; kill it as soon as a query waits for it."""
    worker = cluster.nodes.pop()
    worker.freeze()

    def kill() -> None:
        try:
            wait_for("the query starts", started, 60)
            # Its tasks are sent within this time, and are not answered.
            time.sleep(2)
        finally:
            worker.kill()
            worker.stop()

    thread = threading.Thread(target=kill)
    thread.start()
    return thread


def test_a_query_whose_worker_is_lost_is_whole_or_an_error(
    two_nodes: Cluster, place: Scratch, embedded: Runtime, tmp_path: Path
):
    text = GROUPED.format(embedded.bindings.sources["gl_entries"].table)
    expected = from_arrow(embedded.engine.query(text, Errand("extract")).table)
    engine = TrinoEngine(place.settings())
    killer = lose_the_worker(two_nodes, lambda: bool(place.states("as document,")))
    try:
        unloaded = engine.unload(text, Errand("extract", "IPE_07", PERIOD, "run-1"), tmp_path)
    except ExtractionError as error:
        assert "extract failed in Trino" in error.cause or "was lost" in error.cause
        assert list(tmp_path.iterdir()) == []
    else:
        written = from_arrow(pa.concat_tables([pq.read_table(path) for path in unloaded.files]))
        assert expected.rows.total() > 1000
        assert written.rows == expected.rows
        assert unloaded.execution.details["tries"] > 1
    finally:
        killer.join()
    assert place.leavings() == []


def test_an_item_whose_worker_is_lost_is_sealed_whole_or_not_at_all(
    two_nodes: Cluster, place: Scratch, embedded: Runtime, tmp_path: Path
):
    close(embedded, "CR_04")
    opened = Runtime(Settings.from_environment(variables_of(place, tmp_path)))
    # Asked before the worker is lost, so that the statements are what meets its loss.
    _ = opened.engine.version
    for source in get_item("CR_04").sources:
        assert opened.extractor.engine.columns(opened.bindings.confirmed(source).table)
    killer = lose_the_worker(two_nodes, lambda: bool(place.states("soxauto_cr_04")))
    try:
        close(opened, "CR_04")
    except ExtractionError as error:
        assert re.search(r"^CR_04 2025-09: .*(failed in Trino|was lost).* Next: ", str(error))
        assert (opened.evidence.newest("CR_04", PERIOD), opened.extractor.records.all("CR_04", PERIOD)) == (None, [])
        (failure,) = opened.failures.all("CR_04", PERIOD)
        assert (failure["cause"], failure["action"]) == (error.cause, error.action)
    else:
        ours, theirs = predicate(opened, "CR_04", PERIOD), predicate(embedded, "CR_04", PERIOD)
        assert ours["dataset_digest"] == theirs["dataset_digest"]
        (record,) = opened.extractor.records.all("CR_04", PERIOD)
        assert max(statement["execution"]["tries"] for statement in record["statements"].values()) > 1
    finally:
        killer.join()
        opened.close()
    assert place.leavings() == []


def test_a_close_goes_on_after_the_coordinator_was_restarted(
    two_nodes: Cluster, place: Scratch, connection: Any, embedded: Runtime, tmp_path: Path
):
    variables = variables_of(place, tmp_path)
    environment = environment_of(variables)
    chosen = [part for item in CHOSEN for part in ("--item", item)]
    closing = subprocess.Popen(
        [*COMMAND, "close", PERIOD, *chosen],
        env=environment,
        cwd=variables["SOXAUTO_HOME"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    evidence = Path(variables["SOXAUTO_HOME"]) / "evidence"
    wait_for("a package is sealed", lambda: any(evidence.rglob("seal.json")), 300)
    coordinator, worker = two_nodes.nodes
    coordinator.kill()
    told, _ = closing.communicate(timeout=300)
    assert closing.returncode == 2, told
    sealed = {path.parent for path in evidence.rglob("seal.json")}
    assert 1 <= len(sealed) < len(CHOSEN)
    assert re.search(r"cannot be reached|was lost|not available", told)
    (resume,) = re.findall(r"soxauto close \S+ --resume (\S+)", told)

    two_nodes.nodes.clear()
    coordinator.stop()
    two_nodes.start(two_nodes.port)
    two_nodes.nodes.append(worker)
    wait_for("the worker joins again", lambda: run(connection, ACTIVE) == [[2]])
    done = soxauto(variables, "close", PERIOD, *chosen, "--resume", resume)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(sealed)} items were sealed by run {resume} and are left as they are" in done.stdout
    opened = Runtime(Settings.from_environment(variables))
    for item in CHOSEN:
        close(embedded, item)
        ours, theirs = predicate(opened, item, PERIOD), predicate(embedded, item, PERIOD)
        assert (ours["dataset_digest"], ours["verdict"]) == (theirs["dataset_digest"], "passed"), item
        assert len(list((evidence / item / PERIOD).rglob("seal.json"))) == 1
    opened.close()
    assert place.leavings() == []
