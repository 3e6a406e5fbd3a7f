"""API Gateway: REST APIs on LocalStack's records and invocation, made strict."""
