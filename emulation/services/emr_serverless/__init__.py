"""EMR Serverless: applications, and job runs that are Spark processes."""
