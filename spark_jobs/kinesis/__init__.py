"""Kinesis as a source of Structured Streaming, in Python: Spark's format `kinesis`.

Nothing but boto3 and what Spark itself needs. docs/decisions/0023-stream-features.md says why it
is not one of the connectors that there are.
"""
