"""ECR by its API: repositories, images, lifecycle policies, and what a kill leaves."""

import hashlib
import json
import signal

import httpx
import pytest

from tests.contract.refusals import refusal

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def manifest(*blobs: bytes, **more) -> str:
    config, *layers = [{"mediaType": "x/y", "size": len(b), "digest": digest_of(b)} for b in blobs]
    document = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}
    return json.dumps(document | more)


def upload(ecr, repository: str, content: bytes) -> str:
    begun = ecr.initiate_layer_upload(repositoryName=repository)["uploadId"]
    named = {"repositoryName": repository, "uploadId": begun}
    ecr.upload_layer_part(
        **named, partFirstByte=0, partLastByte=len(content) - 1, layerPartBlob=content
    )
    done = ecr.complete_layer_upload(**named, layerDigests=[digest_of(content)])
    return done["layerDigest"]


@pytest.fixture(scope="module")
def ecr(aws):
    return aws("ecr")


@pytest.fixture
def repository(ecr, unique):
    ecr.create_repository(repositoryName=unique)
    yield unique
    if any(one["repositoryName"] == unique for one in ecr.describe_repositories()["repositories"]):
        ecr.delete_repository(repositoryName=unique, force=True)


def put(ecr, repository: str, text: str, tag: str | None = None, **more) -> str:
    """An image whose parts are uploaded; its digest."""
    for content in (b"{}", text.encode()):
        if digest_of(content) not in layers_of(ecr, repository, content):
            upload(ecr, repository, content)
    given = {"imageTag": tag} if tag else {}
    body = manifest(b"{}", text.encode(), **more)
    image = ecr.put_image(repositoryName=repository, imageManifest=body, **given)["image"]
    return image["imageId"]["imageDigest"]


def layers_of(ecr, repository: str, content: bytes) -> list[str]:
    found = ecr.batch_check_layer_availability(
        repositoryName=repository, layerDigests=[digest_of(content)]
    )
    return [
        one["layerDigest"] for one in found["layers"] if one["layerAvailability"] == "AVAILABLE"
    ]


def test_repository_is_described_as_it_was_made(ecr, unique):
    made = ecr.create_repository(
        repositoryName=f"{unique}/api",
        tags=[{"Key": "team", "Value": "ml"}],
        imageScanningConfiguration={"scanOnPush": True},
    )["repository"]
    (found,) = ecr.describe_repositories(repositoryNames=[f"{unique}/api"])["repositories"]
    assert found == made
    assert found["repositoryUri"].startswith("000000000000.dkr.ecr.us-east-1.")
    assert found["repositoryUri"].endswith(f"/{unique}/api")
    assert found["imageTagMutability"] == "MUTABLE"
    tags = ecr.list_tags_for_resource(resourceArn=found["repositoryArn"])["tags"]
    assert tags == [{"Key": "team", "Value": "ml"}]
    assert refusal(ecr.create_repository, repositoryName=f"{unique}/api") == (
        "RepositoryAlreadyExistsException",
        f"The repository with name '{unique}/api' already exists in the registry with id"
        " '000000000000'",
    )
    ecr.delete_repository(repositoryName=f"{unique}/api")
    assert refusal(ecr.describe_repositories, repositoryNames=[f"{unique}/api"]) == (
        "RepositoryNotFoundException",
        f"The repository with name '{unique}/api' does not exist in the registry with id"
        " '000000000000'",
    )
    code, message = refusal(ecr.create_repository, repositoryName="Upper")
    assert code == "InvalidParameterException"
    assert "'repositoryName' failed to satisfy constraint: 'must satisfy regular" in message


def test_image_needs_its_layers_and_is_described(ecr, repository):
    code, message = refusal(
        ecr.put_image, repositoryName=repository, imageManifest=manifest(b"{}", b"layer")
    )
    assert code == "LayersNotFoundException"
    assert digest_of(b"layer") in message
    digest = put(ecr, repository, "layer", "1")
    (image,) = ecr.describe_images(repositoryName=repository)["imageDetails"]
    assert (image["imageDigest"], image["imageTags"]) == (digest, ["1"])
    assert (image["imageSizeInBytes"], image["imageManifestMediaType"]) == (7, MANIFEST)
    assert refusal(
        ecr.describe_images, repositoryName=repository, imageIds=[{"imageTag": "2"}]
    ) == (
        "ImageNotFoundException",
        "The image with imageId {imageDigest:'null', imageTag:'2'} does not exist within the"
        f" repository with name '{repository}' in the registry with id '000000000000'",
    )
    again = {"repositoryName": repository, "imageManifest": manifest(b"{}", b"layer")}
    code, message = refusal(ecr.put_image, **again, imageTag="1")
    assert code == "ImageAlreadyExistsException"
    assert f"Image with digest '{digest}' and tag '1' already exists" in message
    code, _ = refusal(ecr.put_image, **again, imageTag="3", imageDigest="sha256:" + "0" * 64)
    assert code == "ImageDigestDoesNotMatchException"


def test_tag_moves_unless_it_is_immutable(ecr, repository):
    first = put(ecr, repository, "first", "live")
    second = put(ecr, repository, "second", "live")
    found = ecr.list_images(repositoryName=repository)["imageIds"]
    assert found == [{"imageDigest": first}, {"imageDigest": second, "imageTag": "live"}]
    filters = [{"filterType": "WILDCARD", "filter": "dev*"}]
    ecr.put_image_tag_mutability(
        repositoryName=repository,
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=filters,
    )
    body = manifest(b"{}", b"first")
    assert refusal(
        ecr.put_image, repositoryName=repository, imageManifest=body, imageTag="live"
    ) == (
        "ImageTagAlreadyExistsException",
        f"The image tag 'live' already exists in the '{repository}' repository and cannot be"
        " overwritten because the tag is immutable.",
    )
    for text in ("first", "second"):
        body = manifest(b"{}", text.encode())
        ecr.put_image(repositoryName=repository, imageManifest=body, imageTag="dev-1")


def test_deleted_images_leave_what_cannot_be_deleted(ecr, repository):
    part = put(ecr, repository, "part")
    index = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [{"mediaType": MANIFEST, "size": 1, "digest": part}],
    }
    unknown = index | {"manifests": [{"digest": "sha256:" + "1" * 64}]}
    code, _ = refusal(ecr.put_image, repositoryName=repository, imageManifest=json.dumps(unknown))
    assert code == "ReferencedImagesNotFoundException"
    ecr.put_image(repositoryName=repository, imageManifest=json.dumps(index), imageTag="all")
    answer = ecr.batch_delete_image(
        repositoryName=repository, imageIds=[{"imageDigest": part}, {"imageTag": "no"}, {}]
    )
    codes = [failure["failureCode"] for failure in answer["failures"]]
    assert codes == ["ImageReferencedByManifestList", "ImageNotFound", "MissingDigestAndTag"]
    code, _ = refusal(ecr.delete_repository, repositoryName=repository)
    assert code == "RepositoryNotEmptyException"
    gone = ecr.batch_delete_image(repositoryName=repository, imageIds=[{"imageTag": "all"}])
    assert gone["imageIds"][0]["imageTag"] == "all"
    ecr.batch_delete_image(repositoryName=repository, imageIds=[{"imageDigest": part}])
    assert ecr.list_images(repositoryName=repository)["imageIds"] == []


def test_layer_parts_follow_each_other(ecr, repository):
    begun = ecr.initiate_layer_upload(repositoryName=repository)["uploadId"]
    named = {"repositoryName": repository, "uploadId": begun}
    code, _ = refusal(
        ecr.upload_layer_part, **named, partFirstByte=1, partLastByte=1, layerPartBlob=b"b"
    )
    assert code == "InvalidLayerPartException"
    code, _ = refusal(ecr.complete_layer_upload, **named, layerDigests=[digest_of(b"")])
    assert code == "EmptyUploadException"
    for at, part in enumerate((b"a", b"b")):
        ecr.upload_layer_part(**named, partFirstByte=at, partLastByte=at, layerPartBlob=part)
    code, _ = refusal(ecr.complete_layer_upload, **named, layerDigests=[digest_of(b"x")])
    assert code == "InvalidLayerException"
    ecr.complete_layer_upload(**named, layerDigests=[digest_of(b"ab")])
    found = ecr.get_download_url_for_layer(repositoryName=repository, layerDigest=digest_of(b"ab"))
    with httpx.Client(trust_env=False) as client:
        assert client.get(found["downloadUrl"]).content == b"ab"
        assert client.get(found["downloadUrl"] + "0").status_code == 403


def test_lifecycle_policy_is_previewed_and_carried_out(ecr, repository, waiting):
    code, message = refusal(ecr.get_lifecycle_policy, repositoryName=repository)
    assert code == "LifecyclePolicyNotFoundException"
    assert message.startswith("Lifecycle policy does not exist for the repository with name")
    old, new = put(ecr, repository, "old", "1"), put(ecr, repository, "new", "2")
    selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1}
    rule = {"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}
    text = json.dumps({"rules": [rule]})
    ecr.start_lifecycle_policy_preview(repositoryName=repository, lifecyclePolicyText=text)
    preview = ecr.get_lifecycle_policy_preview(repositoryName=repository)
    assert preview["status"] == "COMPLETE"
    assert [one["imageDigest"] for one in preview["previewResults"]] == [old]
    assert preview["summary"] == {"expiringImageTotalCount": 1}
    assert len(ecr.list_images(repositoryName=repository)["imageIds"]) == 2
    ecr.put_lifecycle_policy(repositoryName=repository, lifecyclePolicyText=text)

    def expired():
        return ecr.list_images(repositoryName=repository)["imageIds"] == [
            {"imageDigest": new, "imageTag": "2"}
        ]

    waiting("the older image's end", expired)
    assert ecr.get_lifecycle_policy(repositoryName=repository)["lastEvaluatedAt"]
    code, _ = refusal(
        ecr.put_lifecycle_policy, repositoryName=repository, lifecyclePolicyText="{}" * 60
    )
    assert code == "InvalidParameterException"


def test_policy_is_kept(ecr, repository):
    statement = {"Sid": "x", "Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    code, _ = refusal(ecr.get_repository_policy, repositoryName=repository)
    assert code == "RepositoryPolicyNotFoundException"
    ecr.set_repository_policy(repositoryName=repository, policyText=text)
    assert ecr.get_repository_policy(repositoryName=repository)["policyText"] == text
    ecr.delete_repository_policy(repositoryName=repository)
    code, _ = refusal(ecr.set_repository_policy, repositoryName=repository, policyText="{}")
    assert code == "InvalidParameterException"


def test_nothing_is_scanned(ecr, repository):
    image = {"repositoryName": repository, "imageId": {"imageTag": "1"}}
    for call, name in (
        (ecr.start_image_scan, "StartImageScan"),
        (ecr.describe_image_scan_findings, "DescribeImageScanFindings"),
    ):
        assert refusal(call, **image)[1] == f"ecr.{name} is not emulated"


def stack_template(**properties) -> str:
    repository = {"Type": "AWS::ECR::Repository", "Properties": properties}
    outputs = {
        "Name": {"Value": {"Ref": "Images"}},
        "Uri": {"Value": {"Fn::GetAtt": ["Images", "RepositoryUri"]}},
    }
    return json.dumps({"Resources": {"Images": repository}, "Outputs": outputs})


def test_stack_makes_changes_and_empties_a_repository(aws, ecr, unique, waiting):
    cloudformation = aws("cloudformation")
    rule = {
        "rulePriority": 1,
        "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 9},
        "action": {"type": "expire"},
    }
    policy = {"LifecyclePolicyText": json.dumps({"rules": [rule]})}
    first = stack_template(LifecyclePolicy=policy, EmptyOnDelete="true")
    cloudformation.create_stack(StackName=unique, TemplateBody=first)
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=unique, WaiterConfig={"Delay": 1}
    )
    (stack,) = cloudformation.describe_stacks(StackName=unique)["Stacks"]
    told = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    name = told["Name"]
    assert told["Uri"].endswith(f"/{name}")
    assert ecr.get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"]
    second = stack_template(
        ImageTagMutability="IMMUTABLE", EmptyOnDelete=True, Tags=[{"Key": "a", "Value": "b"}]
    )
    cloudformation.update_stack(StackName=unique, TemplateBody=second)
    cloudformation.get_waiter("stack_update_complete").wait(
        StackName=unique, WaiterConfig={"Delay": 1}
    )
    (found,) = ecr.describe_repositories(repositoryNames=[name])["repositories"]
    assert found["imageTagMutability"] == "IMMUTABLE"
    assert refusal(ecr.get_lifecycle_policy, repositoryName=name)[0].startswith("LifecyclePolicyN")
    put(ecr, name, "layer", "1")
    cloudformation.delete_stack(StackName=unique)
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName=unique, WaiterConfig={"Delay": 1}
    )
    assert refusal(ecr.describe_repositories, repositoryNames=[name])[0].startswith("Repository")


def test_push_is_told_to_eventbridge(aws, ecr, repository, waiting, unique):
    sqs, events = aws("sqs"), aws("events")
    queue = sqs.create_queue(QueueName=unique)["QueueUrl"]
    pattern = {"source": ["aws.ecr"], "detail": {"repository-name": [repository]}}
    events.put_rule(Name=unique, EventPattern=json.dumps(pattern))
    arn = f"arn:aws:sqs:us-east-1:000000000000:{unique}"
    events.put_targets(Rule=unique, Targets=[{"Id": "queue", "Arn": arn}])
    digest = put(ecr, repository, "layer", "7")
    (message,) = waiting("the event", lambda: sqs.receive_message(QueueUrl=queue).get("Messages"))
    event = json.loads(message["Body"])
    assert event["detail-type"] == "ECR Image Action"
    detail = event["detail"]
    assert (detail["action-type"], detail["image-tag"]) == ("PUSH", "7")
    assert (detail["result"], detail["image-digest"]) == ("SUCCESS", digest)


def test_images_survive_a_kill(own_emulator):
    ecr = own_emulator.aws("ecr")
    ecr.create_repository(repositoryName="kept/here")
    digest = put(ecr, "kept/here", "layer", "1")
    own_emulator.end(signal.SIGKILL)
    own_emulator.start()
    found = ecr.batch_get_image(repositoryName="kept/here", imageIds=[{"imageTag": "1"}])
    assert found["images"][0]["imageId"]["imageDigest"] == digest
    assert layers_of(ecr, "kept/here", b"layer") == [digest_of(b"layer")]
