"""Glacier: vaults, their archives, and jobs that take their time."""
