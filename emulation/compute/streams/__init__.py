"""The stream engine: ordered, durable records in shards, on the disk of this machine."""
