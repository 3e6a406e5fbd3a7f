"""Functions that mappings call. They keep what they are handed in the bucket that they know."""

KEEP = """
import base64, boto3, json, os, time
s3 = boto3.client("s3")
def handler(event, context):
    records = event["Records"]
    data = [base64.b64decode(record["kinesis"]["data"]).decode() for record in records]
    if "poison" in data:
        raise ValueError("poison")
    s3.put_object(
        Bucket=os.environ["BUCKET"],
        Key=str(time.time_ns()),
        Body=json.dumps({"event": event, "data": data}),
    )
"""
"""Keeps each batch as an object, named by when it came; fails on one with poison in it."""

ANSWERS = KEEP.replace('    if "poison" in data:\n        raise ValueError("poison")\n', "") + (
    "    return json.loads(os.environ['ANSWER'])\n"
)
"""Keeps each batch and answers with the text of a variable."""

COUNTS = KEEP + ("    return {'state': {'count': event['state'].get('count', 0) + len(data)}}\n")
"""Keeps each event, and counts the records of a tumbling window."""

VERSIONED = KEEP.replace('"data": data}', '"data": data, "version": context.function_version}')
"""Keeps each batch with the version that was called."""
