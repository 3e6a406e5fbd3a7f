"""How fast it is, beside the peers, in one run: `python -m benchmarks.<topic>`."""
