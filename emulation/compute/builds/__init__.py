"""Builds as CodeBuild runs them: a buildspec's commands in one shell, files in and out."""
