"""What stands in for AWS on a laptop: LocalStack's gateway, our plug-ins, real compute."""
