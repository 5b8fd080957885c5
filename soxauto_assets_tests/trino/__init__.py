"""A real Trino beside DuckDB: the catalog's SQL on the engine that Athena is made of."""
