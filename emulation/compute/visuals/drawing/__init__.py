"""Drawings of visuals: Vega-Lite specifications with their data, or parts of a page."""
