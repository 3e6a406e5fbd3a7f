"""What tests of EMR share: a role for jobs, an application, and waits for ends."""

import gzip
import json

import pytest

ENDED = {"SUCCESS", "FAILED", "CANCELLED"}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "emr-serverless.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


@pytest.fixture
def serverless(aws):
    return aws("emr-serverless")


@pytest.fixture
def emr(aws):
    return aws("emr")


@pytest.fixture
def role(aws, unique):
    """The ARN of a role that EMR Serverless may assume."""
    made = aws("iam").create_role(RoleName=unique, AssumeRolePolicyDocument=json.dumps(TRUST))
    yield made["Role"]["Arn"]
    aws("iam").delete_role(RoleName=unique)


@pytest.fixture
def create(serverless):
    """`create(...)`: an application's id; it is stopped and deleted afterwards."""
    made = []

    def create_application(**members) -> str:
        given = {"releaseLabel": "emr-7.9.0", "type": "SPARK", **members}
        made.append(serverless.create_application(**given)["applicationId"])
        return made[-1]

    yield create_application
    for identifier in made:
        if (
            serverless.get_application(applicationId=identifier)["application"]["state"]
            == "STARTED"
        ):
            serverless.stop_application(applicationId=identifier)
        serverless.delete_application(applicationId=identifier)


@pytest.fixture
def application(create, unique):
    return create(name=unique)


@pytest.fixture
def ended(serverless, waiting):
    """`ended(application, run)`: wait for a run's end."""

    def wait(application: str, run: str, seconds: float = 300) -> dict:
        def look():
            found = serverless.get_job_run(applicationId=application, jobRunId=run)["jobRun"]
            return found if found["state"] in ENDED else None

        return waiting(f"the end of {run}", look, seconds)

    return wait


@pytest.fixture
def put(aws, bucket):
    """Store a text or bytes and give the address."""

    def store(key: str, body: str | bytes) -> str:
        body = body.encode() if isinstance(body, str) else body
        aws("s3").put_object(Bucket=bucket, Key=key, Body=body)
        return f"s3://{bucket}/{key}"

    return store


@pytest.fixture
def text(aws, bucket):
    """`text(key)`: what a packed log says."""

    def read(key: str) -> str:
        body = aws("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        return gzip.decompress(body).decode()

    return read


@pytest.fixture
def logging(bucket):
    """Overrides that send logs to the bucket."""
    return {
        "monitoringConfiguration": {"s3MonitoringConfiguration": {"logUri": f"s3://{bucket}/l/"}}
    }
