"""The warehouse: Redshift's behaviour computed by DuckDB, one file a database."""
