"""CloudWatch: metrics, metric math, alarms, dashboards that are drawn."""
