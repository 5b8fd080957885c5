"""The month's extracts on DuckDB, on Trino with one node and on Trino with two: time, and memory of the client.

Run with ``make bench-engines``; it needs what ``make test-trino`` needs. Each engine writes the extract of every item to
Parquet files, in a process of its own, over the same generated lake, once to warm up and then several times: medians. The
client's memory is its peak resident memory as Linux counts it (``VmHWM``), at the end of its process; the nodes are processes
of their own. Aim: at most 1.1 times the client memory between 1 and 5 million ledger rows on Trino, because the cluster writes
the rows and the client copies files. All nodes share this machine, so a second node shows what distribution costs here, not
what it gains.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PERIOD, LIMIT = "2025-09", 1.1
# Of the demo lake: 86 gives about one million ledger rows.
SCALES = (86, 430)
ENGINES = ("DuckDB", "Trino, 1 node", "Trino, 2 nodes")
_EXTRACTS = """
import re, sys, tempfile, time
from pathlib import Path
from soxauto_assets.catalog import all_items
from soxauto_assets.engines.contract import Errand
from soxauto_assets.period import Period
from soxauto_assets.runtime import Runtime
runtime, rows, nodes = Runtime.from_environment(), 0, set()
texts = {
    item.id: runtime.extractor.statements(item, Period.parse(sys.argv[1]))["extract"].executed
    for item in all_items() if not item.upload
}
started = time.perf_counter()
for item, text in texts.items():
    with tempfile.TemporaryDirectory() as folder:
        execution = runtime.engine.unload(text, Errand("extract", item, sys.argv[1]), Path(folder)).execution
        rows += execution.rows
        nodes.add(execution.details.get("nodes", 1))
seconds = time.perf_counter() - started
# Not getrusage: its peak begins with that of the process that started this one.
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
print(rows, max(nodes), seconds, peak)
"""


def main() -> None:
    """Print time and client memory by engine and size of the lake, and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--scales", type=int, nargs=2, default=SCALES, help="of the demo lake; 86 = 1 million ledger rows"
    )
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    found: dict[int, dict[str, tuple[float, float]]] = {}
    sizes: dict[int, int] = {}
    for scale in arguments.scales:
        with _workplace() as folder:
            sizes[scale] = _lake(folder, scale)
            found[scale] = {engine: _measured(folder, engine, arguments.runs) for engine in ENGINES}
    small, large = arguments.scales
    print(f"\nthe month's extracts, median of {arguments.runs} runs after one that warms up")
    print(f"{'':<16}{f'{sizes[small]:,} ledger rows':>28}{f'{sizes[large]:,} ledger rows':>28}{'ratio':>18}")
    print(f"{'':<16}" + f"{'seconds':>16}{'client MB':>12}" * 2 + f"{'seconds':>9}{'MB':>9}")
    for engine in ENGINES:
        (first, before), (second, after) = found[small][engine], found[large][engine]
        aim = f"  aim {LIMIT}" if engine != ENGINES[0] else ""
        print(f"{engine:<16}{first:>16.1f}{before:>12.0f}{second:>16.1f}{after:>12.0f}", end="")
        print(f"{second / first:>9.2f}{after / before:>9.2f}{aim}")
    own = found[large][ENGINES[0]][0]
    for engine in ENGINES[1:]:
        print(
            f"{engine} against DuckDB at {sizes[large]:,} ledger rows: {found[large][engine][0] / own:.2f} of its time"
        )


@contextmanager
def _workplace() -> Iterator[Path]:
    """Yield a folder beside the nodes' own, which is removed afterwards."""
    from soxauto_assets_tests.trino.installation import cache_folder

    runs = cache_folder(os.environ) / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=runs, prefix="bench-") as folder:
        yield Path(folder)


def _lake(folder: Path, scale: int) -> int:
    """Generate the lake and return the number of ledger movements."""
    import duckdb

    from soxauto_assets.demo.lake import generate_lake
    from soxauto_assets.settings import PROJECT

    started = time.perf_counter()
    summary = generate_lake(folder / "lake", PROJECT / "bindings" / "demo.yaml", scale=scale)
    files = folder / "lake" / "process_central_fin_dwh" / "detailed_customer_ledg_entry" / "*.parquet"
    ((rows,),) = duckdb.execute(f"select count(*) from read_parquet('{files}')").fetchall()
    took = time.perf_counter() - started
    print(f"lake: scale {scale}, {rows:,} ledger rows, {summary.rows:,} in all, {took:.0f} s", flush=True)
    return int(rows)


def _measured(folder: Path, engine: str, runs: int) -> tuple[float, float]:
    """Return the median of seconds and of the client's peak megabytes."""
    with _deployment(folder, engine) as variables:
        done = [_run(variables) for _ in range(runs + 1)][1:]
    print(f"  {engine}: " + ", ".join(f"{seconds:.1f} s {peak:.0f} MB" for _, _, seconds, peak in done), end="")
    print(f" ({done[0][0]:,} rows, {done[0][1]} nodes)", flush=True)
    return statistics.median(d[2] for d in done), statistics.median(d[3] for d in done)


def _run(variables: dict[str, str]) -> tuple[int, int, float, float]:
    done = subprocess.run(
        [sys.executable, "-c", _EXTRACTS, PERIOD], env=variables, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    rows, nodes, seconds, peak = done.stdout.split()
    return int(rows), int(nodes), float(seconds), float(peak)


@contextmanager
def _deployment(folder: Path, engine: str) -> Iterator[dict[str, str]]:
    """Yield the variables of a deployment of the engine over the lake, its cluster running."""
    from soxauto_assets.settings import PROJECT
    from soxauto_assets.sources.bindings import load_bindings
    from soxauto_assets_tests.trino.comparing import Address
    from soxauto_assets_tests.trino.deployment import Scratch, environment_of, variables_of
    from soxauto_assets_tests.trino.installation import Unavailable
    from soxauto_assets_tests.trino.server import Cluster
    from soxauto_assets_tests.trino.tables import create_tables, run

    if engine == ENGINES[0]:
        home = folder / "duckdb"
        yield environment_of({"SOXAUTO_ENV": "demo", "SOXAUTO_HOME": str(home), "SOXAUTO_LAKE": str(folder / "lake")})
        return
    workers = int(engine.split()[1]) - 1
    base = folder / f"trino-{workers}"
    base.mkdir()
    try:
        started = Cluster(base / "cluster", folder / "lake", workers=workers)
    except Unavailable as error:
        raise SystemExit(str(error)) from None
    with started as cluster:
        address = Address.parse(cluster.url)
        connection = address.connect()
        create_tables(connection, load_bindings(PROJECT / "bindings" / "demo.yaml"))
        while run(connection, "select count(*) from system.runtime.nodes where state = 'active'") != [[workers + 1]]:
            time.sleep(1)
        yield environment_of(variables_of(Scratch(address, connection), base))
        connection.close()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
