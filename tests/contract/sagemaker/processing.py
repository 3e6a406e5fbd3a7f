"""What a processing job is asked with, and how its end is awaited."""

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
LOGS = "/aws/sagemaker/ProcessingJobs"
ENDED = {"Completed", "Failed", "Stopped"}


def s3_input(name, uri, folder, **changes):
    source = {
        "S3Uri": uri,
        "LocalPath": f"/opt/ml/processing/{folder}",
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
        "S3DataDistributionType": "FullyReplicated",
    }
    return {"InputName": name, "S3Input": source | changes}


def s3_output(name, uri, folder, mode="EndOfJob"):
    place = {"S3Uri": uri, "LocalPath": f"/opt/ml/processing/{folder}", "S3UploadMode": mode}
    return {"OutputName": name, "S3Output": place}


def resources(count=1):
    cluster = {"InstanceType": "ml.m5.large", "InstanceCount": count, "VolumeSizeInGB": 1}
    return {"ClusterConfig": cluster}


def ended(sagemaker, waiting, name):
    def look():
        job = sagemaker.describe_processing_job(ProcessingJobName=name)
        return job if job["ProcessingJobStatus"] in ENDED else None

    return waiting(f"processing job {name} to end", look, 120)


def log_lines(logs, name):
    streams = logs.describe_log_streams(logGroupName=LOGS, logStreamNamePrefix=f"{name}/algo-1-")
    (stream,) = streams["logStreams"]
    events = logs.get_log_events(
        logGroupName=LOGS, logStreamName=stream["logStreamName"], startFromHead=True
    )
    return [event["message"] for event in events["events"]]


def keys(s3, bucket, prefix):
    answer = s3.list_objects_v2(Bucket=bucket, Prefix=prefix)
    return [item["Key"] for item in answer.get("Contents", [])]
