"""Sealing and verifying 2 million rows of 12 columns, beside the bare cost of reading and hashing them in DuckDB.

Run with ``make bench-evidence``. Each step is a process of its own; time is from opening the Parquet file to the end, without
imports, memory the peak of the process as the system counts it. The steps of a turn follow one another, so that a busy machine
is busy for all, and ratios are taken by turn; medians of several turns.

- ``bare``: DuckDB reads the Parquet file and adds up the SHA-256 of every row's text, nothing else.
- ``seal``: control totals and figures of the rows, then the package: copied, hashed, signed, read back and verified.
- ``verify``: every layer of the verifier, then digest, totals and verdict again, as ``soxauto verify`` does.

Checks are not evaluated (``make bench-checks`` times them). Aims: sealing within 4 times the bare cost; ``--large`` measures
memory at 20 million rows, which must be within 1.3 times of 2 million.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
STEPS = ("bare", "seal", "verify")
LARGE, GROWTH, AIM = 10, 1.3, 4.0
# Twelve columns of every contract type; arithmetic over the row's number, in the order of the key.
COLUMNS = {
    "company": "(array['EC_IC', 'EC_KE', 'EC_NG', 'JD_GH', 'JM_EG'])[1 + i * 5 // {rows}]",
    "entry_no": "i",
    "document_no": "'DOC' || i",
    "posted": "date '2025-09-30' - cast(i * 7919 % 700 as int)",
    "created": "timestamp '2025-01-01 00:00:00' + interval 1 second * (i % 20000000)",
    "customer": "'C' || i * 7919 % 100003",
    "description": "'Order ' || i % 999983 || ' of the marketplace'",
    "open": "i % 5 > 0",
    "amount": "cast((i * 31 % 199999) * 0.01 - 1000 as decimal(18,4))",
    "remaining": "case when i % 3 > 0 then cast((i * 17 % 99991) * 0.01 as decimal(18,4)) end",
    "currency": "'NGN'",
    "account": "(array['13003', '13004', '13009'])[1 + i % 3]",
}
KINDS = dict(
    zip(
        COLUMNS,
        (
            "string", "int64", "string", "date", "timestamp", "string", "string", "bool", "decimal(18,4)",
            "decimal(18,4)", "string", "string",
        ),
        strict=True,
    )
)  # fmt: skip


@dataclass(frozen=True)
class Run:
    """One run of a step: seconds, and peak megabytes of its process."""

    seconds: float
    megabytes: float


def generate(folder: Path, rows: int) -> None:
    """Write the rows and their digest, which an extraction has computed before anything is sealed."""
    import duckdb

    from soxauto_assets.catalog.types import ContractType

    selected = ", ".join(
        f"CAST({text.format(rows=rows)} AS {ContractType.parse(KINDS[name]).duckdb}) AS {name}"
        for name, text in COLUMNS.items()
    )
    part = folder / "part-00000.parquet"
    with duckdb.connect(config={"memory_limit": "512MB", "threads": 2}) as connection:
        connection.execute(
            f"COPY (SELECT {selected} FROM range({rows}) r(i)) TO '{part}' (FORMAT parquet, COMPRESSION zstd)"
        )
    from soxauto_assets.extraction.landing import digest_of_rows

    digest = digest_of_rows(_item(folder), (part,))
    (folder / "digest.json").write_text(json.dumps(digest.to_json()))


def run(step: str, folder: Path) -> Run:
    """Run a step in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.evidence", "--step", step, str(folder)]
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err, env={**os.environ, "PYTHONPATH": str(ROOT)})
        _, status, used = os.wait4(process.pid, 0)
        out.seek(0)
        err.seek(0)
        if status:
            raise SystemExit(f"{' '.join(command)}\n{err.read()}")
        return Run(json.loads(out.read())["seconds"], used.ru_maxrss / 1024)


def _item(folder: Path) -> Any:
    from soxauto_assets.catalog.model import ControlTotals, Cutoff, Item, OutputColumn
    from soxauto_assets.catalog.types import ContractType

    return Item(
        id="BENCH",
        title="Rows of the benchmark",
        kind="DOC",
        purpose="Twelve columns of every contract type.",
        folder=folder / "definition",
        owner="team:benchmark",
        sources=(),
        columns=tuple(OutputColumn(name, ContractType.parse(kind), name) for name, kind in KINDS.items()),
        key=("company", "entry_no"),
        company_column="company",
        cutoff=Cutoff("none", ""),
        control_totals=ControlTotals(group_by=("company",), sums=("amount", "remaining"), bounds=("posted",)),
    )


def _step(step: str, folder: Path) -> None:
    actions = {"bare": _bare, "seal": _seal, "verify": _verify}
    print(json.dumps({"seconds": actions[step](folder)}))


def _bare(folder: Path) -> float:
    from soxauto_assets.extraction.generated import landed_digest_sql
    from soxauto_assets.extraction.parquet import scan, session

    item, started = _item(folder), time.perf_counter()
    with session() as connection:
        connection.execute(f"CREATE VIEW landed AS SELECT * FROM {scan([folder / 'part-00000.parquet'])}")
        connection.execute(landed_digest_sql(item)).fetchall()
    return time.perf_counter() - started


def _seal(folder: Path) -> float:
    from soxauto_assets.checks import CheckContext, CheckResult
    from soxauto_assets.checks.totals import landed_totals
    from soxauto_assets.evidence.sealing import Sealer
    from soxauto_assets.evidence.signing import LocalSigner, Signing
    from soxauto_assets.evidence.store import LocalEvidenceStore
    from soxauto_assets.extraction.landing import Dataset
    from soxauto_assets.extraction.originals import LocalOriginals
    from soxauto_assets.extraction.record import ExtractionRecord
    from soxauto_assets.extraction.uploads import UploadStore
    from soxauto_assets.records import LocalRecordLog

    item, digest = _item(folder), _digest(folder)
    dataset = Dataset(item, (folder / "part-00000.parquet",), digest)
    # What the source would have answered; its time is the extraction's.
    totals = landed_totals(item, dataset)
    record = ExtractionRecord(
        item=item.id, period="2025-09", environment="demo", run_id="bench", performed_by={}, parameters={},
        configuration={}, definition_digest="0" * 64, bindings={}, sources={}, statements={},
        answers={"control_totals": totals}, dataset=digest, files=(), engine_files=(), custody=None,
    )  # fmt: skip
    logs = LocalRecordLog(folder / "home")
    signer = LocalSigner.create(folder / "keys" / f"{os.getpid()}.pem")
    uploads = UploadStore(LocalOriginals(folder / "home"), logs)
    sealer = Sealer(LocalEvidenceStore(folder / "evidence"), logs, uploads, Signing((signer,)))
    result = CheckResult("control_totals", "passed", "error", "not evaluated here", "equal", "equal")
    started = time.perf_counter()
    sealer.seal(item, _with_query(record), dataset, [result], CheckContext())
    return time.perf_counter() - started


def _with_query(record: Any) -> Any:
    from dataclasses import replace

    from soxauto_assets.extraction.record import StatementRecord

    digests = dict.fromkeys(("template", "baseline", "executed"), "0" * 64)
    return replace(record, statements={"extract": StatementRecord("select 1", "select 1", "select 1", digests, {})})


def _verify(folder: Path) -> float:
    from soxauto_assets.evidence.recompute import verify_and_recompute

    package = folder / "evidence" / "BENCH" / "2025-09" / "attempt-0001"
    started = time.perf_counter()
    layers = verify_and_recompute(package)
    seconds = time.perf_counter() - started
    failed = [layer.text for layer in layers if layer.status == "fail"]
    if failed or len(layers) < 8:
        raise SystemExit(f"the package does not verify: {failed}")
    return seconds


def _digest(folder: Path) -> Any:
    from soxauto_assets.extraction.digest import CompanyRoot, DatasetDigest

    value = json.loads((folder / "digest.json").read_text())
    return DatasetDigest(
        digest=value["digest"],
        rows=value["rows"],
        root=value["root"],
        companies=tuple(CompanyRoot(**company) for company in value["companies"]),
        columns=tuple((name, kind) for name, kind in value["columns"]),
    )


def measure(folder: Path, turns: int) -> dict[str, list[Run]]:
    """Run every step in turn; a package is sealed anew in every turn."""
    import shutil

    runs: dict[str, list[Run]] = {step: [] for step in STEPS}
    for _ in range(turns):
        shutil.rmtree(folder / "evidence", ignore_errors=True)
        for step in STEPS:
            runs[step].append(run(step, folder))
    return runs


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--large", action="store_true", help="memory at ten times the rows")
    parser.add_argument("--step", nargs=2, metavar=("STEP", "FOLDER"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        _step(given.step[0], Path(given.step[1]))
        return
    with tempfile.TemporaryDirectory() as name:
        generate(Path(name), given.rows)
        load = os.getloadavg()[0]
        runs = measure(Path(name), given.runs)
    _print(runs, given.rows, load)
    if given.large:
        with tempfile.TemporaryDirectory() as name:
            generate(Path(name), given.rows * LARGE)
            _print_growth(runs, measure(Path(name), 1), given.rows * LARGE)


def _print(runs: dict[str, list[Run]], rows: int, load: float) -> None:
    processors = os.cpu_count() or 1
    noisy = "; the machine was busy: read the ratios by turn" if load > processors / 2 else ""
    print(f"{rows:,} rows x {len(COLUMNS)} columns, {processors} processors, load {load:.1f} at the start{noisy}")
    print(f"{'':8}{'s, median':>11}{'s, all turns':>24}{'peak MB, median':>17}{'of bare, by turn':>24}")
    for step, found in runs.items():
        turns = [one.seconds / bare.seconds for one, bare in zip(found, runs["bare"], strict=True)]
        seconds = statistics.median(one.seconds for one in found)
        peak = statistics.median(one.megabytes for one in found)
        every = " ".join(f"{one.seconds:.1f}" for one in found)
        print(f"{step:8}{seconds:>11.1f}{every:>24}{peak:>17.0f}{' '.join(f'{turn:.2f}' for turn in turns):>24}")
        if step == "seal":
            ratio = statistics.median(turns)
    print(f"sealing: {ratio:.2f} times the bare cost (aim {AIM:.0f}): {'met' if ratio <= AIM else 'MISSED'}")


def _print_growth(small: dict[str, list[Run]], large: dict[str, list[Run]], rows: int) -> None:
    for step in STEPS[1:]:
        before, after = statistics.median(one.megabytes for one in small[step]), large[step][0]
        growth = after.megabytes / before
        print(
            f"{step} at {rows:,} rows: {after.seconds:.0f} s, peak {after.megabytes:.0f} MB, {growth:.2f} times (aim "
            f"{GROWTH}): {'met' if growth <= GROWTH else 'MISSED'}"
        )


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
