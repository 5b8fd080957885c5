"""What a test configures of Athena: workgroups, delays, limits, and failures inside a query.

Here belongs the values. What does not belong here: what they do.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

ENGINE = "Athena engine version 3"
PRIMARY = "primary"


@dataclass
class WorkGroup:
    """A workgroup of one account and region.

    Attributes:
        name: Its name.
        output: Output location; None = the client must give one.
        enforced: Whether it overrides the client's settings.
        scan_limit: BytesScannedCutoffPerQuery; None = no limit. AWS takes no limit below 10 MB; a test may.
        enabled: Whether queries may start.
        encryption: EncryptionConfiguration of its results.
        created: When it was made.
    """

    name: str
    output: str | None = None
    enforced: bool = False
    scan_limit: int | None = None
    enabled: bool = True
    encryption: dict[str, str] | None = None
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    def result_configuration(self) -> dict[str, Any]:
        """Return its ResultConfiguration."""
        found: dict[str, Any] = {}
        if self.output:
            found["OutputLocation"] = self.output
        if self.encryption:
            found["EncryptionConfiguration"] = self.encryption
        return found

    def to_json(self) -> dict[str, Any]:
        """Return what GetWorkGroup answers."""
        limit = {} if self.scan_limit is None else {"BytesScannedCutoffPerQuery": self.scan_limit}
        return {
            "Name": self.name,
            "State": "ENABLED" if self.enabled else "DISABLED",
            "Description": "",
            "CreationTime": self.created.timestamp(),
            "Configuration": {
                "ResultConfiguration": self.result_configuration(),
                "EnforceWorkGroupConfiguration": self.enforced,
                "PublishCloudWatchMetricsEnabled": True,
                "RequesterPaysEnabled": False,
                "EngineVersion": {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": ENGINE},
                **limit,
            },
        }


@dataclass
class QueryFault:
    """A failure inside queries to come, which no call shows.

    Attributes:
        reason: State change reason.
        category: 1 system, 2 user, 3 other.
        error_type: Athena's number.
        retryable: What Athena says of a further try.
        state: FAILED or CANCELLED.
        files: Files that an UNLOAD leaves before it fails.
        containing: Only queries whose text holds this.
        times: Queries that meet it; None = every one.
        met: How many met it.
    """

    reason: str
    category: int = 1
    error_type: int = 100
    retryable: bool = True
    state: str = "FAILED"
    files: int = 0
    containing: str = ""
    times: int | None = 1
    met: int = 0


@dataclass
class AthenaSettings:
    """What holds until the next reset.

    Attributes:
        queue_seconds: How long a query stays QUEUED.
        run_seconds: How long it stays RUNNING at least.
        concurrency: Queries queued or running at once; one more is refused.
        unload_files: Files that an UNLOAD writes, where it has that many rows.
        reused: Whether a query that allows it reuses an earlier result.
        faults: Failures inside queries to come.
        memory_limit: DuckDB's memory limit of one query.
        scanned: Bytes that queries are said to scan; None = as measured from the files.
    """

    queue_seconds: float = 0.0
    run_seconds: float = 0.0
    concurrency: int = 20
    unload_files: int = 3
    reused: bool = False
    faults: list[QueryFault] = field(default_factory=list)
    memory_limit: str = "512MB"
    scanned: int | None = None
