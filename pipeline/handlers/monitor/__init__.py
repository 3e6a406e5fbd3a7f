"""What the functions of the monitored loop share."""
