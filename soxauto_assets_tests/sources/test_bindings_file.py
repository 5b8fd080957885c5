"""Editing the bindings file: the named entries change, everything else stays as a person left it."""

from pathlib import Path

import pytest

from soxauto_assets.errors import BindingError, StorageError
from soxauto_assets.settings import PROJECT
from soxauto_assets.sources.bindings import Binding, TableName, load_bindings
from soxauto_assets.sources.bindings_file import write_confirmed, write_proposals
from soxauto_assets.sources.contracts import contract
from soxauto_assets.sources.discovery import Candidate, match

FILE = """\
# Where things are.
environment: aws
sources:
  gl_entries:  # asked for twice
    catalog: AwsDataCatalog
    database: guess
    table: g_l_entries
    status: unknown # no answer
    snapshot: unknown
    zone: local
  # The data team answered this one.
  dim_country:
    database: kept
    table: dim_country
    status: confirmed
    confirmed_by: A Controller
    confirmed_on: 2025-10-17
# The end.
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "bindings.yaml"
    path.write_text(FILE)
    return path


def candidate(source: str, name: str, renamed: dict[str, str] | None = None) -> Candidate:
    columns = {(renamed or {}).get(c.name, c.name): c.type.trino for c in contract(source).columns}
    return match(contract(source), TableName(*name.split(".")), columns, renamed)


def test_a_proposal_changes_its_own_entry_alone(path):
    written = write_proposals(path, {"gl_entries": candidate("gl_entries", "lake.nav_gl", {"entry_no": "entry_no_"})})
    assert written == ("gl_entries",)
    expected = FILE.replace("database: guess", "database: lake").replace("status: unknown #", "status: proposed #")
    expected = expected.replace("    table: g_l_entries\n", "    table: nav_gl\n    columns: {entry_no: entry_no_}\n")
    assert path.read_text() == expected


def test_a_confirmed_entry_is_never_touched(path):
    assert write_proposals(path, {"dim_country": candidate("dim_country", "other.dim_country")}) == ()
    assert path.read_text() == FILE


def test_a_source_that_the_file_lacks_is_added(path):
    write_proposals(path, {"rpt_soi": candidate("rpt_soi", "lake.rpt_soi")})
    bound = load_bindings(path).sources
    assert (str(bound["rpt_soi"].table), bound["rpt_soi"].status) == ("lake.rpt_soi", "proposed")
    assert "# The end." in path.read_text() and path.read_text().startswith("# Where things are.\n")


def test_a_new_proposal_withdraws_what_an_older_one_said(path):
    write_proposals(path, {"gl_entries": candidate("gl_entries", "lake.nav_gl", {"entry_no": "entry_no_"})})
    write_proposals(path, {"gl_entries": candidate("gl_entries", "guess.g_l_entries")})
    assert path.read_text() == FILE.replace("status: unknown #", "status: proposed #")


def test_a_confirmation_stands_beside_the_status_and_keeps_the_comments(path):
    binding = Binding(
        "gl_entries", TableName("guess", "g_l_entries", "AwsDataCatalog"), {}, "confirmed", "append_only", "utc",
        "A Controller", "2025-10-18",
    )  # fmt: skip
    write_confirmed(path, binding)
    assert path.read_text() == FILE.replace(
        "status: unknown # no answer\n    snapshot: unknown\n    zone: local",
        "status: confirmed # no answer\n    confirmed_by: A Controller\n    confirmed_on: 2025-10-18\n"
        "    snapshot: append_only\n    zone: utc",
    )
    assert load_bindings(path).sources["gl_entries"] == binding


@pytest.mark.parametrize("physical", ["no", "on", "2025", "1e3", "null", "a: b", "{x", "it's"])
def test_a_name_that_yaml_would_misread_is_quoted(path, physical):
    write_proposals(path, {"gl_entries": candidate("gl_entries", "lake.gl_entries", {"entry_no": physical})})
    assert load_bindings(path).sources["gl_entries"].columns == {"entry_no": physical}


def test_an_empty_file_of_sources_takes_its_first(tmp_path):
    path = tmp_path / "lake.yaml"
    path.write_text((PROJECT / "bindings" / "lake.yaml").read_text())
    write_proposals(path, {"gl_entries": candidate("gl_entries", "lake.gl_entries")})
    assert load_bindings(path).sources["gl_entries"].status == "proposed"
    assert path.read_text().startswith("# A folder of exported tables")


@pytest.mark.parametrize("name", ["aws", "demo"])
def test_the_files_of_the_project_survive_an_edit(tmp_path, name):
    original = (PROJECT / "bindings" / f"{name}.yaml").read_text()
    path = tmp_path / f"{name}.yaml"
    path.write_text(original)
    before = load_bindings(path).sources["vendors"]
    binding = Binding("vendors", before.table, before.columns, "confirmed", confirmed_by="A", confirmed_on="2025-10-18")
    write_confirmed(path, binding)
    assert load_bindings(path).sources["vendors"].confirmed_on == "2025-10-18"
    lines, now = original.splitlines(), path.read_text().splitlines()
    start, end = lines.index("  vendors:"), lines.index("  asg_dim:")
    assert now[:start] == lines[:start] and now[-len(lines[end:]) :] == lines[end:]


def test_a_key_given_twice_is_refused_and_the_file_left(path):
    path.write_text(FILE + "  dim_country:\n    database: b\n    table: c\n    status: unknown\n")
    before = path.read_bytes()
    with pytest.raises(BindingError, match="cannot be edited"):
        write_proposals(path, {"gl_entries": candidate("gl_entries", "lake.gl_entries")})
    assert path.read_bytes() == before


def test_a_folder_that_refuses_leaves_the_file(path, monkeypatch):
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(StorageError, match=r"bindings.yaml cannot be written \(Permission denied\)"):
        write_proposals(path, {"gl_entries": candidate("gl_entries", "lake.gl_entries")})
    assert path.read_text() == FILE
    assert [p.name for p in path.parent.iterdir()] == ["bindings.yaml"]
