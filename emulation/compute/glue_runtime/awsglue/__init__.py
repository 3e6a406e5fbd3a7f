"""What Glue scripts import: the part of AWS's `awsglue` that plain Spark can compute, written
afresh.

Shipped as files: jobs find this folder on their path, and nothing of ours imports it. What is not
here is refused by its name.
"""
