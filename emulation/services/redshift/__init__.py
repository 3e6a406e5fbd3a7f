"""Amazon Redshift clusters: refused, operation by operation."""
