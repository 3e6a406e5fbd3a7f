"""How tests declare pipelines, and what they read of executions."""

import contextlib
import io
import json
import zipfile

ROLE = "arn:aws:iam::000000000000:role/pipeline"


def zipped(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def action(name, kind, configuration=None, *, takes=(), makes=(), **members):
    """`kind` is category and provider: `Deploy/S3`."""
    category, provider = kind.split("/")
    return {
        "name": name,
        "actionTypeId": {
            "category": category,
            "owner": "AWS",
            "provider": provider,
            "version": "1",
        },
        "configuration": configuration or {},
        "inputArtifacts": [{"name": item} for item in takes],
        "outputArtifacts": [{"name": item} for item in makes],
        **members,
    }


def source(bucket, **members):
    configuration = {"S3Bucket": bucket, "S3ObjectKey": "source.zip"}
    configuration |= {"PollForSourceChanges": "false"} | members.pop("configuration", {})
    return action("Get", "Source/S3", configuration, makes=["Source"], **members)


def approval(name="Ask", **members):
    return action(name, "Approval/Manual", **members)


def stack(name, mode="CREATE_UPDATE", *, title="Stack", makes=(), **members):
    given = {"ActionMode": mode, "StackName": name, **members.pop("configuration", {})}
    if mode not in {"DELETE_ONLY", "CHANGE_SET_EXECUTE"}:
        given.setdefault("TemplatePath", "Source::template.json")
    return action(title, "Deploy/CloudFormation", given, takes=["Source"], makes=makes, **members)


def declaration(name, bucket, *stages, **members):
    """A pipeline whose stages after the source are `(name, action, ...)`."""
    first = members.pop("source", source(bucket))
    return {
        "name": name,
        "roleArn": ROLE,
        "artifactStore": {"type": "S3", "location": bucket},
        "pipelineType": "V2",
        "stages": [
            {"name": "Source", "actions": [first]},
            *({"name": title, "actions": list(actions)} for title, *actions in stages),
        ],
        **members,
    }


PARAMETER = {
    "Parameters": {"Value": {"Type": "String", "Default": "one"}},
    "Resources": {
        "Parameter": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Type": "String", "Value": {"Ref": "Value"}},
        }
    },
    "Outputs": {"Name": {"Value": {"Ref": "Parameter"}}},
}
BROKEN = {"Resources": {"Rule": {"Type": "AWS::Events::Rule", "Properties": {"State": "ENABLED"}}}}
FILES = {"template.json": json.dumps(PARAMETER), "broken.json": json.dumps(BROKEN)}


def build_role(iam) -> str:
    """The ARN of a role for builds."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "codebuild.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName="pipeline-builds", AssumeRolePolicyDocument=document)
    return iam.get_role(RoleName="pipeline-builds")["Role"]["Arn"]
