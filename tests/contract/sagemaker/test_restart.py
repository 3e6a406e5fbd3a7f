"""What is left of SageMaker's work when the emulator is killed and is back."""

import json
import signal

import pytest
from botocore.exceptions import ClientError

from tests.contract.sagemaker.monitoring import definition, schedule
from tests.contract.sagemaker.processing import resources
from tests.contract.sagemaker.programs import IMAGE

SERVE = (
    "def model_fn(folder): return 1\ndef transform_fn(model, body, kind, accept): return 'hello'"
)


@pytest.fixture
def emulator(own_emulator, archive):
    """An emulator with a bucket, a role and the source of two programs."""
    s3 = own_emulator.aws("s3")
    s3.create_bucket(Bucket="lab")
    source = archive({"quick.py": "", "slow.py": "import time; time.sleep(600)"})
    s3.put_object(Bucket="lab", Key="source.tar.gz", Body=source)
    s3.put_object(Bucket="lab", Key="model.tar.gz", Body=archive({"code/inference.py": SERVE}))
    principal = {"Service": "sagemaker.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    own_emulator.role = own_emulator.aws("iam").create_role(
        RoleName="trainer",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statement}),
    )["Role"]["Arn"]
    return own_emulator


def start_job(emulator, name):
    emulator.aws("sagemaker").create_training_job(
        TrainingJobName=name,
        RoleArn=emulator.role,
        AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        HyperParameters={
            "sagemaker_program": f"{name}.py",
            "sagemaker_submit_directory": "s3://lab/source.tar.gz",
        },
        OutputDataConfig={"S3OutputPath": "s3://lab/models"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        StoppingCondition={"MaxRuntimeInSeconds": 600},
    )


def start_endpoint(sagemaker):
    container = {"Image": IMAGE, "ModelDataUrl": "s3://lab/model.tar.gz"}
    sagemaker.create_model(ModelName="m", PrimaryContainer=container)
    variant = {
        "VariantName": "v",
        "ModelName": "m",
        "InitialInstanceCount": 1,
        "InstanceType": "ml.m5.large",
    }
    sagemaker.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="c")


def start_processing(emulator):
    application = {"ImageUri": IMAGE, "ContainerEntrypoint": ["sleep", "600"]}
    emulator.aws("sagemaker").create_processing_job(
        ProcessingJobName="long",
        RoleArn=emulator.role,
        AppSpecification=application,
        ProcessingResources=resources(),
    )


def register(sagemaker):
    container = {"Image": IMAGE, "ModelDataUrl": "s3://lab/model.tar.gz"}
    return sagemaker.create_model_package(
        ModelPackageGroupName="delays", InferenceSpecification={"Containers": [container]}
    )["ModelPackageArn"]


def start_monitor(emulator):
    sagemaker = emulator.aws("sagemaker")
    sagemaker.create_data_quality_job_definition(
        **definition("DataQuality", "hourly", "e", "lab", emulator.role)
    )
    when = {"ScheduleExpression": "cron(0 * ? * * *)"}
    sagemaker.create_monitoring_schedule(**schedule("DataQuality", "hourly", when))


def status(sagemaker, job):
    return sagemaker.describe_training_job(TrainingJobName=job)["TrainingJobStatus"]


def endpoint_status(sagemaker):
    return sagemaker.describe_endpoint(EndpointName="e")["EndpointStatus"]


def test_work_after_kill_9(emulator, waiting):
    sagemaker = emulator.aws("sagemaker")
    start_job(emulator, "quick")
    waiting("the quick job", lambda: status(sagemaker, "quick") == "Completed")
    start_endpoint(sagemaker)
    sagemaker.create_model_package_group(ModelPackageGroupName="delays")
    version = register(sagemaker)
    sagemaker.update_model_package(ModelPackageArn=version, ModelApprovalStatus="Approved")
    start_monitor(emulator)
    start_processing(emulator)
    start_job(emulator, "slow")
    waiting("the slow job", lambda: status(sagemaker, "slow") == "InProgress")
    waiting("the endpoint", lambda: endpoint_status(sagemaker) == "InService")
    last = ("processing-job/long", "training-job/slow", "InService")
    waiting("the snapshot", lambda: emulator.has_saved("sagemaker", *last))
    emulator.end(signal.SIGKILL)
    emulator.start()
    assert status(sagemaker, "quick") == "Completed"
    slow = sagemaker.describe_training_job(TrainingJobName="slow")
    assert slow["TrainingJobStatus"] == "Failed"
    assert slow["FailureReason"].startswith("InternalServerError: the emulator ended")
    slow = sagemaker.describe_processing_job(ProcessingJobName="long")
    assert slow["ProcessingJobStatus"] == "Failed"
    assert slow["FailureReason"].startswith("InternalServerError: the emulator ended")
    kept = sagemaker.describe_model_package(ModelPackageName=version)
    assert kept["ModelApprovalStatus"] == "Approved"
    assert register(sagemaker).endswith(":model-package/delays/2")
    found = sagemaker.describe_monitoring_schedule(MonitoringScheduleName="hourly")
    assert found["MonitoringScheduleStatus"] == "Scheduled"
    answer = emulator.aws("sagemaker-runtime").invoke_endpoint(EndpointName="e", Body=b"")
    assert answer["Body"].read() == b"hello"
    assert endpoint_status(sagemaker) == "InService"
    with pytest.raises(ClientError, match="is in status Failed"):
        sagemaker.stop_training_job(TrainingJobName="slow")
