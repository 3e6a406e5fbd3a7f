"""ECS: Fargate tasks that are processes, and services that keep them."""
