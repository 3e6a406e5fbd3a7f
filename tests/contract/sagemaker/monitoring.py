"""What a monitor is asked with: captures, truths, definitions, schedules."""

import json
import time
from datetime import UTC, datetime

from tests.contract.sagemaker.processing import resources, s3_input, s3_output

ANALYZER = "156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer"
CLARIFY = "205585389593.dkr.ecr.us-east-1.amazonaws.com/sagemaker-clarify-processing:1.0"
NOW = {
    "ScheduleExpression": "NOW",
    "DataAnalysisStartTime": "-PT1H",
    "DataAnalysisEndTime": "-PT0H",
}
ENDED = {"Completed", "CompletedWithViolations", "Failed", "Stopped"}


def capture(number, asked, answered):
    """A line of captured data, of a minute ago."""

    def part(mode, data):
        return {"observedContentType": "text/csv", "mode": mode, "data": data, "encoding": "CSV"}

    data = {"endpointInput": part("INPUT", asked), "endpointOutput": part("OUTPUT", answered)}
    metadata = {"eventId": f"e{number}", "inferenceTime": moment().strftime("%Y-%m-%dT%H:%M:%SZ")}
    return json.dumps({"captureData": data, "eventMetadata": metadata, "eventVersion": "0"})


def truth(number, label):
    data = {"data": label, "encoding": "CSV"}
    line = {"groundTruthData": data, "eventMetadata": {"eventId": f"e{number}"}}
    return json.dumps(line | {"eventVersion": "0"})


def moment():
    return datetime.fromtimestamp(time.time() - 60, UTC)


def put_lines(s3, bucket, prefix, lines):
    """Lines in the folder of their hour."""
    key = f"{prefix}/{moment():%Y/%m/%d/%H}/some.jsonl"
    s3.put_object(Bucket=bucket, Key=key, Body="\n".join(lines).encode())


def endpoint_input(endpoint, **attributes):
    place = {"EndpointName": endpoint, "LocalPath": "/opt/ml/processing/input/endpoint"}
    return {"EndpointInput": place | attributes}


def output_config(uri):
    place = {"S3Uri": uri, "LocalPath": "/opt/ml/processing/output"}
    return {"MonitoringOutputs": [{"S3Output": place}]}


def definition(kind, name, endpoint, bucket, role, *, baseline="baseline", **changes):
    """A request of Create`kind`JobDefinition."""
    files = {"ConstraintsResource": {"S3Uri": f"s3://{bucket}/{baseline}/constraints.json"}}
    if kind == "DataQuality":
        files["StatisticsResource"] = {"S3Uri": f"s3://{bucket}/{baseline}/statistics.json"}
    return {
        "JobDefinitionName": name,
        f"{kind}BaselineConfig": files,
        f"{kind}AppSpecification": {"ImageUri": ANALYZER},
        f"{kind}JobInput": endpoint_input(endpoint),
        f"{kind}JobOutputConfig": output_config(f"s3://{bucket}/reports"),
        "JobResources": resources(),
        "RoleArn": role,
        **changes,
    }


def baseline_job(name, bucket, role, **environment):
    """A request of CreateProcessingJob that suggests a baseline, as the SDK makes it."""
    data = s3_input("baseline_dataset_input", f"s3://{bucket}/baseline.csv", "input/baseline")
    return {
        "ProcessingJobName": name,
        "RoleArn": role,
        "AppSpecification": {"ImageUri": ANALYZER},
        "Environment": {
            "dataset_format": json.dumps({"csv": {"header": True}}),
            "dataset_source": "/opt/ml/processing/input/baseline",
            "output_path": "/opt/ml/processing/output",
            "publish_cloudwatch_metrics": "Disabled",
            **environment,
        },
        "ProcessingInputs": [data],
        "ProcessingOutputConfig": {
            "Outputs": [s3_output("monitoring_output", f"s3://{bucket}/baseline", "output")]
        },
        "ProcessingResources": resources(),
    }


def schedule(kind, name, when=NOW):
    config = {
        "ScheduleConfig": when,
        "MonitoringJobDefinitionName": name,
        "MonitoringType": kind,
    }
    return {"MonitoringScheduleName": name, "MonitoringScheduleConfig": config}


def execution(sagemaker, waiting, name):
    """The end of a schedule's one execution."""

    def look():
        answer = sagemaker.list_monitoring_executions(MonitoringScheduleName=name)
        found = [
            item
            for item in answer["MonitoringExecutionSummaries"]
            if item["MonitoringExecutionStatus"] in ENDED
        ]
        return found[0] if found else None

    return waiting(f"an execution of {name}", look, 120)


def read(s3, bucket, key):
    return json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
