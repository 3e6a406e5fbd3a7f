"""CloudWatch Logs on files: what is written is on disk before it is answered."""
