"""Time and peak memory of closing all items at about one million ledger rows and one million order items.

Run with ``make bench``. Peer in the same run: DuckDB alone, running the same extract statements into Parquet files, without
landing, checks or evidence. Limits: 180 seconds, 1.5 GB. Medians of several runs; the machine's speed varies, so read the
ratios. Then every item is closed in a process of its own, which shows its time and memory with the start of Dagster.
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
from pathlib import Path

PERIOD = "2025-09"
LIMIT_SECONDS, LIMIT_MEGABYTES = 180.0, 1500.0
_PEER = """
import sys, tempfile
from pathlib import Path
from soxauto_assets.catalog import all_items
from soxauto_assets.engines.contract import Errand
from soxauto_assets.period import Period
from soxauto_assets.runtime import Runtime
runtime = Runtime.from_environment()
for item in all_items():
    if item.upload:
        continue
    text = runtime.extractor.statements(item, Period.parse(sys.argv[1]))["extract"].executed
    with tempfile.TemporaryDirectory() as folder:
        runtime.engine.unload(text, Errand("extract"), Path(folder))
"""
_STEPS = """
import json, sys
import dagster as dg
with dg.DagsterInstance.get() as instance:
    run = instance.get_runs(limit=1)[0]
    print(json.dumps({s.step_key: s.end_time - s.start_time for s in instance.get_run_step_stats(run.run_id)}))
"""


def measured(command: list[str], variables: dict[str, str]) -> tuple[float, float]:
    """Run a command; return seconds and peak megabytes of the largest process."""
    started = time.perf_counter()
    process = subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{' '.join(command)} failed")
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=int, default=86, help="of the demo lake; 86 gives about 1 million ledger rows")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder), arguments.scale, arguments.runs)


def run(folder: Path, scale: int, runs: int) -> None:
    """Measure in a folder of its own."""
    from soxauto_assets.catalog import all_items
    from soxauto_assets.demo.lake import generate_lake
    from soxauto_assets.settings import PROJECT

    summary = generate_lake(folder / "lake", PROJECT / "bindings" / "demo.yaml", scale=scale)
    counted = {
        "ledger movements": "detailed_customer_ledg_entry",
        "order items": "rpt_soi",
        "vouchers": "v_storecreditvoucher_closing",
    }
    sizes = ", ".join(f"{_rows(folder, table):,} {name}" for name, table in counted.items())
    print(f"lake: scale {scale}, {summary.rows:,} rows in all: {sizes}")
    soxauto = str(Path(sys.executable).with_name("soxauto"))
    closes, peers, steps = [], [], {}
    for number in range(runs):
        variables = _home(folder, f"home-{number}")
        closes.append(measured([soxauto, "close", PERIOD], variables))
        peers.append(measured([sys.executable, "-c", _PEER, PERIOD], variables))
        steps = json.loads(
            subprocess.check_output([sys.executable, "-c", _STEPS], env=variables, stderr=subprocess.DEVNULL)
        )
    seconds, peak = (statistics.median(values) for values in zip(*closes, strict=True))
    peer_seconds, peer_peak = (statistics.median(values) for values in zip(*peers, strict=True))
    print(f"{'':24}{'close':>10}{'DuckDB alone':>14}{'ratio':>8}{'limit':>8}{'of limit':>10}")
    print(f"{'seconds, median':24}{seconds:>10.1f}{peer_seconds:>14.1f}{seconds / peer_seconds:>8.1f}", end="")
    print(f"{LIMIT_SECONDS:>8.0f}{seconds / LIMIT_SECONDS:>10.2f}")
    print(f"{'peak MB, median':24}{peak:>10.0f}{peer_peak:>14.0f}{peak / peer_peak:>8.1f}", end="")
    print(f"{LIMIT_MEGABYTES:>8.0f}{peak / LIMIT_MEGABYTES:>10.2f}")
    print(f"\n{'item':16}{'extract':>9}{'checks':>9}{'evidence':>10}{'alone, s':>10}{'alone, MB':>11}")
    for item in all_items():
        own = [steps.get(name, 0.0) for name in (f"extract__{item.id}", f"checks_{item.id}", f"evidence__{item.id}")]
        alone = measured([soxauto, "close", PERIOD, "--item", item.id], _home(folder, f"home-{item.id}"))
        print(f"{item.id:16}{own[0]:>9.1f}{own[1]:>9.1f}{own[2]:>10.1f}{alone[0]:>10.1f}{alone[1]:>11.0f}")


def _home(folder: Path, name: str) -> dict[str, str]:
    """Return the variables of a fresh home on the lake, with its Jdash exports handed in."""
    from soxauto_assets.commands.demo import hand_in
    from soxauto_assets.runtime import Runtime
    from soxauto_assets.settings import Settings

    own = {"SOXAUTO_ENV": "demo", "SOXAUTO_HOME": str(folder / name), "SOXAUTO_LAKE": str(folder / "lake")}
    hand_in(Runtime(Settings.from_environment(own)))
    return {**os.environ, **own, "DAGSTER_HOME": str(folder / name / "dagster")}


def _rows(folder: Path, table: str) -> int:
    import duckdb

    files = folder / "lake" / "process_central_fin_dwh" / table / "*.parquet"
    ((rows,),) = duckdb.execute(f"select count(*) from read_parquet('{files}')").fetchall()
    return int(rows)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
