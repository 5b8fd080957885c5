"""Verification without the product: the printed commands, literally, and the verifier as one file."""

import ast
import json
import shutil
import subprocess
import sys
import venv
from collections import Counter
from importlib import metadata
from pathlib import Path

import pytest
from click.testing import CliRunner

from soxauto_assets.cli import main
from soxauto_assets.evidence import form
from soxauto_assets.evidence.envelope import key_id_of
from soxauto_assets.evidence.explain import commands
from soxauto_assets.evidence.standalone import MODULES, standalone_verifier
from soxauto_assets.evidence.trust_edit import write_trust
from soxauto_assets.evidence.verify import verify_package
from soxauto_assets_tests.evidence.signed import (
    files,
    refit_tags,
    rewrite,
    seal,
    seal_again,
    signer,
    trust_of,
    trusted_key,
)

ONE = signer(1)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return seal(tmp_path / "it's a folder", ONE)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment of the system's tools and ``bagit.py`` alone: a fresh interpreter that has none of our code."""
    folder = tmp_path_factory.mktemp("clean") / "python"
    venv.EnvBuilder(symlinks=True).create(folder)
    python, script = folder / "bin" / "python", folder / "bin" / "bagit.py"
    (packages,) = folder.glob("lib/python*/site-packages")
    for file in metadata.files("bagit") or []:
        if ".." not in file.parts and "__pycache__" not in file.parts:
            (packages / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file.locate(), packages / file)
    script.write_text(f"#!{python}\n{(packages / 'bagit.py').read_text('utf-8')}", "utf-8")
    script.chmod(0o755)
    found = subprocess.run([python, "-c", "import soxauto_assets"], capture_output=True, check=False, cwd="/", env={})
    assert found.returncode != 0
    return folder / "bin"


def by_hand(clean: Path, package: Path) -> subprocess.CompletedProcess[str]:
    """Run the printed commands as they are printed."""
    environment = {"PATH": f"{clean}:/usr/local/bin:/usr/bin:/bin"}
    run = ["sh", "-e", "-c", commands(package)]
    return subprocess.run(run, capture_output=True, text=True, check=False, env=environment, cwd="/")


def test_the_printed_commands_verify_a_package_without_our_code(clean, package):
    done = by_hand(clean, package)
    assert done.returncode == 0, done.stderr
    seal_sha256 = verify_package(package).seal_sha256
    said = done.stdout.splitlines()
    assert said[0] == said[1] == "1", "manifest in statement, statement in seal"
    assert said[2:] == [f"{seal_sha256}  seal.json", f"{key_id_of(ONE.public_key)}  -", "Verified OK"]


def test_the_printed_commands_verify_a_package_that_is_not_signed(clean, tmp_path):
    package = seal(tmp_path / "evidence")
    done = by_hand(clean, package)
    assert done.returncode == 0, done.stderr
    assert "The statement carries no signature" in commands(package) and "openssl" not in commands(package)


def test_the_printed_commands_reject_each_changed_file(clean, package):
    """The seal alone is not looked into by them: its digest is what is compared."""
    for path in files(package):
        if path.name == form.SEAL:
            continue
        original = path.read_bytes()
        rewrite(path, original[:-1] + bytes([original[-1] ^ 1]))
        assert by_hand(clean, package).returncode != 0, path.name
        rewrite(path, original)
    assert by_hand(clean, package).returncode == 0


def test_the_printed_commands_reject_what_a_forger_made_to_fit(clean, package):
    path = package / "data" / "checks.json"
    original = path.read_bytes()
    rewrite(path, b'{"a":2}')
    seal_again(package)
    assert by_hand(clean, package).returncode != 0, "the statement names another manifest"
    rewrite(path, original)
    seal_again(package)
    assert by_hand(clean, package).returncode == 0
    statement = package / form.STATEMENT
    rewrite(statement, statement.read_bytes().replace(b'"passed"', b'"failed"'))
    refit_tags(package)
    assert by_hand(clean, package).returncode != 0, "the signature is over another statement"


def test_verify_explain_prints_these_commands(package):
    shown = CliRunner().invoke(main, ["verify", "--explain", str(package)])
    assert commands(package) in shown.output
    plain = CliRunner().invoke(main, ["verify", str(package)])
    assert "sha256sum -c, bagit.py --validate, openssl; --explain prints the commands" in plain.output


# One file.


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("alone") / "verifier.py"
    done = CliRunner().invoke(main, ["verifier", str(path)])
    assert done.exit_code == 0 and str(path) in done.output
    return path


def run_alone(alone: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the file in isolation: no environment, no user's packages, and no module of ours."""
    program = f"import runpy, sys; sys.argv = {['verifier', *arguments]!r}\n"
    program += "try:\n    runpy.run_path(sys.argv[0], run_name='__main__')\n"
    program += "finally:\n    assert not [name for name in sys.modules if name.startswith('soxauto_assets')]\n"
    program = program.replace("runpy.run_path(sys.argv[0]", f"runpy.run_path({str(alone)!r}")
    run = [sys.executable, "-I", "-c", program]
    return subprocess.run(run, capture_output=True, text=True, check=False, env={}, cwd=alone.parent)


def test_the_verifier_is_one_file_that_runs_alone(alone, package, tmp_path):
    write_trust(tmp_path / "trust.json", trust_of(trusted_key(ONE)))
    trust = ("--trust", str(tmp_path / "trust.json"))
    good = run_alone(alone, str(package), *trust)
    assert good.returncode == 0, good.stderr
    assert good.stdout.splitlines() == [
        f"VERIFIED {package}",
        "  fixity: pass (ok) the file list is closed, every size and SHA-256 agrees",
        "  seal: pass (ok) the seal is the one that these files give",
        "  statement: pass (ok) the statement names this package's manifest, and this place",
        f"  signature: pass (ok) the statement was signed by key {key_id_of(ONE.public_key)[:16]}",
        "  time: not present (no-token) no time authority confirmed when it was signed",
        "  trust: pass (ok) signed by key 1 (extractor)",
        f"  SHA-256 of the seal: {verify_package(package).seal_sha256}",
        f"  key: {key_id_of(ONE.public_key)}",
        "  the same by hand: sha256sum -c, bagit.py --validate, openssl; --explain prints the commands",
    ]
    explained = run_alone(alone, str(package), "--explain")
    assert explained.returncode == 0 and commands(package) in explained.stdout
    rewrite(package / "data" / "checks.json", b"{}")
    bad = run_alone(alone, str(package), *trust, "--json")
    said = json.loads(bad.stdout)[str(package)]
    assert (bad.returncode, said["verified"], said["layers"][0]["code"]) == (1, False, "changed-file")


def test_the_file_says_when_there_is_nothing_to_verify_or_no_trust(alone, package):
    assert run_alone(alone).returncode == 2
    nothing = run_alone(alone, str(package), "--trust", str(package / "none.json"))
    assert (nothing.returncode, nothing.stdout) == (2, "") and "cannot be read" in nothing.stderr


def test_the_file_answers_as_the_product_does(alone, package, tmp_path):
    shutil.copytree(package, tmp_path / "damaged")
    rewrite(tmp_path / "damaged" / form.SIGNATURE, b"{}")
    for place in (package, tmp_path / "damaged", tmp_path / "nothing"):
        said = json.loads(run_alone(alone, str(place), "--json").stdout)[str(place)]
        assert said["layers"] == [layer.to_json() for layer in verify_package(place).layers]


def test_no_name_stands_for_two_things_in_the_file():
    names = Counter[str]()
    for module in MODULES:
        tree = ast.parse((Path(form.__file__).parent / f"{module}.py").read_text("utf-8"))
        defined = set()
        for node in tree.body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                defined.add(node.name)
            elif isinstance(node, (ast.Assign, ast.AnnAssign)):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                defined |= {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
        names.update(defined)
    assert [name for name, count in names.items() if count > 1] == []


def test_nothing_of_the_product_is_named_in_the_file_but_where_it_comes_from():
    code = [line for line in standalone_verifier().splitlines() if not line.startswith("#")]
    assert not [line for line in code if "import" in line and "soxauto" in line]
