"""The house: imports run one way, and no file is too long to read."""

import ast
import sys
from pathlib import Path

import pytest

from soxauto_assets.evidence.standalone import MODULES

ROOT = Path(__file__).parents[1] / "soxauto_assets"
# A room may import itself and the rooms before it in this order.
ORDER = [
    {"errors"},
    {"period", "canonical", "variables"},
    {"catalog"},
    {"aws", "trino_settings"},
    {"numbered"},
    {"records", "acts", "settings"},
    {"sources"},
    {"engines"},
    {"extraction"},
    {"checks"},
    {"evidence"},
    {"reconciliation"},
    {"decisions"},
    {"runtime"},
    {"doctor"},
    {"demo"},
    {"defs", "definitions"},
    {"commands"},
    {"cli"},
]
LEVEL = {room: level for level, rooms in enumerate(ORDER) for room in rooms}
FILES = sorted(ROOT.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Return the modules that a file imports at its top level or inside functions, but not for type checking only."""
    tree = ast.parse(path.read_text("utf-8"))
    hidden = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    found = set()
    for node in ast.walk(tree):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_run_one_way(path: Path):
    room = room_of(path)
    if room == "__init__":
        return
    rooms = {name.split(".")[1] for name in imported(path) if name.startswith("soxauto_assets.")}
    later = {other for other in rooms if LEVEL[other] > LEVEL[room]}
    assert not later, f"{room} must not import {later}"


def test_dagster_is_met_in_its_own_rooms_only():
    outside = {
        path.relative_to(ROOT).as_posix()
        for path in FILES
        if any(name.split(".")[0] == "dagster" for name in imported(path))
        and room_of(path) not in {"defs", "definitions", "commands"}
    }
    assert outside == set()


def test_what_an_auditor_runs_alone_imports_the_standard_library_cryptography_and_itself_alone():
    """The modules that ``soxauto verifier`` puts into one file, in the order in which they may import one another."""
    before: set[str] = set()
    for module in MODULES:
        names = imported(ROOT / "evidence" / f"{module}.py")
        ours = {name for name in names if name.startswith("soxauto_assets")}
        assert ours <= before, module
        assert {name.split(".")[0] for name in names - ours} <= {*sys.stdlib_module_names, "cryptography"}, module
        before.add(f"soxauto_assets.evidence.{module}")


def test_the_check_of_row_proofs_imports_the_standard_library_alone():
    names = {name.split(".")[0] for name in imported(ROOT / "evidence" / "proof.py")}
    assert names <= set(sys.stdlib_module_names)


def test_every_module_says_what_belongs_there():
    for path in FILES:
        assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), path


def test_no_file_is_longer_than_500_lines():
    long = {p.name: n for p in FILES if (n := len(p.read_text("utf-8").splitlines())) > 500}
    assert long == {}
