"""The commands of a build: one shell, phases, failures in CodeBuild's words."""

ORDER = [
    "SUBMITTED",
    "QUEUED",
    "PROVISIONING",
    "DOWNLOAD_SOURCE",
    "INSTALL",
    "PRE_BUILD",
    "BUILD",
    "POST_BUILD",
    "UPLOAD_ARTIFACTS",
    "FINALIZING",
    "COMPLETED",
]


def statuses(build):
    return {one["phaseType"]: one.get("phaseStatus") for one in build["phases"]}


def test_phases_run_in_order_in_one_shell(builder, project, make):
    build = builder.run(
        project,
        make.commands(
            install=["KEPT=here", "cd /tmp"],
            pre_build=["greet() { echo hello $1; }"],
            build=["echo $KEPT in $(pwd)", "greet you"],
        ),
    )
    log = builder.log(build)
    assert build["buildStatus"] == "SUCCEEDED", log
    assert [one["phaseType"] for one in build["phases"]] == ORDER
    assert "hello you" in log
    assert "here in /tmp" in log


def test_exit_7_is_failed_with_the_phase_and_the_command(builder, project, make, phase):
    build = builder.run(
        project, make.commands(build=["echo before", "exit 7", "echo never"], post_build=["date"])
    )
    assert build["buildStatus"] == "FAILED"
    assert phase(build, "BUILD")["contexts"] == [
        {
            "statusCode": "COMMAND_EXECUTION_ERROR",
            "message": "Error while executing command: exit 7. Reason: exit status 7",
        }
    ]
    assert statuses(build)["POST_BUILD"] == "SUCCEEDED"
    log = builder.log(build)
    assert "never" not in log.replace("echo never", "")
    assert "Command did not exit successfully exit 7 exit status 7" in log
    assert "Phase complete: BUILD State: FAILED" in log


def test_post_build_knows_that_the_build_failed_and_finds_its_state(builder, project, make):
    said = 'echo "succeeding=$CODEBUILD_BUILD_SUCCEEDING kept=$KEPT"'
    build = builder.run(
        project, make.commands(pre_build=[said, "KEPT=yes"], build=["exit 1"], post_build=[said])
    )
    log = builder.log(build)
    assert "\nsucceeding=1 kept=\n" in log
    assert "\nsucceeding=0 kept=yes\n" in log


def test_failed_install_ends_the_build(builder, project, make):
    build = builder.run(project, make.commands(install=["false"], build=["date"]))
    assert build["buildStatus"] == "FAILED"
    assert "BUILD" not in statuses(build)
    assert statuses(build)["FINALIZING"] == "SUCCEEDED"


def test_finally_runs_and_on_failure_decides(builder, project, make):
    build = builder.run(
        project,
        make.spec("""
phases:
  install:
    on-failure: CONTINUE
    commands: [exit 3]
    finally: [echo tidied]
  build:
    on-failure: ABORT
    commands: [exit 4]
  post_build:
    commands: [echo never]
"""),
    )
    assert "\ntidied\n" in builder.log(build)
    assert statuses(build)["INSTALL"] == "FAILED"
    assert statuses(build)["BUILD"] == "FAILED"
    assert "POST_BUILD" not in statuses(build)


def test_on_failure_retry_runs_the_phase_again(builder, project, make):
    build = builder.run(
        project,
        make.spec("""
phases:
  build:
    on-failure: RETRY-2
    commands: ["echo x >> $HOME/tries; test $(wc -l < $HOME/tries) -eq 3"]
"""),
    )
    assert build["buildStatus"] == "SUCCEEDED", builder.log(build)


def test_version_0_1_gives_each_command_its_own_shell(builder, project):
    text = """
version: 0.1
phases:
  build:
    commands:
      - KEPT=here; cd /tmp; echo made > $HOME/file
      - echo "kept=$KEPT"; cat $HOME/file; pwd
"""
    log = builder.log(builder.run(project, text))
    assert "\nkept=\nmade\n" in log
    assert "\n/tmp\n" not in log


def test_bash_where_the_buildspec_says_so(builder, project, make):
    text = "env: {shell: bash}\nphases: {build: {commands: ['a=(1 2); echo bash-${a[1]}']}}"
    assert "\nbash-2\n" in builder.log(builder.run(project, make.spec(text)))


def test_the_build_has_a_machine_of_its_own(builder, project, make, own_root):
    folder = "/usr/local/bin" if own_root else "$HOME"
    build = builder.run(
        project,
        make.commands(
            build=[
                f"echo ok > {folder}/of-this-build && cat {folder}/of-this-build",
                "python -c 'import emulation' || echo no emulation",
                "python --version; aws --version; uv --version; pip --version; git --version",
                "uv venv v && v/bin/python --version | grep 3.13",
                "echo $CODEBUILD_SRC_DIR $HOME",
            ]
        ),
    )
    log = builder.log(build)
    assert build["buildStatus"] == "SUCCEEDED", log
    assert "no emulation" in log
    again = builder.run(project, make.commands(build=[f"cat {folder}/of-this-build"]))
    assert again["buildStatus"] == "FAILED"


def test_the_environment_is_codebuilds(builder, project, make):
    build = builder.run(
        project,
        make.commands(build=["env | sort", "aws s3 ls", "python -c 'import boto3'"]),
        environmentVariablesOverride=[{"name": "OWN", "value": "given"}],
    )
    log = builder.log(build)
    assert build["buildStatus"] == "SUCCEEDED", log
    lines = dict(line.split("=", 1) for line in log.splitlines() if "=" in line)
    assert lines["CODEBUILD_BUILD_ID"] == build["id"]
    assert lines["CODEBUILD_BUILD_ARN"] == build["arn"]
    assert lines["CODEBUILD_INITIATOR"] == build["initiator"]
    assert lines["CODEBUILD_BUILD_NUMBER"] == str(build["buildNumber"])
    assert lines["AWS_REGION"] == "us-east-1"
    assert lines["OWN"] == "given"
