"""How the lake is written."""
