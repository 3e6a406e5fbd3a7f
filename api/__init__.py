"""What people call: predictions over HTTP, and the page that shows the pipeline at work."""
