"""What the API computes; it knows AWS and knows nothing of HTTP."""
