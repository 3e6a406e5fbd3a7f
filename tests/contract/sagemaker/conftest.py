import json

import pytest
from botocore.exceptions import ClientError

from tests.contract.sagemaker.programs import DOUBLE, IMAGE, TRAIN
from tests.contract.sagemaker.serving import is_gone
from tests.contract.sagemaker.training import LOGS, channel, trust

AT_REST = {"InService", "Failed", "UpdateRollbackFailed"}


@pytest.fixture
def sagemaker(aws):
    return aws("sagemaker")


@pytest.fixture
def runtime(aws):
    return aws("sagemaker-runtime")


@pytest.fixture
def model(aws, sagemaker, bucket, unique, archive):
    """A model of a program; its archive has the program in `code/`."""
    made = []

    def create(program=DOUBLE, suffix="", **container):
        name = f"{unique}{suffix}"
        files = {"model.json": json.dumps({"factor": 2}), "code/inference.py": program}
        key = f"{name}/model.tar.gz"
        aws("s3").put_object(Bucket=bucket, Key=key, Body=archive(files))
        data = {"Image": IMAGE, "ModelDataUrl": f"s3://{bucket}/{key}", **container}
        sagemaker.create_model(ModelName=name, PrimaryContainer=data)
        made.append(name)
        return name

    yield create
    for name in made:
        sagemaker.delete_model(ModelName=name)


@pytest.fixture
def config(sagemaker):
    made = []

    def create(name, *variants, **settings):
        sagemaker.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=list(variants), **settings
        )
        made.append(name)
        return name

    yield create
    for name in made:
        sagemaker.delete_endpoint_config(EndpointConfigName=name)


@pytest.fixture
def settled(sagemaker, waiting):
    """The description of an endpoint at rest."""

    def wait(name):
        def at_rest():
            found = sagemaker.describe_endpoint(EndpointName=name)
            return found if found["EndpointStatus"] in AT_REST else None

        return waiting(f"endpoint {name} to settle", at_rest, 120)

    return wait


@pytest.fixture
def endpoint(sagemaker, unique, config, settled, waiting):
    """An endpoint of variants, at rest; deleted afterwards."""
    made = []

    def create(*variants, name=unique, **settings):
        config(name, *variants, **settings)
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        made.append(name)
        return settled(name)

    yield create
    for name in made:
        settled(name)
        sagemaker.delete_endpoint(EndpointName=name)
        waiting(f"endpoint {name} to go", lambda name=name: is_gone(sagemaker, name))


@pytest.fixture
def role(aws, unique):
    iam = aws("iam")
    created = iam.create_role(
        RoleName=unique, AssumeRolePolicyDocument=trust("sagemaker.amazonaws.com")
    )
    yield created["Role"]["Arn"]
    iam.delete_role(RoleName=unique)


@pytest.fixture
def request_for(aws, bucket, role, unique, archive):
    """A valid CreateTrainingJob request for a program."""
    s3 = aws("s3")

    def build(program: str | None = TRAIN, **changes):
        s3.put_object(Bucket=bucket, Key="data/2013/a.csv", Body=b"1,2\n")
        if program is not None:
            source = archive({"train.py": program})
            s3.put_object(Bucket=bucket, Key="source.tar.gz", Body=source)
        return {
            "TrainingJobName": unique,
            "RoleArn": role,
            "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            "HyperParameters": {
                "sagemaker_program": '"train.py"',
                "sagemaker_submit_directory": f'"s3://{bucket}/source.tar.gz"',
                "rate": "0.1",
            },
            "InputDataConfig": [channel(f"s3://{bucket}/data")],
            "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/models"},
            "ResourceConfig": {
                "InstanceType": "ml.m5.large",
                "InstanceCount": 1,
                "VolumeSizeInGB": 1,
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
            **changes,
        }

    return build


@pytest.fixture
def finished(sagemaker, waiting):
    """The description of a job once it has ended."""

    def wait(name):
        def ended():
            job = sagemaker.describe_training_job(TrainingJobName=name)
            return job if job["TrainingJobStatus"] in {"Completed", "Failed", "Stopped"} else None

        return waiting(f"training job {name} to end", ended, 120)

    return wait


@pytest.fixture
def run(sagemaker, finished):
    def create_and_wait(request):
        sagemaker.create_training_job(**request)
        return finished(request["TrainingJobName"])

    return create_and_wait


@pytest.fixture
def log_lines(aws):
    logs = aws("logs")

    def read(name):
        streams = logs.describe_log_streams(
            logGroupName=LOGS, logStreamNamePrefix=f"{name}/algo-1-"
        )
        stream = streams["logStreams"][0]["logStreamName"]
        events = logs.get_log_events(logGroupName=LOGS, logStreamName=stream, startFromHead=True)
        return [event["message"] for event in events["events"]]

    return read


@pytest.fixture
def pid_of(aws, waiting, log_lines):
    """The process number that the program printed."""

    def wait(name):
        def printed():
            try:
                lines = log_lines(name)
            except (ClientError, IndexError):
                return None
            return next((line for line in lines if line.startswith("pid ")), None)

        return int(waiting("the program to start", printed, 60).split()[1])

    return wait


@pytest.fixture
def alarm(aws, unique):
    """An alarm in OK that the test may trip; nothing measures its metric."""
    cloudwatch = aws("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=unique,
        Namespace=unique,
        MetricName="Nothing",
        Statistic="Sum",
        Period=3600,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
    )

    def set_state(state):
        cloudwatch.set_alarm_state(AlarmName=unique, StateValue=state, StateReason="test")

    set_state("OK")
    yield set_state
    cloudwatch.delete_alarms(AlarmNames=[unique])
