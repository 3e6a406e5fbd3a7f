"""Lambda: LocalStack's control plane, with functions that run as processes of ours."""
