"""One query over two catalogs: the lake, and a ledger that stays in its own PostgreSQL database.

CR_03 reads the ledger's entries from PostgreSQL and its dimensions from the lake. Nothing but the bindings says so.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import pytest
import yaml

from soxauto_assets.catalog import get_item
from soxauto_assets.defs.rendering import column_lineage
from soxauto_assets.defs.sources import source_specs
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import Settings
from soxauto_assets.sources.bindings import Binding, TableName
from soxauto_assets_tests.closing import close
from soxauto_assets_tests.trino.comparing import Address
from soxauto_assets_tests.trino.deployment import Scratch, predicate, variables_of
from soxauto_assets_tests.trino.postgres import USER, Missing, Postgres
from soxauto_assets_tests.trino.tables import run

ITEM = "CR_03"
IN_LEDGER = ("gl_entries", "detailed_gl_entry")
SCHEMA = "nav"


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    # A folder that another user can reach, which pytest's are not.
    with TemporaryDirectory(prefix="soxauto-postgres-") as folder:
        Path(folder).chmod(0o755)
        place = Path(folder) / "server"
        place.mkdir()
        try:
            server = Postgres(place)
        except Missing as error:
            pytest.skip(str(error))
        with server:
            yield server


@pytest.fixture(scope="module")
def ledger(postgres: Postgres, connection: Any) -> Iterator[str]:
    """The database as a catalog of the cluster."""
    name = f"ledger_{uuid4().hex[:8]}"
    run(
        connection,
        f"create catalog {name} using postgresql with (\"connection-url\" = '{postgres.url}', \"connection-user\" = '{USER}')",
    )
    yield name
    run(connection, f"drop catalog {name}")


@pytest.fixture(scope="module")
def closed(
    ledger: str,
    postgres: Postgres,
    runtime: Runtime,
    address: Address,
    connection: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Runtime]:
    """The item closed on Trino; its ledger is moved to PostgreSQL, and is not on the lake that its bindings name."""
    base = tmp_path_factory.mktemp("two-catalogs")
    variables = variables_of(Scratch(address, connection), base)
    content = yaml.safe_load((base / "trino.yaml").read_text("utf-8"))
    for source in IN_LEDGER:
        bound = runtime.bindings.sources[source]
        moved = Binding(source, TableName(SCHEMA, bound.table.table, ledger), bound.columns, "confirmed")
        files = runtime.settings.lake / bound.table.database / bound.table.table
        assert postgres.load(moved, files, base) > 0
        content["sources"][source] |= {"catalog": ledger, "database": SCHEMA}
    (base / "trino.yaml").write_text(yaml.safe_dump(content), "utf-8")
    opened = Runtime(Settings.from_environment(variables))
    close(opened, ITEM)
    yield opened
    opened.close()


def test_the_rows_are_those_of_one_lake(closed: Runtime, runtime: Runtime):
    close(runtime, ITEM)
    ours, theirs = (predicate(opened, ITEM, "2025-09") for opened in (closed, runtime))
    assert ours["dataset_digest"] == theirs["dataset_digest"]
    assert (ours["rows"], ours["verdict"]) == (theirs["rows"], "passed")
    assert ours["rows"] > 0


def test_one_query_names_both_catalogs(closed: Runtime, ledger: str):
    (record,) = closed.extractor.records.all(ITEM, "2025-09")
    extract = record["statements"]["extract"]
    assert f"{ledger}.{SCHEMA}.g_l_entries" in extract["executed"]
    assert "hive.process_central_fin_dwh.dim_company" in extract["executed"]
    assert extract["execution"]["submitted"].count("CREATE TABLE") == 1
    assert {binding["catalog"] for binding in record["bindings"].values()} == {"hive", ledger}


def test_lineage_shows_both_sources(closed: Runtime, ledger: str):
    item = get_item(ITEM)
    physical = {
        spec.key: spec.metadata["dagster/table_name"]
        for spec in source_specs((item,), closed.bindings)
        if "dagster/table_name" in spec.metadata
    }
    columns = column_lineage(item).deps_by_column
    tables = {physical[dep.asset_key] for deps in columns.values() for dep in deps}
    assert f"{ledger}.{SCHEMA}.g_l_entries" in tables
    assert any(table.startswith("hive.") for table in tables)
    assert {physical[dep.asset_key] for dep in columns["amount"]} == {f"{ledger}.{SCHEMA}.g_l_entries"}


def test_a_database_has_no_files_to_see(closed: Runtime, ledger: str):
    (record,) = closed.extractor.records.all(ITEM, "2025-09")
    answer = record["answers"]["source_fidelity"]
    names = [name for name, _ in answer["columns"]]
    notes = [dict(zip(names, row, strict=True)) for row in answer["rows"]]
    assert {row["table_name"] for row in notes if row["weight"] == "note" and row["fault"] == "not_seen"} == {
        f"{ledger}.{SCHEMA}.g_l_entries",
        f"{ledger}.{SCHEMA}.{closed.bindings.sources['detailed_gl_entry'].table.table}",
    }
