"""ECR: repositories, and the registry that standard clients push to and pull from."""
