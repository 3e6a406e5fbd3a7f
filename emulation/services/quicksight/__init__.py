"""QuickSight: data sources, data sets, dashboards that are drawn."""
