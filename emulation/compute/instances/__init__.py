"""Instances: what a machine gives its programs, given to a supervised tree of processes."""
