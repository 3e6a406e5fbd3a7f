"""`spark-submit` as EMR's machines have it: Spark's own, on this machine's cores.

`machine` prepares a folder with a program `spark-submit`, `launcher` is that program, `options`
reads its command line, `processes` runs a command with its two outputs apart, and `python` lies on
the path of every driver, so that it can end between two micro-batches.
"""
