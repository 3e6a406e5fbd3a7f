"""What stands in for AWS on a laptop: LocalStack's gateway, our plug-ins, and real compute behind them."""
