"""CodeBuild: projects, builds that are processes, test reports."""
