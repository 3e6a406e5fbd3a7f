"""What goes into a build and what comes out of it: sources, artifacts, variables, caches, logs."""

import gzip
import io
import zipfile

ARTIFACTS = """
phases:
  build:
    commands:
      - mkdir -p dist/deep && echo one > dist/one.txt && echo two > dist/deep/two.txt
      - echo '#!/bin/sh' > dist/run.sh && chmod +x dist/run.sh && echo no > dist/no.log
artifacts:
  name: made-$(echo by)-$KIND
  base-directory: dist
  files: ['**/*']
  exclude-paths: ['**/*.log', '*.log']
"""


def names(s3, location):
    bucket, _, key = location.removeprefix("arn:aws:s3:::").partition("/")
    body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    return zipfile.ZipFile(io.BytesIO(body))


def test_source_from_s3_and_artifacts_as_a_zip(builder, aws, bucket, unique, make):
    source = {"buildspec.yml": make.spec(ARTIFACTS), "tool.py": "print('from the source')"}
    aws("s3").put_object(Bucket=bucket, Key="in/src.zip", Body=make.zipped(source))
    builder.project(
        unique,
        source={"type": "S3", "location": f"{bucket}/in/src.zip"},
        artifacts={
            "type": "S3",
            "location": bucket,
            "path": "out",
            "namespaceType": "BUILD_ID",
            "name": "all.zip",
            "packaging": "ZIP",
        },
    )
    build = builder.run(unique)
    assert build["buildStatus"] == "SUCCEEDED", builder.log(build)
    uuid = build["id"].split(":")[1]
    assert build["artifacts"]["location"] == f"arn:aws:s3:::{bucket}/out/{uuid}/all.zip"
    assert len(build["artifacts"]["sha256sum"]) == 64
    archive = names(aws("s3"), build["artifacts"]["location"])
    assert sorted(archive.namelist()) == ["deep/two.txt", "one.txt", "run.sh"]
    assert archive.getinfo("run.sh").external_attr >> 16 & 0o111


def test_artifacts_as_files_under_the_name_of_the_buildspec(builder, aws, bucket, unique, make):
    builder.project(
        unique,
        make.spec(ARTIFACTS),
        artifacts={"type": "S3", "location": bucket, "overrideArtifactName": True},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": [{"name": "KIND", "value": "hand"}],
        },
    )
    build = builder.run(unique)
    assert build["buildStatus"] == "SUCCEEDED", builder.log(build)
    keys = [item["Key"] for item in aws("s3").list_objects_v2(Bucket=bucket)["Contents"]]
    prefix = "made-by-hand"
    assert keys == [f"{prefix}/deep/two.txt", f"{prefix}/one.txt", f"{prefix}/run.sh"]


def test_secondary_sources_and_artifacts(builder, aws, bucket, unique, make):
    aws("s3").put_object(Bucket=bucket, Key="more.zip", Body=make.zipped({"x": "from more"}))
    text = """
phases: {build: {commands: ['cp $CODEBUILD_SRC_DIR_more/x y']}}
artifacts:
  files: [y]
  secondary-artifacts:
    extra: {files: [y], discard-paths: yes}
"""
    artifact = {"type": "S3", "location": bucket, "packaging": "ZIP"}
    builder.project(
        unique,
        make.spec(text),
        secondarySources=[
            {"type": "S3", "location": f"{bucket}/more.zip", "sourceIdentifier": "more"}
        ],
        artifacts={**artifact, "name": "main"},
        secondaryArtifacts=[{**artifact, "name": "extra.zip", "artifactIdentifier": "extra"}],
    )
    build = builder.run(unique)
    (extra,) = build["secondaryArtifacts"]
    assert extra["artifactIdentifier"] == "extra"
    assert names(aws("s3"), extra["location"]).read("y") == b"from more"
    assert names(aws("s3"), build["artifacts"]["location"]).namelist() == ["y"]


def test_missing_source_missing_buildspec_missing_artifacts(builder, aws, bucket, unique, phase):
    s3_source = {"type": "S3", "location": f"{bucket}/none.zip"}
    artifacts = {"type": "S3", "location": bucket}
    builder.project(unique, source=s3_source, artifacts=artifacts)
    build = builder.run(unique)
    (context,) = phase(build, "DOWNLOAD_SOURCE")["contexts"]
    assert context["statusCode"] == "CLIENT_ERROR"
    assert context["message"].startswith("NoSuchKey: The specified key does not exist.")

    aws("s3").put_object(Bucket=bucket, Key="folder/readme", Body=b"no buildspec")
    build = builder.run(unique, sourceLocationOverride=f"{bucket}/folder/")
    assert phase(build, "DOWNLOAD_SOURCE")["contexts"] == [
        {"statusCode": "YAML_FILE_ERROR", "message": "YAML file does not exist"}
    ]

    text = "version: 0.2\nphases: {build: {commands: [pwd]}}\nartifacts: {files: [nothing]}"
    build = builder.run(unique, text, sourceLocationOverride=f"{bucket}/folder/")
    assert build["buildStatus"] == "FAILED"
    assert phase(build, "UPLOAD_ARTIFACTS")["contexts"] == [
        {"statusCode": "CLIENT_ERROR", "message": "no matching artifact paths found"}
    ]


def test_bad_buildspecs_say_what_is_wrong(builder, project, phase):
    wrong = {
        "version: 0.2\nphases: [": "expected the node content",
        "version: 0.2\nphases: {build: {commands: [{a: b}]}}": "Expected Commands[0] to be of",
        "version: 0.2\nphases: {install: {runtime-versions: {python: 3.7}}}": (
            "Unknown runtime version named '3.7' of python. This build image has the following"
            " versions: 3.13"
        ),
        "version: 0.2\nphases: {deploy: {commands: [ls]}}": "unknown phase deploy",
        "version: 0.2\nbatch: {}\nphases: {build: {commands: [ls]}}": "batch in a buildspec is not",
    }
    started = {text: builder.start(project, buildspecOverride=text) for text in wrong}
    for text, identifier in started.items():
        build = builder.ended(identifier)
        (context,) = phase(build, "DOWNLOAD_SOURCE")["contexts"]
        assert context["statusCode"] == "YAML_FILE_ERROR"
        assert wrong[text] in context["message"]


def test_parameters_and_secrets_are_read_and_hidden(builder, aws, unique, make, project, phase):
    aws("ssm").put_parameter(Name=f"/{unique}", Value="parameter-value", Type="SecureString")
    secret = '{"key": "secret-value"}'
    aws("secretsmanager").create_secret(Name=unique, SecretString=secret)
    text = f"""
env:
  variables: {{PLAIN: from-the-buildspec, OVER: no}}
  parameter-store: {{P: /{unique}}}
  secrets-manager: {{S: "{unique}:key"}}
  exported-variables: [PLAIN, MADE, ABSENT]
phases:
  build:
    commands: ['echo $P $S; test "$P$S" = parameter-valuesecret-value', 'MADE="$OVER way"']
"""
    over = [{"name": "OVER", "value": "this"}]
    build = builder.run(project, make.spec(text), environmentVariablesOverride=over)
    log = builder.log(build)
    assert build["buildStatus"] == "SUCCEEDED", log
    assert "\n*** ***\n" in log
    assert "secret-value" not in log
    assert build["exportedEnvironmentVariables"] == [
        {"name": "PLAIN", "value": "from-the-buildspec"},
        {"name": "MADE", "value": "this way"},
    ]
    missing = [{"name": "X", "value": "/none", "type": "PARAMETER_STORE"}]
    build = builder.run(project, environmentVariablesOverride=missing)
    assert phase(build, "DOWNLOAD_SOURCE")["contexts"] == [
        {
            "statusCode": "Decrypted Variables Error",
            "message": "parameter does not exist: /none",
        }
    ]


def test_cache_is_there_for_the_next_build(builder, bucket, unique, make, own_root):
    own = "/root/.own" if own_root else "own"
    text = f"""
phases:
  build:
    commands: ['cat kept/file {own}/file || mkdir -p kept {own}', 'date > kept/file',
               'echo own > {own}/file']
cache: {{paths: ['kept/**/*', '{own}/**/*', 'absent/*']}}
"""
    local = {"type": "LOCAL", "modes": ["LOCAL_CUSTOM_CACHE"]}
    builder.project(unique, make.spec(text), cache=local)
    assert "\nown\n" not in builder.log(builder.run(unique))
    assert "\nown\n" in builder.log(builder.run(unique))
    builder.client.invalidate_project_cache(projectName=unique)
    assert "\nown\n" not in builder.log(builder.run(unique))

    in_s3 = {"type": "S3", "location": f"{bucket}/cache"}
    assert "\nown\n" not in builder.log(builder.run(unique, cacheOverride=in_s3))
    assert "\nown\n" in builder.log(builder.run(unique, cacheOverride=in_s3))


def test_logs_where_the_project_wants_them(builder, aws, bucket, unique, make, project):
    logs = {
        "cloudWatchLogs": {"status": "ENABLED", "groupName": unique, "streamName": "here"},
        "s3Logs": {"status": "ENABLED", "location": f"{bucket}/logs"},
    }
    build = builder.run(project, make.commands(build=["echo hello"]), logsConfigOverride=logs)
    uuid = build["id"].split(":")[1]
    assert (build["logs"]["groupName"], build["logs"]["streamName"]) == (unique, f"here/{uuid}")
    assert "\nhello\n" in builder.log(build)
    body = aws("s3").get_object(Bucket=bucket, Key=f"logs/{uuid}.gz")["Body"].read()
    assert "\nhello\n" in gzip.decompress(body).decode()
