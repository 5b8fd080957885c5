"""Looking at a candidate: rows, newest dates, shapes, and never a value."""

from datetime import date, datetime
from pathlib import Path

import pytest

from soxauto_assets.engines.contract import Answer, Errand
from soxauto_assets.engines.duckdb_engine import DuckDBEngine
from soxauto_assets.engines.sampling import Facts, look
from soxauto_assets.sources.bindings import TableName
from soxauto_assets.sources.contracts import contract
from soxauto_assets.sources.discovery import match
from soxauto_assets_tests.lakes import DATABASE, write_lake

TABLES = {
    "gl_entries": """
        id_company | entry_no | posting_date | document_date | g_l_creation_date   | document_description | amount | reversed
        EC_NG      | 17       | 2025-09-30   | -             | 2025-10-02T10:00:00 | Çeş Bello 4711       | -12.5  | true
        JM_KE      | 170      | 2025-10-31   | -             | 2025-10-01T08:30:00 | -                    | 3      | false
    """,
}


class Watched(DuckDBEngine):
    """Keeps what the engine answered, as a results bucket would."""

    def __init__(self, lake: Path):
        super().__init__(lake)
        self.answers: list[list[dict[str, object]]] = []

    def query(self, executed: str, errand: Errand) -> Answer:
        answer = super().query(executed, errand)
        self.answers.append(answer.table.to_pylist())
        return answer


@pytest.fixture
def engine(tmp_path: Path):
    engine = Watched(write_lake(tmp_path / "lake", TABLES))
    yield engine
    engine.close()


def looked_at(engine: DuckDBEngine) -> Facts:
    table = TableName(DATABASE, "gl_entries")
    found = engine.describe(table)
    assert found is not None
    return look(engine, match(contract("gl_entries"), table, found.columns))


def test_rows_and_the_newest_value_of_each_dated_column(engine):
    facts = looked_at(engine)
    assert facts.rows == 2 and facts.failure is None
    assert facts.newest == (
        ("posting_date", date(2025, 10, 31)),
        ("g_l_creation_date", datetime(2025, 10, 2, 10)),
    ), "newest first; a column of nulls has none"


def test_shapes_stand_for_values(engine):
    shapes = looked_at(engine).shapes
    assert shapes["id_company"] == ("XX_XX",)
    assert set(shapes["entry_no"]) == {"99", "999"}
    assert set(shapes["document_description"]) == {"Xxx Xxxxx 9999", "null"}
    assert shapes["reversed"] == ("bool",)
    assert set(shapes["posting_date"]) == {"9999-99-99"}


def test_values_are_masked_before_they_leave_the_engine(engine):
    looked_at(engine)
    sampled = [str(value) for row in engine.answers[1] for value in row.values() if isinstance(value, str)]
    assert sampled and all({c for c in text if c.isalnum()} <= {"X", "x", "9"} for text in sampled)


def test_a_table_that_cannot_be_read_says_why(engine):
    table = TableName(DATABASE, "gl_entries")
    candidate = match(contract("gl_entries"), table, {"id_company": "varchar", "gone": "varchar"}, {"amount": "gone"})
    facts = look(engine, candidate)
    assert facts.rows is None and facts.failure is not None and "DuckDB refused discover" in facts.failure
