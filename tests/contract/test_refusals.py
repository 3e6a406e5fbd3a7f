"""What is not emulated is refused by name: no canned answer, no success for work that never ran."""

import httpx
import pytest
from botocore.exceptions import ClientError


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("ec2", "request_spot_instances", {"InstanceCount": 1}),
        ("sagemaker", "list_labeling_jobs", {}),
        ("glue", "create_workflow", {"Name": "w"}),
        ("redshift", "describe_clusters", {}),
        ("logs", "describe_export_tasks", {}),
        ("ssm", "describe_instance_information", {}),
    ],
)
def test_operation_is_refused_by_name(aws, service, operation, arguments):
    client = aws(service)
    name = client.meta.method_to_api_mapping[operation]
    with pytest.raises(ClientError) as refusal:
        getattr(client, operation)(**arguments)
    status = refusal.value.response["ResponseMetadata"]["HTTPStatusCode"]
    assert (status, f"{service}.{name} is not emulated" in str(refusal.value)) == (501, True)


def test_unknown_service_is_refused_by_name(aws):
    with pytest.raises(ClientError) as refusal:
        aws("athena").list_work_groups()
    assert "athena.ListWorkGroups is not emulated" in str(refusal.value)


def test_health_lists_our_services(endpoint_url):
    services = httpx.get(f"{endpoint_url}/_localstack/health", trust_env=False).json()["services"]
    assert {"kinesis", "glue", "redshift-data", "redshift-serverless", "sagemaker"} <= set(services)
