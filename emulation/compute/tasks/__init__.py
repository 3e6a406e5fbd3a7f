"""Tasks: groups of containers, which are process trees, with a network of their own."""
