"""What surrounds the loop, as working miniatures of AWS's services in memory."""

import gzip
import hashlib
import io
import json
from datetime import UTC, datetime, timedelta

from botocore.exceptions import ClientError

LAKE = "lake"


def failure(code, message=""):
    return ClientError({"Error": {"Code": code, "Message": message or code}}, "Operation")


class Bucket:
    """S3: objects with tags and times, lists in pages, writes that may ask for absence."""

    def __init__(self):
        self.objects = {}
        self.modified = {}
        self.puts = []
        self.before_put = lambda key: None
        self._clock = datetime(2026, 1, 1, tzinfo=UTC)

    def put_object(self, *, Bucket, Key, Body, IfNoneMatch=None, ContentType=None):
        assert Bucket == LAKE
        self.before_put(Key)
        if IfNoneMatch == "*" and Key in self.objects:
            raise failure("PreconditionFailed")
        self._clock += timedelta(seconds=1)
        self.objects[Key], self.modified[Key] = Body, self._clock
        self.puts.append(Key)

    def get_object(self, *, Bucket, Key):
        if Key not in self.objects:
            raise failure("NoSuchKey")
        return {"Body": io.BytesIO(self.objects[Key])}

    def delete_object(self, *, Bucket, Key):
        self.objects.pop(Key, None)

    def get_paginator(self, operation):
        assert operation == "list_objects_v2"
        return self

    def paginate(self, *, Bucket, Prefix):
        names = sorted(name for name in self.objects if name.startswith(Prefix))
        yield {}
        for name in names:
            tag = hashlib.md5(self.objects[name]).hexdigest()
            yield {"Contents": [{"Key": name, "ETag": tag, "LastModified": self.modified[name]}]}

    def json(self, key):
        return json.loads(self.objects[key])

    def put_json(self, key, content):
        self.put_object(Bucket=LAKE, Key=key, Body=json.dumps(content).encode())

    def lines(self, prefix):
        keys = sorted(key for key in self.objects if key.startswith(prefix))
        return [json.loads(line) for key in keys for line in self.objects[key].splitlines()]


class Endpoint:
    """SageMaker's runtime: a model that knows the distance, and captures what it answers."""

    def __init__(self, bucket):
        self.bucket = bucket
        self.version = "1"
        self.asked = []
        self.fail_after = None

    def invoke_endpoint(self, *, EndpointName, ContentType, Accept, InferenceId, Body):
        assert len(InferenceId) <= 64
        if self.fail_after is not None and len(self.asked) >= self.fail_after:
            raise failure("ModelError")
        instances = json.loads(Body)["instances"]
        self.asked.append((InferenceId, instances))
        predictions = [
            {"probability": item["distance"] / 10000, "late": False} for item in instances
        ]
        told = json.dumps({"predictions": predictions, "model_version": self.version})
        self._capture(EndpointName, InferenceId, Body.decode(), told)
        return {"Body": io.BytesIO(told.encode()), "InvokedProductionVariant": "live"}

    def _capture(self, endpoint, name, asked, told):
        kind = {"observedContentType": "application/json", "encoding": "JSON"}
        line = {
            "captureData": {
                "endpointInput": {**kind, "mode": "INPUT", "data": asked},
                "endpointOutput": {**kind, "mode": "OUTPUT", "data": told},
            },
            "eventMetadata": {
                "eventId": f"event-{len(self.asked)}",
                "inferenceId": name,
                "inferenceTime": "2026-01-01T00:00:00Z",
            },
            "eventVersion": "0",
        }
        key = f"captures/{endpoint}/live/2026/01/01/00/{len(self.asked):04}.jsonl"
        self.bucket.put_json(key, line)


class Jobs:
    """SageMaker's processing jobs: a name is given once."""

    def __init__(self):
        self.jobs = {}

    def create_processing_job(self, **request):
        name = request["ProcessingJobName"]
        if name in self.jobs:
            raise failure("ResourceInUse")
        self.jobs[name] = {**request, "ProcessingJobStatus": "InProgress"}

    def describe_processing_job(self, *, ProcessingJobName):
        if ProcessingJobName not in self.jobs:
            raise failure("ValidationException", "Could not find requested job")
        return self.jobs[ProcessingJobName]

    def end(self, name, status="Completed"):
        self.jobs[name]["ProcessingJobStatus"] = status


class Pipeline:
    """CodePipeline: executions, one for each token."""

    def __init__(self):
        self.executions = {}
        self.requests = []
        self.fails_with = None

    def start_pipeline_execution(self, *, name, variables, clientRequestToken):
        if self.fails_with:
            raise self.fails_with
        self.requests.append({item["name"]: item["value"] for item in variables})
        identity = f"execution-{clientRequestToken}"
        self.executions.setdefault(identity, "InProgress")
        return {"pipelineExecutionId": identity}

    def get_paginator(self, operation):
        assert operation == "list_pipeline_executions"
        return self

    def paginate(self, *, pipelineName):
        for identity, status in self.executions.items():
            summary = {"pipelineExecutionId": identity, "status": status}
            yield {"pipelineExecutionSummaries": [summary]}


class Functions:
    """Lambda: who was woken."""

    def __init__(self):
        self.woken = []

    def invoke(self, *, FunctionName, InvocationType, Payload):
        assert InvocationType == "Event"
        self.woken.append(FunctionName)


class Cloud:
    """All of it."""

    def __init__(self):
        self.bucket = Bucket()
        self.endpoint = Endpoint(self.bucket)
        self.jobs, self.pipeline, self.functions = Jobs(), Pipeline(), Functions()
        self.services = {
            "s3": self.bucket,
            "sagemaker-runtime": self.endpoint,
            "sagemaker": self.jobs,
            "codepipeline": self.pipeline,
            "lambda": self.functions,
        }

    def request(self, month, flights):
        """What the Spark job leaves."""
        body = "\n".join(json.dumps(flight) for flight in flights).encode()
        key = f"processed/requests/month={month}/part-{len(self.bucket.puts)}.json.gz"
        for old in [k for k in self.bucket.objects if k.startswith(key.rpartition("/")[0])]:
            del self.bucket.objects[old]
        self.bucket.put_object(Bucket=LAKE, Key=key, Body=gzip.compress(body, mtime=0))

    def service(self, **changes):
        """A model is in service."""
        told = {"model_version": "1", "scored_from": "2013-04-01", "tested_until": "2013-04-01"}
        self.bucket.put_json("monitoring/t/service.json", {**told, **changes})


class Context:
    """Lambda's context, with time for so many questions."""

    def __init__(self, questions=10**6):
        self.left = questions

    def get_remaining_time_in_millis(self):
        self.left -= 1
        return 900_000 if self.left >= 0 else 0


def flight(day, number, distance=100):
    return {
        "flight_id": f"{day}/UA/{number}/EWR",
        "flight_date": day,
        "scheduled_departure": f"{day}T12:{number % 60:02}:00Z",
        "score_time": f"{day}T10:{number % 60:02}:00Z",
        "carrier": "UA",
        "origin": "EWR",
        "distance": distance + number,
    }
