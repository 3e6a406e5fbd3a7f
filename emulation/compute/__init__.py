"""The engines: what really computes. No LocalStack here, and no AWS beyond paths and exit codes."""
