"""What stands before LocalStack's gateway: the server, and a short way for the hot operations."""
