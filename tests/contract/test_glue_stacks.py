"""Glue's CloudFormation types, and what is left of Glue after a kill of the emulator."""

import json
import signal

import pytest

ROLE = "arn:aws:iam::000000000000:role/glue"


def template(unique: str, bucket: str, *, column: str = "a", timeout: str = "5") -> str:
    columns = [{"Name": column, "Type": "string"}]
    resources = {
        "Lake": {
            "Type": "AWS::Glue::Database",
            "Properties": {
                "CatalogId": {"Ref": "AWS::AccountId"},
                "DatabaseInput": {"Name": unique},
            },
        },
        "Flights": {
            "Type": "AWS::Glue::Table",
            "Properties": {
                "CatalogId": {"Ref": "AWS::AccountId"},
                "DatabaseName": {"Ref": "Lake"},
                "TableInput": {"Name": "flights", "StorageDescriptor": {"Columns": columns}},
            },
        },
        "Crawler": {
            "Type": "AWS::Glue::Crawler",
            "Properties": {
                "Name": unique,
                "Role": ROLE,
                "DatabaseName": {"Ref": "Lake"},
                "Targets": {"S3Targets": [{"Path": f"s3://{bucket}/raw/"}]},
                "Tags": {"team": "lake"},
            },
        },
        "Job": {
            "Type": "AWS::Glue::Job",
            "Properties": {
                "Role": ROLE,
                "GlueVersion": "6.0",
                "Timeout": timeout,
                "Command": {"Name": "glueetl", "ScriptLocation": f"s3://{bucket}/script.py"},
                "DefaultArguments": {"--enable-metrics": True, "--lake": bucket},
            },
        },
    }
    names = ("Lake", "Flights", "Crawler", "Job")
    outputs = {name: {"Value": {"Ref": name}} for name in names}
    return json.dumps({"Resources": resources, "Outputs": outputs})


@pytest.fixture
def stack(aws, unique):
    """Deploy a template and give the outputs; deleted afterwards."""
    client = aws("cloudformation")

    def deploy(body: str, action: str = "create") -> dict[str, str]:
        getattr(client, f"{action}_stack")(StackName=unique, TemplateBody=body)
        waiter = client.get_waiter(f"stack_{action}_complete")
        waiter.wait(StackName=unique, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        found = client.describe_stacks(StackName=unique)["Stacks"][0]
        return {item["OutputKey"]: item["OutputValue"] for item in found["Outputs"]}

    yield deploy
    client.delete_stack(StackName=unique)
    client.get_waiter("stack_delete_complete").wait(
        StackName=unique, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )


def test_stack_makes_changes_and_deletes_them(aws, stack, unique, bucket):
    glue = aws("glue")
    outputs = stack(template(unique, bucket))
    assert (outputs["Lake"], outputs["Flights"], outputs["Crawler"]) == (unique, "flights", unique)
    job = glue.get_job(JobName=outputs["Job"])["Job"]
    assert (job["Timeout"], job["DefaultArguments"]["--enable-metrics"]) == (5, "true")
    assert glue.get_crawler(Name=unique)["Crawler"]["DatabaseName"] == unique
    again = stack(template(unique, bucket, column="b", timeout="9"), "update")
    assert again == outputs
    assert glue.get_job(JobName=outputs["Job"])["Job"]["Timeout"] == 9
    table = glue.get_table(DatabaseName=unique, Name="flights")["Table"]
    assert table["StorageDescriptor"]["Columns"][0]["Name"] == "b"
    client = aws("cloudformation")
    client.delete_stack(StackName=unique)
    waiter = client.get_waiter("stack_delete_complete")
    waiter.wait(StackName=unique, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    assert outputs["Job"] not in glue.list_jobs()["JobNames"]
    assert unique not in glue.list_crawlers()["CrawlerNames"]
    assert unique not in [item["Name"] for item in glue.get_databases()["DatabaseList"]]


def test_kill_leaves_the_catalog_and_fails_what_ran(own_emulator, waiting):
    glue, s3 = own_emulator.aws("glue"), own_emulator.aws("s3")
    s3.create_bucket(Bucket="scripts")
    s3.put_object(Bucket="scripts", Key="quick.py", Body=b"print('done')")
    s3.put_object(Bucket="scripts", Key="slow.py", Body=b"import time\ntime.sleep(600)\n")
    glue.create_database(DatabaseInput={"Name": "lake"})
    columns = [{"Name": "a", "Type": "string"}]
    given = {"Name": "flights", "StorageDescriptor": {"Columns": columns}}
    glue.create_table(DatabaseName="lake", TableInput=given)
    runs = {}
    for name, state in (("quick", "SUCCEEDED"), ("slow", "RUNNING")):
        command = {"Name": "pythonshell", "ScriptLocation": f"s3://scripts/{name}.py"}
        glue.create_job(Name=name, Role=ROLE, Command=command)
        runs[name] = glue.start_job_run(JobName=name)["JobRunId"]
        waiting(f"{name} {state}", lambda name=name, state=state: told(glue, name, runs) == state)
    waiting("the snapshot", lambda: own_emulator.has_saved("glue", runs["slow"]))
    own_emulator.end(signal.SIGKILL)
    own_emulator.start()
    assert glue.get_table(DatabaseName="lake", Name="flights")["Table"]["VersionId"] == "0"
    assert told(glue, "quick", runs) == "SUCCEEDED"
    run = glue.get_job_run(JobName="slow", RunId=runs["slow"])["JobRun"]
    assert (run["JobRunState"], run["ErrorMessage"]) == (
        "FAILED",
        "The emulator ended while the job was running.",
    )


def told(glue, name: str, runs: dict[str, str]) -> str:
    return glue.get_job_run(JobName=name, RunId=runs[name])["JobRun"]["JobRunState"]
