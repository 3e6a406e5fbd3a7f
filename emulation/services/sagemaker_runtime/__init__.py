"""SageMaker's data plane: invocations."""
