import pytest
from botocore.exceptions import ClientError

from tests.contract.codepipeline.declarations import FILES, declaration, zipped

ENDED = {"Succeeded", "Failed", "Stopped", "Superseded", "Cancelled"}


class Pipeline:
    """A pipeline, and what became of its executions."""

    def __init__(self, client, name, waiting):
        self.client = client
        self.name = name
        self.waiting = waiting

    def start(self, **request) -> str:
        return self.client.start_pipeline_execution(name=self.name, **request)[
            "pipelineExecutionId"
        ]

    def executions(self, **request):
        """The latest first."""
        return self.client.list_pipeline_executions(pipelineName=self.name, **request)[
            "pipelineExecutionSummaries"
        ]

    def execution(self, identifier):
        return self.client.get_pipeline_execution(
            pipelineName=self.name, pipelineExecutionId=identifier
        )["pipelineExecution"]

    def first(self) -> str:
        return self.executions()[-1]["pipelineExecutionId"]

    def end(self, identifier=None) -> str:
        """The status that an execution ends with; the first's, if none is named."""
        identifier = identifier or self.first()

        def status():
            now = self.execution(identifier)["status"]
            return now if now in ENDED else None

        return self.waiting(f"{self.name} to end", status)

    def actions(self, identifier=None, **given):
        """The runs of an execution's actions by name, the latest of each."""
        wanted = {"pipelineExecutionId": identifier or self.first()}
        found = self.client.list_action_executions(
            pipelineName=self.name, filter=given.get("filter", wanted)
        )["actionExecutionDetails"]
        return {run["actionName"]: run for run in reversed(found)}

    def stage(self, name):
        """A stage's state."""
        states = self.client.get_pipeline_state(name=self.name)["stageStates"]
        return next(state for state in states if state["stageName"] == name)

    def latest(self, stage, name="Ask"):
        """The latest run of an action, as the pipeline's state tells it."""
        states = self.stage(stage)["actionStates"]
        found = next(state for state in states if state["actionName"] == name)
        return found.get("latestExecution", {})

    def asks(self, stage="Gate", name="Ask", *, of=None) -> str:
        """The token of an approval that waits; in the execution `of`, if one is named."""

        def token():
            there = self.stage(stage).get("latestExecution", {}).get("pipelineExecutionId")
            if of not in {None, there}:
                return None
            return self.latest(stage, name).get("token")

        return self.waiting(f"{self.name} to ask", token)

    def answer(self, token, status="Approved", *, stage="Gate", name="Ask", summary="seen"):
        return self.client.put_approval_result(
            pipelineName=self.name,
            stageName=stage,
            actionName=name,
            result={"status": status, "summary": summary},
            token=token,
        )


@pytest.fixture
def codepipeline(aws):
    return aws("codepipeline")


@pytest.fixture
def versioned(aws, unique, waiting):
    """A bucket that keeps versions, with `source.zip`; gone afterwards."""
    s3 = aws("s3")
    s3.create_bucket(Bucket=unique)
    s3.put_bucket_versioning(Bucket=unique, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=unique, Key="source.zip", Body=zipped(FILES))
    yield unique
    waiting("the bucket to be empty", lambda: deleted(s3, unique))


def deleted(s3, bucket) -> bool:
    """A deleted pipeline's action may still be writing."""
    found = s3.list_object_versions(Bucket=bucket)
    for item in [*found.get("Versions", []), *found.get("DeleteMarkers", [])]:
        s3.delete_object(Bucket=bucket, Key=item["Key"], VersionId=item["VersionId"])
    try:
        s3.delete_bucket(Bucket=bucket)
    except ClientError as error:
        return error.response["Error"]["Code"] != "BucketNotEmpty"
    return True


@pytest.fixture
def pipeline(codepipeline, versioned, waiting):
    """`pipeline(("Gate", approval()), executionMode="QUEUED")`: created; deleted afterwards."""
    made = []

    def create(*stages, **members) -> Pipeline:
        name = f"{versioned}-{len(made)}"
        codepipeline.create_pipeline(pipeline=declaration(name, versioned, *stages, **members))
        made.append(name)
        return Pipeline(codepipeline, name, waiting)

    yield create
    for name in made:
        codepipeline.delete_pipeline(name=name)


@pytest.fixture
def gone_stack(aws, unique):
    """The name of a stack that a test makes; deleted afterwards."""
    yield unique
    aws("cloudformation").delete_stack(StackName=unique)
