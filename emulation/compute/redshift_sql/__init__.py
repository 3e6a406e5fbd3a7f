"""Redshift's SQL, read and made ready for DuckDB.

sqlglot translates expressions, queries and data changes; what it does not know of Redshift - COPY,
UNLOAD, the attributes of a table, the session's commands - is read by small parsers of ours.
"""
