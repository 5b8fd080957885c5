"""Trino: user, server, nodes, transport, the place of helper tables, the scan limit.

Here belongs what only the Trino environment has. What does not belong here: tables and queries (``doctor.sources``).
"""

from collections.abc import Iterator

from soxauto_assets.doctor.model import Finding, looked
from soxauto_assets.engines.trino.engine import TrinoEngine
from soxauto_assets.engines.trino.results import source_of
from soxauto_assets.engines.trino.tables import quoted, text

_LOOPBACK = {"localhost", "127.0.0.1"}


def examine_cluster(engine: TrinoEngine) -> Iterator[Finding]:
    """Look at who we are to the cluster, what it is made of, and whether an unload can come back."""
    settings = engine.settings
    usable = True
    for finding in looked("identity", settings.user or "no user", lambda: _identity(engine)):
        usable = usable and finding.status != "fault"
        yield finding
    if not usable:
        return
    yield from looked("cluster", "nodes", lambda: _nodes(engine))
    if settings.scheme == "http" and settings.host not in _LOOPBACK:
        yield Finding(
            "cluster", "transport", "warning", "rows travel in the clear", "set TRINO_SCHEME=https, have TLS configured"
        )
    yield from looked("unload", "schema of helper tables", lambda: _scratch(engine))
    yield from looked("unload", "TRINO_UNLOAD_PATH", lambda: _path(engine))
    limit = settings.scan_limit_bytes
    if limit is None:
        yield Finding(
            "cluster", "scan limit", "warning", "no query is limited in what it may read", "set TRINO_SCAN_LIMIT_BYTES"
        )
    else:
        yield Finding("cluster", "scan limit", "good", f"{limit:,} bytes, held by the server too")


def _identity(engine: TrinoEngine) -> Iterator[Finding]:
    identity = engine.identity()
    how = {"none": "no proof asked", "password": "by password", "jwt": "by token"}[engine.settings.auth]
    yield Finding(
        "identity", identity["trino_user"], "good", f"at {identity['trino_server']} ({how}), Trino {engine.version}"
    )


def _nodes(engine: TrinoEngine) -> Iterator[Finding]:
    ((active, versions),) = engine.ask(
        "select count(*), count(distinct node_version) from system.runtime.nodes where state = 'active'"
    )
    if versions > 1:
        yield Finding(
            "cluster", "nodes", "warning", f"{active} active, of {versions} versions", "have all nodes run one version"
        )
    else:
        yield Finding("cluster", "nodes", "good", f"{active} active")


def _scratch(engine: TrinoEngine) -> Iterator[Finding]:
    catalog, schema = engine.settings.require("catalog"), engine.settings.require("schema")
    name = f"{catalog}.{schema}"
    found = engine.ask(
        f"select 1 from {quoted(catalog)}.information_schema.schemata where schema_name = {text(schema.lower())}"
    )
    if found:
        yield Finding(
            "unload", name, "good", f"exists; helper tables write to {engine.settings.require('unload_location')}"
        )
    else:
        yield Finding(
            "unload", name, "fault", "the schema does not exist",
            "have it created with a location of its own, or correct TRINO_CATALOG and TRINO_SCHEMA",
        )  # fmt: skip


def _path(engine: TrinoEngine) -> Iterator[Finding]:
    yield Finding("unload", "TRINO_UNLOAD_PATH", "good", f"{source_of(engine.settings)} is a folder")
