"""AWS Glue: the Data Catalog, crawlers over S3, and jobs that really run."""
