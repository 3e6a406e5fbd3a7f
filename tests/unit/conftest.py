"""Unit tests touch no socket and start no process."""
