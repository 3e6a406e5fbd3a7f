"""Amazon Redshift Serverless: namespaces and workgroups over the warehouse engine."""
