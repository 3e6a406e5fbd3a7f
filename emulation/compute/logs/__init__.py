"""The engine of CloudWatch Logs: groups on disk, filter patterns, and the query language."""
