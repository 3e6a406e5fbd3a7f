"""Finds tables in a listing of objects, as a Glue crawler does: formats, schemas, folders that are
partitions.
"""
