"""What a function is made of."""

import io
import zipfile

ROLE = "arn:aws:iam::000000000000:role/lambda"
ECHO = "def handler(event, context):\n    return event\n"
PROVISIONED_PID = (
    "import os\n"
    "def handler(event, context):\n"
    "    if os.environ['AWS_LAMBDA_INITIALIZATION_TYPE'] == 'provisioned-concurrency':\n"
    "        return os.getpid()\n"
)
PID = "import os\ndef handler(event, context):\n    return os.getpid()\n"
GATED = (
    "import boto3, os, time\n"
    "s3 = boto3.client('s3')\n"
    "def handler(event, context):\n"
    "    bucket, key = event\n"
    "    s3.put_object(Bucket=bucket, Key=f'started/{key}', Body=str(os.getpid()).encode())\n"
    "    while not s3.list_objects_v2(Bucket=bucket, Prefix='open').get('KeyCount'):\n"
    "        time.sleep(0.05)\n"
    "    return os.environ['AWS_LAMBDA_INITIALIZATION_TYPE']\n"
)
"""Tells that it runs and ends when the bucket has an object `open`."""


def bundle(files: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return packed.getvalue()
