"""A variant of an endpoint, a question to it, and whether it is gone."""

from botocore.exceptions import ClientError


def variant(model_name, name="AllTraffic", **changes):
    return {
        "VariantName": name,
        "ModelName": model_name,
        "InitialInstanceCount": 1,
        "InstanceType": "ml.m5.large",
        **changes,
    }


def ask(runtime, name, body, **options):
    options = {"ContentType": "application/json", **options}
    return runtime.invoke_endpoint(EndpointName=name, Body=body, **options)["Body"].read()


def is_gone(sagemaker, name):
    try:
        sagemaker.describe_endpoint(EndpointName=name)
    except ClientError as error:
        return "Could not find endpoint" in str(error)
    return False
