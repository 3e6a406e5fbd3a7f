"""The proof that the endpoint answers: one processed flight's features, asked as the API asks."""

import json
from typing import Any

from botocore.exceptions import ClientError

from pipeline import aws
from pipeline.contracts.features import schedule_features
from pipeline.errors import JobFailedError
from pipeline.orchestration.logs import log_tail
from pipeline.orchestration.run import Run, Show

PLANNED = {
    "carrier": "UA",
    "origin": "EWR",
    "dest": "IAH",
    "distance": 1400,
    "flight_date": "2013-01-01",
    "sched_dep_time": 515,
    "sched_arr_time": 819,
    "scheduled_departure": "2013-01-01T10:15:00Z",
    "scheduled_arrival": "2013-01-01T14:19:00Z",
}
"""The first flight of the year; nothing has happened before it, so it has only a schedule."""


def predict(run: Run, show: Show) -> str:
    """Ask the endpoint whether the first flight of the year will be late."""
    show.say("asking the endpoint")
    probability = invoke(run.output("EndpointName"), schedule_features(PLANNED))
    return f"UA to IAH late with probability {probability:.3f}"


def invoke(endpoint: str, features: dict[str, Any]) -> float:
    """The probability that the endpoint gives one flight."""
    try:
        answer = aws.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=endpoint,
            ContentType="application/json",
            Accept="application/json",
            Body=json.dumps({"instances": [features]}).encode(),
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ModelError":
            raise
        tail = log_tail(f"/aws/sagemaker/Endpoints/{endpoint}")
        raise JobFailedError(error.response["Error"]["Message"], log_tail=tail) from error
    (prediction,) = json.loads(answer["Body"].read())["predictions"]
    return float(prediction["probability"])
