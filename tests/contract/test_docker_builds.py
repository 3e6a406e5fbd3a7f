"""`docker` in a privileged build: a Dockerfile becomes an image in ECR, of which a client pulls."""

import json

import pytest

from tests.contract.codebuild.conftest import Builder, commands

REGISTRY = "000000000000.dkr.ecr.us-east-1.amazonaws.com"
LOGIN = f"aws ecr get-login-password | docker login --username AWS --password-stdin {REGISTRY}"
DOCKERFILE = """\
FROM public.ecr.aws/docker/library/python:3.13-slim AS build
ARG GREETING
RUN python -c "import os; print('built with', os.environ['GREETING'])" && echo $GREETING > /word
RUN install -d -o man -g lp /told && test ! -e /var/lib/dpkg/statoverride
FROM python:3.13
COPY --from=build --chown=33:33 /word /app/
RUN test "$(id -u)" = 0 && touch /usr/local/touched && rm /etc/skel -r
WORKDIR /app
USER www-data
CMD ["cat", "word"]
"""


def script(*lines: str) -> str:
    written = f"cat > Dockerfile <<'END'\n{DOCKERFILE}END\n"
    return commands(build=[written, *lines])


@pytest.fixture(scope="module")
def builder(aws, waiting):
    return Builder(aws, waiting)


@pytest.fixture(scope="module")
def project(builder):
    name = "docker-builds"
    builder.client.delete_project(name=name)
    environment = {
        "type": "LINUX_CONTAINER",
        "image": "aws/codebuild/amazonlinux-x86_64-standard:5.0",
        "computeType": "BUILD_GENERAL1_SMALL",
        "privilegedMode": True,
    }
    builder.project(name, environment=environment)
    return name


@pytest.fixture(scope="module")
def repository(aws):
    ecr = aws("ecr")
    ecr.create_repository(repositoryName="docker-builds")
    yield "docker-builds"
    ecr.delete_repository(repositoryName="docker-builds", force=True)


@pytest.fixture(scope="module")
def pushed(builder, project, repository):
    """A build that built and pushed."""
    name = f"{REGISTRY}/{repository}"
    build = builder.run(
        project,
        script(
            LOGIN,
            "docker build -q --build-arg GREETING=hello -t api:1 .",
            "docker build --build-arg GREETING=hello -t api:1 . > second.log",
            "echo cached $(grep -c 'Using cache' second.log)",
            f"docker tag api:1 {name}:1",
            f"docker push {name}:1",
            "echo pushed $(docker inspect --format='{{index .RepoDigests 0}}' api:1)",
        ),
    )
    return build, builder.log(build)


def test_dockerfile_is_built_and_pushed(pushed, aws, repository):
    build, log = pushed
    assert build["buildStatus"] == "SUCCEEDED", log
    assert "\ncached 4" in log
    (image,) = aws("ecr").describe_images(repositoryName=repository)["imageDetails"]
    assert image["imageTags"] == ["1"]
    assert f"pushed {REGISTRY}/{repository}@{image['imageDigest']}" in log


def test_image_says_what_its_dockerfile_says(pushed, aws, repository, blob):
    found = aws("ecr").batch_get_image(repositoryName=repository, imageIds=[{"imageTag": "1"}])
    manifest = json.loads(found["images"][0]["imageManifest"])
    config = json.loads(blob(repository, manifest["config"]["digest"]))
    assert config["config"]["Cmd"] == ["cat", "word"]
    assert config["config"]["User"] == "www-data"
    assert config["config"]["WorkingDir"] == "/app"
    assert len(config["rootfs"]["diff_ids"]) == len(manifest["layers"])


@pytest.fixture
def blob(aws):
    """What a layer or configuration holds, by its download address."""
    import httpx

    def read(repository: str, digest: str) -> bytes:
        found = aws("ecr").get_download_url_for_layer(repositoryName=repository, layerDigest=digest)
        with httpx.Client(trust_env=False) as client:
            return client.get(found["downloadUrl"]).content

    return read


def test_next_build_has_no_images_of_this_one_but_pulls_them(pushed, builder, project, repository):
    name = f"{REGISTRY}/{repository}:1"
    build = builder.run(
        project,
        commands(
            build=[
                'test -z "$(docker images -q)"',
                f"! docker pull {name}",
                LOGIN,
                f"docker pull {name}",
                f"printf 'FROM {name}\\nRUN grep hello /app/word\\n' > Dockerfile",
                "docker build .",
            ]
        ),
    )
    log = builder.log(build)
    assert build["buildStatus"] == "SUCCEEDED", log
    assert "no basic auth credentials" in log


def test_what_the_engine_refuses_fails_the_build_by_name(pushed, builder, project, repository):
    ended = ';test $? = 1 && echo "as told"'
    lines = [
        f"docker run {REGISTRY}/{repository}:1 {ended}",
        f"printf 'FROM python:3.13\\nRUN exit 7\\n' | tee Dockerfile; docker build . {ended}",
        f"printf 'FROM python:3.13\\n\\nONBUILD RUN x\\n' > Dockerfile; docker build . {ended}",
        f"printf 'FROM nginx\\n' > Dockerfile; docker build . {ended}",
        f"docker push elsewhere/thing {ended}",
        f"echo no | docker login --username AWS --password-stdin {REGISTRY} {ended}",
    ]
    build = builder.run(project, commands(build=lines))
    log = builder.log(build)
    assert build["buildStatus"] == "SUCCEEDED", log
    assert "docker run is not emulated" in log
    assert "line 2: The command '/bin/sh -c exit 7' returned a non-zero code: 7" in log
    assert "dockerfile parse error on line 3: ONBUILD is not emulated" in log
    assert "No local runtime stands in for the image nginx" in log
    assert "No such image: elsewhere/thing:latest" in log
    assert "Your Authorization Token is invalid." in log


def test_build_without_privileges_has_no_engine(builder, project):
    build = builder.run(project, commands(build=["docker images"]), privilegedModeOverride=False)
    assert build["buildStatus"] == "FAILED"
    assert "Cannot connect to the Docker daemon at unix:///var/run/docker.sock" in builder.log(
        build
    )


def test_stopped_build_ends_what_docker_runs(builder, project, waiting):
    lines = ["printf 'FROM python:3.13\\nRUN echo begun && sleep 600\\n' > Dockerfile"]
    identifier = builder.start(
        project, buildspecOverride=commands(build=[*lines, "docker build ."])
    )
    waiting("the RUN", lambda: "\nbegun" in _log_so_far(builder, identifier))
    builder.client.stop_build(id=identifier)
    assert builder.ended(identifier)["buildStatus"] == "STOPPED"


def _log_so_far(builder, identifier: str) -> str:
    try:
        return builder.log(builder.get(identifier))
    except (KeyError, builder.aws("logs").exceptions.ResourceNotFoundException):
        return ""
