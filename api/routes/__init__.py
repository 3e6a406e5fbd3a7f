"""HTTP: paths, status codes, and nothing else."""
