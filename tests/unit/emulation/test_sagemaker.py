"""SageMaker's parts that need no process: names, filters, constraints, arguments."""

import boto3.session
import pytest
from localstack.aws.api import CommonServiceException

from emulation.compute import images
from emulation.compute.sagemaker_runtime import train
from emulation.services import validation
from emulation.services.sagemaker import listing
from emulation.services.sagemaker.roles import trusts_sagemaker
from emulation.services.sagemaker.storage import Location, StorageError, inside, relative_name


@pytest.fixture(scope="module")
def api():
    return boto3.session.Session()._session.get_service_model("sagemaker")


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        (
            "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2",
            "sagemaker-scikit-learn",
        ),
        ("localhost:5000/team/terrarium-models", "terrarium-models"),
        ("terrarium-models@sha256:00", "terrarium-models"),
    ],
)
def test_image_is_known_by_its_repository(uri, name):
    assert images.repository(uri) == name
    assert images.find(uri).repository == name


def test_unknown_image_is_named():
    with pytest.raises(images.UnknownImageError, match="the image acme/x:1"):
        images.find("acme/x:1")


@pytest.mark.parametrize(
    ("prefix", "key", "name"),
    [
        ("data/", "data/a/b.csv", "a/b.csv"),
        ("data", "data/a/b.csv", "a/b.csv"),
        ("data/a.csv", "data/a.csv", "a.csv"),
        ("data/tr", "data/train/a.csv", "train/a.csv"),
        ("", "a/b.csv", "a/b.csv"),
    ],
)
def test_object_lies_in_the_channel_under_what_follows_the_prefix(prefix, key, name):
    assert relative_name(prefix, key) == name


def test_object_name_cannot_leave_the_channel(tmp_path):
    with pytest.raises(StorageError):
        inside(tmp_path, "a/../../b")


@pytest.mark.parametrize(
    ("uri", "bucket", "key"),
    [
        ("s3://b/a/k", "b", "a/k"),
        ("s3://b", "b", ""),
        ("https://b.s3.us-east-1.amazonaws.com/k", "b", "k"),
        ("https://s3.us-east-1.amazonaws.com/b/k", "b", "k"),
    ],
)
def test_location_is_read_from_either_form(uri, bucket, key):
    assert Location.parse(uri) == Location(bucket, key)


def test_all_violations_come_in_one_message(api):
    request = {
        "EndpointConfigName": "a b",
        "ProductionVariants": [{"VariantName": "v", "InitialInstanceCount": 0}],
    }
    with pytest.raises(CommonServiceException) as refused:
        validation.check(api.operation_model("CreateEndpointConfig"), request)
    assert refused.value.code == "ValidationException"
    assert refused.value.message == (
        "2 validation errors detected: Value 'a b' at 'endpointConfigName' failed to satisfy"
        " constraint: Member must satisfy regular expression pattern:"
        " [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}; Value '0' at"
        " 'productionVariants.1.member.initialInstanceCount' failed to satisfy constraint: Member"
        " must have value greater than or equal to 1"
    )


@pytest.mark.parametrize(("key", "valid"), [("Team name é", True), ("#", False)])
def test_patterns_of_java_are_understood(api, key, valid):
    request = {
        "ResourceArn": "arn:aws:sagemaker:us-east-1:000000000000:model/m",
        "Tags": [{"Key": key, "Value": ""}],
    }
    if valid:
        validation.check(api.operation_model("AddTags"), request)
    else:
        with pytest.raises(CommonServiceException, match="at 'tags.1.member.key'"):
            validation.check(api.operation_model("AddTags"), request)


def test_missing_member_is_null(api):
    with pytest.raises(CommonServiceException, match="Value null at 'modelName'"):
        validation.check(api.operation_model("DescribeModel"), {})


def summaries():
    return [
        {"EndpointName": name, "EndpointStatus": "InService", "CreationTime": number}
        for number, name in enumerate(["b-one", "a-two", "c-one"])
    ]


def names(page):
    return [item["EndpointName"] for item in page]


def test_list_filters_sorts_and_pages():
    request = {"NameContains": "one", "SortBy": "Name", "SortOrder": "Descending", "MaxResults": 1}
    first, more = listing.list_page(request, summaries(), "Endpoint", newest_first=True)
    second, end = listing.list_page(request | more, summaries(), "Endpoint", newest_first=True)
    assert (names(first), names(second), end) == (["c-one"], ["b-one"], {})


def test_list_refuses_a_token_that_it_did_not_give():
    with pytest.raises(CommonServiceException, match="Invalid NextToken"):
        listing.list_page({"NextToken": "nonsense"}, [], "Endpoint", newest_first=True)


@pytest.mark.parametrize(
    ("statement", "trusted"),
    [
        ({"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}}, True),
        ({"Effect": "Allow", "Principal": {"Service": ["a", "sagemaker.amazonaws.com"]}}, True),
        ({"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}, False),
        ({"Effect": "Deny", "Principal": {"Service": "sagemaker.amazonaws.com"}}, False),
    ],
)
def test_role_must_trust_sagemaker(statement, trusted):
    assert trusts_sagemaker({"Statement": statement}) is trusted


def test_hyperparameters_become_sorted_arguments():
    decoded = {
        name: train.decode(text) for name, text in {"lr": "0.1", "b": '"x y"', "on": "true"}.items()
    }
    assert train.user_arguments(decoded) == ["-b", "x y", "--lr", "0.1", "--on", "True"]


def test_requirements_are_met_by_what_is_installed_or_named(tmp_path):
    path = tmp_path / "requirements.txt"
    path.write_text(
        "# mine\npytest>=1\nno-such-package==1\npytest>=9999\nx; python_version < '3'\n"
    )
    assert train.missing_requirements(path) == ["no-such-package==1", "pytest>=9999"]
