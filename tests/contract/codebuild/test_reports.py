"""Test reports of JUnit XML."""

import uuid

import pytest
from botocore.exceptions import ClientError

TESTS = """
version: 0.2
phases:
  build:
    commands:
      - mkdir -p out
      - >-
        printf '<testsuites><testsuite name="unit" time="1.5">
        <testcase classname="a.b" name="good" time="1.0"/>
        <testcase classname="a.b" name="bad" time="0.5"><failure message="boom">line 3</failure>
        </testcase><testcase classname="a.b" name="left"><skipped message="later"/></testcase>
        </testsuite></testsuites>' > out/junit.xml
      - exit 1
reports:
  unit:
    base-directory: out
    files: ['*.xml']
"""


@pytest.fixture(scope="module")
def reported(builder):
    name = f"reports-{uuid.uuid4().hex[:8]}"
    builder.project(name)
    return builder.run(name, TESTS)


def test_report_of_a_failed_build_tells_its_tests(builder, reported):
    (arn,) = reported["reportArns"]
    (report,) = builder.client.batch_get_reports(reportArns=[arn])["reports"]
    assert report["status"] == "FAILED"
    assert report["executionId"] == reported["arn"]
    assert report["reportGroupArn"].endswith(f":report-group/{reported['projectName']}-unit")
    assert report["testSummary"] == {
        "total": 3,
        "statusCounts": {"SUCCEEDED": 1, "FAILED": 1, "ERROR": 0, "SKIPPED": 1, "UNKNOWN": 0},
        "durationInNanoSeconds": 1_500_000_000,
    }
    failed = builder.client.describe_test_cases(reportArn=arn, filter={"status": "FAILED"})
    (case,) = failed["testCases"]
    assert (case["prefix"], case["name"], case["testSuiteName"]) == ("a.b", "bad", "unit")
    assert case["message"] == "boom\nline 3"


def test_reports_are_listed_by_group(builder, reported):
    (arn,) = reported["reportArns"]
    group = builder.client.batch_get_reports(reportArns=[arn])["reports"][0]["reportGroupArn"]
    client = builder.client
    assert group in client.list_report_groups()["reportGroups"]
    assert arn in client.list_reports(filter={"status": "FAILED"})["reports"]
    assert client.list_reports_for_report_group(reportGroupArn=group)["reports"] == [arn]
    trend = client.get_report_group_trend(reportGroupArn=group, trendField="TOTAL")
    assert trend["rawData"] == [{"reportArn": arn, "data": "3.0"}]


def test_report_group_exports_and_is_deleted_with_its_reports(builder, aws, bucket, unique):
    export = {"exportConfigType": "S3", "s3Destination": {"bucket": bucket, "path": "reports"}}
    group = builder.client.create_report_group(name=unique, type="TEST", exportConfig=export)
    arn = group["reportGroup"]["arn"]
    with pytest.raises(ClientError) as refused:
        builder.client.create_report_group(name=unique, type="TEST", exportConfig=export)
    assert refused.value.response["Error"]["Code"] == "ResourceAlreadyExistsException"

    builder.project(unique)
    build = builder.run(unique, TESTS.replace("  unit:", f"  {arn}:"))
    keys = [item["Key"] for item in aws("s3").list_objects_v2(Bucket=bucket)["Contents"]]
    assert keys == [f"reports/{build['reportArns'][0].rsplit(':', 1)[1]}/junit.xml"]

    with pytest.raises(ClientError) as refused:
        builder.client.delete_report_group(arn=arn)
    assert refused.value.response["Error"]["Code"] == "InvalidInputException"
    builder.client.delete_report_group(arn=arn, deleteReports=True)
    gone = builder.client.batch_get_reports(reportArns=build["reportArns"])
    assert gone["reportsNotFound"] == build["reportArns"]


def test_file_that_is_no_junit_fails_the_phase(builder, project, phase):
    text = TESTS.replace("- exit 1", "- echo no > out/other.xml")
    build = builder.run(project, text)
    (context,) = phase(build, "UPLOAD_ARTIFACTS")["contexts"]
    assert context["message"].startswith("Error parsing report file other.xml: syntax error")


def test_other_formats_are_refused_by_name(builder, project, phase):
    text = TESTS.replace("base-directory", "file-format: CUCUMBERJSON\n    base-directory")
    build = builder.run(project, text)
    (context,) = phase(build, "UPLOAD_ARTIFACTS")["contexts"]
    assert context["message"] == "the report file-format CUCUMBERJSON is not emulated"
