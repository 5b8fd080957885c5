"""Peak memory of the client at 1 and at 5 million unloaded rows: Athena writes, the client only fetches and lands.

Run with ``make bench-aws``; it needs the local AWS of ``make install-aws``. The endpoint runs in processes of its own, so the
client alone is measured: its peak resident memory as the system counts it, at the end of the process. Two stages: the unload
itself, and the whole extraction (unload, control totals and probes, landing in total order, digest, upload). Limit: 1.3 times
between 1 and 5 million rows. Peer in the same run: awswrangler reading the same rows into pandas, as people do it by hand.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import yaml

PERIOD, LIMIT = "2025-09", 1.3
_ROWS = """
copy (
    select 'O' || i as order_id,
           cast(timestamp '2025-09-01 00:00:00' + to_seconds(i % 2500000) as timestamp_ms) as order_date,
           'C' || (i * 7919 % 1000003) as customer_id,
           cast((i % 400000) / 4 as decimal(18, 4)) as total_amount,
           case i % 3 when 0 then 'paid' when 1 then 'open' else 'closed' end as order_status
    from range({rows}) as r(i)
) to '{path}' (format parquet, row_group_size 100000)
"""
_UNLOAD = """
import tempfile
from pathlib import Path
from soxauto_assets.engines.contract import Errand
from soxauto_assets.runtime import Runtime
text = ('select order_id, order_date, customer_id, total_amount, order_status '
        'from "AwsDataCatalog".bench.bob_sales_order')
runtime = Runtime.from_environment()
with tempfile.TemporaryDirectory() as folder:
    print(runtime.engine.unload(text, Errand("extract"), Path(folder)).execution.rows)
"""
_EXTRACT = """
from uuid import uuid4
from soxauto_assets.catalog import get_item
from soxauto_assets.period import Period
from soxauto_assets.runtime import Runtime
record, _ = Runtime.from_environment().extractor.extract(get_item("IPE_09"), Period.parse("2025-09"), str(uuid4()))
print(record.dataset.rows)
"""
_PEER = """
from uuid import uuid4
import awswrangler as wr
frame = wr.athena.read_sql_query(
    "select * from bob_sales_order", database="bench", ctas_approach=False, unload_approach=True,
    s3_output=f"s3://sox-athena-results/peer/{uuid4()}/", workgroup="sox-automation",
    pyarrow_additional_kwargs={"types_mapper": None},
)
print(len(frame))
"""
_MEASURED = """
import resource
exec({code!r})
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def main() -> None:
    """Print peak memory by stage and rows, and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs=2, default=[1_000_000, 5_000_000])
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    peaks: dict[str, dict[int, float]] = {"unload": {}, "extraction": {}, "awswrangler into pandas": {}}
    for rows in arguments.rows:
        with tempfile.TemporaryDirectory() as folder:
            for stage, megabytes in _peaks(Path(folder), rows, arguments.runs).items():
                peaks[stage][rows] = megabytes
    small, large = arguments.rows
    print(f"\npeak memory of the client, MB (median of {arguments.runs} runs)")
    print(f"{'stage':<26}{small:>12,}{large:>12,}{'ratio':>8}")
    for stage, found in peaks.items():
        limit = "" if stage.startswith("awswrangler") else f"  limit {LIMIT}"
        print(f"{stage:<26}{found[small]:>12.0f}{found[large]:>12.0f}{found[large] / found[small]:>8.2f}{limit}")
    share = peaks["extraction"][large] / peaks["awswrangler into pandas"][large]
    print(f"extraction against awswrangler at {large:,} rows: {share:.2f} of its memory")


def _peaks(folder: Path, rows: int, runs: int) -> dict[str, float]:
    table = folder / "lake" / "bench" / "bob_sales_order"
    table.mkdir(parents=True)
    duckdb.sql(_ROWS.format(rows=rows, path=table / "rows.parquet"))
    server = subprocess.Popen(
        [sys.executable, "-m", "soxauto_assets_tests.aws.endpoint", "--lake", str(folder / "lake")],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        variables = _exports(server)
        bindings = folder / "aws.yaml"
        entry = {"catalog": "AwsDataCatalog", "database": "bench", "table": "bob_sales_order", "status": "confirmed"}
        bindings.write_text(yaml.safe_dump({"environment": "aws", "sources": {"bob_sales_order": entry}}))
        environment = {
            **os.environ,
            **variables,
            "SOXAUTO_ENV": "aws",
            "SOXAUTO_BINDINGS": str(bindings),
            "S3_BUCKET_DATA": "sox-data",
            "S3_BUCKET_EVIDENCE": "sox-evidence",
        }
        _version(environment)
        stages = {"unload": _UNLOAD, "extraction": _EXTRACT, "awswrangler into pandas": _PEER}
        return {stage: _median(code, environment, folder, rows, runs) for stage, code in stages.items()}
    finally:
        server.terminate()
        server.wait(30)


def _exports(server: "subprocess.Popen[str]") -> dict[str, str]:
    """Read the variables that the endpoint prints until its first comment."""
    assert server.stdout is not None
    variables = {}
    for line in server.stdout:
        if line.startswith("#"):
            return variables
        name, _, value = line.removeprefix("export ").strip().partition("=")
        variables[name] = value
    raise SystemExit("the local AWS ended before it was ready; run 'make install-aws'")


def _version(environment: dict[str, str]) -> None:
    """Enable versioning of the data bucket, which the stores ask for."""
    import boto3

    names = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    key = {name.lower(): environment[name] for name in names}
    s3 = boto3.client("s3", endpoint_url=environment["AWS_ENDPOINT_URL"], region_name=environment["AWS_REGION"], **key)
    s3.put_bucket_versioning(Bucket="sox-data", VersioningConfiguration={"Status": "Enabled"})
    s3.close()


def _median(code: str, environment: dict[str, str], folder: Path, rows: int, runs: int) -> float:
    found = []
    for run in range(runs):
        given = {**environment, "SOXAUTO_HOME": str(folder / f"home-{run}")}
        done = subprocess.run(
            [sys.executable, "-c", _MEASURED.format(code=code)], env=given, capture_output=True, text=True
        )
        if done.returncode:
            raise SystemExit(done.stderr)
        counted, peak = done.stdout.split()[-2:]
        assert int(counted) == rows, f"{counted} rows instead of {rows}"
        found.append(int(peak) / 1024)
    print(json.dumps({"rows": rows, "peaks_mb": [round(peak) for peak in found]}), flush=True)
    return statistics.median(found)


if __name__ == "__main__":
    main()
