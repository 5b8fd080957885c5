"""Names of Trino's errors, which are Athena's too: whose message may be shown.

Here belongs what a name says about its message. What does not belong here: whether asking again helps, which each engine says
in its own way.

A message may quote the value that the query stumbled over, which is a customer's. So only messages about the statement, the
tables, the places of files and the limits are shown; of all others the name is.
"""

_ABOUT_THE_STATEMENT = {
    "AMBIGUOUS_NAME", "CATALOG_NOT_FOUND", "COLUMN_NOT_FOUND", "COLUMN_TYPE_UNKNOWN", "DUPLICATE_COLUMN_NAME",
    "EXPRESSION_NOT_AGGREGATE", "EXPRESSION_NOT_SCALAR", "FUNCTION_NOT_FOUND", "INVALID_CATALOG_PROPERTY",
    "INVALID_SESSION_PROPERTY", "INVALID_TABLE_PROPERTY", "MISMATCHED_COLUMN_ALIASES", "MISSING_CATALOG_NAME",
    "MISSING_COLUMN_NAME", "MISSING_GROUP_BY", "MISSING_SCHEMA_NAME", "NOT_FOUND", "NOT_SUPPORTED", "PERMISSION_DENIED",
    "SCHEMA_NOT_FOUND", "SYNTAX_ERROR", "TABLE_ALREADY_EXISTS", "TABLE_NOT_FOUND", "TYPE_MISMATCH", "VIEW_IS_STALE",
}  # fmt: skip
_ABOUT_PLACES = {
    "HIVE_CANNOT_OPEN_SPLIT", "HIVE_FILESYSTEM_ERROR", "HIVE_METASTORE_ERROR", "HIVE_PATH_ALREADY_EXISTS",
    "HIVE_WRITER_OPEN_ERROR", "HIVE_WRITER_CLOSE_ERROR",
}  # fmt: skip


def quotes_no_row(name: str) -> bool:
    """Say whether the message of an error of that name may be shown."""
    return name in _ABOUT_THE_STATEMENT | _ABOUT_PLACES or name.startswith("EXCEEDED_")
