"""Metrics without a wire: data points, statistics, metric math, what alarms decide, drawing."""
