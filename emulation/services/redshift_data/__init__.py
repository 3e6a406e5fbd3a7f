"""The Redshift Data API: SQL over HTTP, computed by the warehouse engine."""
