"""Builds as CodeBuild runs them: a buildspec's commands in a shell of their own, files in and out."""
