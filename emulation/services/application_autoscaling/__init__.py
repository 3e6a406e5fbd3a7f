"""Application Auto Scaling: services and endpoints that follow their metrics."""
