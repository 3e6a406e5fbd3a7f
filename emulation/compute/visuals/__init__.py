"""Dashboards from definitions: expressions and filters become SQL, rows become drawings.

Nothing here knows where data lies: a data set is a query in DuckDB's SQL and somebody who runs it.
"""
