"""CodePipeline: pipelines whose actions are real builds, stacks, invocations and approvals."""
