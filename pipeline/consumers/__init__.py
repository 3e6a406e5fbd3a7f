"""The EC2 consumer: a long-running worker that scores every planned flight of the stream.

`python -m pipeline.consumers` is one worker; as many as there are share the shards through leases
in a DynamoDB table: docs/decisions/0009-consumer.md. What runs here travels in a bundle of its own
and needs nothing but boto3.
"""
