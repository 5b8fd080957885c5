"""All checks of IPE_07 on 2 million rows, against the same rules in pandera on pandas and in Great Expectations.

Run with ``make bench-checks``; the peers are read from ``check_rules/``. Before anything is timed, every contender must find
one seeded fault of each rule, and none in sound rows: only contenders that say the same are compared. Each run is a process of
its own; time is from opening the Parquet file to the last result, without imports, memory the peak of the process as the
system counts it. Runs of the contenders take turns, so that a busy machine is busy for all; medians of several runs.

The peers have no rule for what the source answered beside its totals: query digests, row digest, dataset digest, look-ups,
freshness, witnesses, drift. We evaluate these on top in the line "all checks". Aims, for the shared rules: at least 3 times
faster than pandera on pandas and 5 times faster than Great Expectations, with at most half of their memory; ``--large``
measures memory at 20 million rows, which must be within 1.3 times of 2 million.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = Path(__file__).parent / "check_rules"
GREAT_EXPECTATIONS = ROOT / ".venv-ge" / "bin" / "python"
LARGE, GROWTH = 10, 1.3
_OURS = (sys.executable, "-m", "benchmarks.check_rules.ours")
CONTENDERS: dict[str, tuple[str, ...]] = {
    "ours, shared rules": _OURS,
    "ours, all checks": (*_OURS, "--all"),
    "pandera on pandas": (sys.executable, str(FOLDER / "pandera_pandas.py")),
    "Great Expectations": (str(GREAT_EXPECTATIONS), str(FOLDER / "great_expectations_pandas.py")),
}
# Peer: times as fast, share of its memory.
AIMS = {"pandera on pandas": (3.0, 0.5), "Great Expectations": (5.0, 0.5)}


@dataclass(frozen=True)
class Run:
    """One run of a contender: seconds of the rules, peak megabytes of the process, and what it said."""

    seconds: float
    megabytes: float
    said: dict


def run(command: tuple[str, ...], spec: Path) -> Run:
    """Run a contender and measure its process."""
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    arguments = [*command, str(spec)]
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen(arguments, stdout=out, stderr=err, env=variables)
        _, status, used = os.wait4(process.pid, 0)
        out.seek(0)
        err.seek(0)
        if status:
            raise SystemExit(f"{' '.join(arguments)}\n{err.read()}")
        said = json.loads(out.read().strip().splitlines()[-1])
    return Run(said["seconds"], used.ru_maxrss / 1024, said)


def require_agreement(folder: Path) -> int:
    """Seed a fault of each rule into a few rows; every contender must name the rule. Returns the number of faults."""
    from benchmarks.check_rules.rows import FAULTS, faulty, generate

    spec = generate(folder, 20_000)
    for name in FAULTS:
        changed = faulty(spec, name)
        rule = name.partition(",")[0]
        for contender, command in CONTENDERS.items():
            if contender == "ours, all checks":
                continue
            failed = run(command, changed).said["failed"]
            if failed if rule == "sound" else rule not in failed:
                raise SystemExit(f"{contender} said {failed} of rows with the fault {name!r}")
    return len(FAULTS) - 1


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--large", action="store_true", help="memory at ten times the rows, ours only")
    parser.add_argument("--no-agreement", action="store_true", help="do not seed faults first")
    arguments = parser.parse_args()
    from benchmarks.check_rules.rows import generate

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if not arguments.no_agreement:
            print(f"{require_agreement(folder)} seeded faults: every contender found each, and none in sound rows\n")
        spec = generate(folder, arguments.rows)
        load = os.getloadavg()[0]
        runs: dict[str, list[Run]] = {contender: [] for contender in CONTENDERS}
        for _ in range(arguments.runs):
            for contender, command in CONTENDERS.items():
                runs[contender].append(run(command, spec))
        _print(runs, arguments.rows, load)
        if arguments.large:
            spec.unlink()
            _large(folder, arguments.rows, runs)


def _print(runs: dict[str, list[Run]], rows: int, load: float) -> None:
    processors = os.cpu_count() or 1
    noisy = "; the machine was busy: read the ratios by turn" if load > processors / 2 else ""
    print(f"{rows:,} rows, {processors} processors, load {load:.1f} at the start{noisy}")
    print(f"{'':24}{'s, median':>11}{'s, all runs':>22}{'peak MB, median':>17}")
    seconds = {name: statistics.median(r.seconds for r in found) for name, found in runs.items()}
    peaks = {name: statistics.median(r.megabytes for r in found) for name, found in runs.items()}
    for name, found in runs.items():
        every = " ".join(f"{r.seconds:.1f}" for r in found)
        print(f"{name:24}{seconds[name]:>11.1f}{every:>22}{peaks[name]:>17.0f}")
    for ours in list(CONTENDERS)[:2]:
        for peer, (faster, share) in AIMS.items():
            turns = [theirs.seconds / own.seconds for own, theirs in zip(runs[ours], runs[peer], strict=True)]
            ratio, memory = statistics.median(turns), peaks[ours] / peaks[peer]
            met = "aims met" if ratio >= faster and memory <= share else "AIMS MISSED"
            print(
                f"{ours} against {peer}: {ratio:.1f} times as fast (by turn {' '.join(f'{turn:.1f}' for turn in turns)}; "
                f"aim {faster:.0f}), {memory:.2f} of its memory (aim {share})"
                + (f": {met}" if ours == "ours, shared rules" else "; no aim: the peers do less")
            )
    rules = runs["ours, all checks"][-1].said["rules"]
    slowest = sorted(rules.items(), key=lambda entry: -entry[1])[:8]
    print("our slowest checks, s:", ", ".join(f"{name} {taken:.1f}" for name, taken in slowest))


def _large(folder: Path, rows: int, runs: dict[str, list[Run]]) -> None:
    from benchmarks.check_rules.rows import generate

    for part in folder.glob("part-*.parquet"):
        part.unlink()
    spec = generate(folder, rows * LARGE)
    for name in list(CONTENDERS)[:2]:
        small, large = statistics.median(r.megabytes for r in runs[name]), run(CONTENDERS[name], spec)
        growth = large.megabytes / small
        print(
            f"{name} at {rows * LARGE:,} rows: {large.seconds:.0f} s, peak {large.megabytes:.0f} MB, "
            f"{growth:.2f} times that of {rows:,} (aim {GROWTH}): {'met' if growth <= GROWTH else 'MISSED'}"
        )


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
