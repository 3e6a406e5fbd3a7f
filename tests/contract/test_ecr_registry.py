"""The registry's HTTP API, as clients of the OCI distribution specification speak it."""

import base64
import hashlib
import json

import httpx
import pytest

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def manifest(layer: bytes, **more) -> bytes:
    config, described = (
        {"mediaType": "x/y", "size": len(content), "digest": digest_of(content)}
        for content in (b"{}", layer)
    )
    document = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config}
    return json.dumps(document | {"layers": [described]} | more).encode()


@pytest.fixture(scope="module")
def ecr(aws):
    return aws("ecr")


@pytest.fixture(scope="module")
def registry(endpoint_url, ecr):
    """A client that is logged in."""
    (data,) = ecr.get_authorization_token()["authorizationData"]
    headers = {"Authorization": f"Basic {data['authorizationToken']}"}
    with httpx.Client(base_url=endpoint_url, headers=headers, trust_env=False) as client:
        yield client


@pytest.fixture
def repository(ecr, unique):
    ecr.create_repository(repositoryName=unique)
    yield unique
    ecr.delete_repository(repositoryName=unique, force=True)


def upload(registry, repository: str, content: bytes) -> None:
    begun = registry.post(f"/v2/{repository}/blobs/uploads/")
    assert begun.status_code == 202
    done = registry.put(
        begun.headers["Location"], params={"digest": digest_of(content)}, content=content
    )
    assert (done.status_code, done.headers["Docker-Content-Digest"]) == (201, digest_of(content))


def push(registry, repository: str, reference: str, layer: bytes, **more) -> str:
    for content in (b"{}", layer):
        upload(registry, repository, content)
    body = manifest(layer, **more)
    answer = registry.put(
        f"/v2/{repository}/manifests/{reference}",
        content=body,
        headers={"Content-Type": MANIFEST},
    )
    assert answer.status_code == 201, answer.text
    return answer.headers["Docker-Content-Digest"]


def code(answer) -> tuple[int, str]:
    """The status and the code of a refusal."""
    (error,) = answer.json()["errors"]
    return answer.status_code, error["code"]


def test_only_who_is_logged_in_is_answered(endpoint_url, registry):
    with httpx.Client(base_url=endpoint_url, trust_env=False) as client:
        answer = client.get("/v2/")
        assert code(answer) == (401, "UNAUTHORIZED")
        assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")
        assert 'service="ecr.amazonaws.com"' in answer.headers["WWW-Authenticate"]
        wrong = base64.b64encode(b"AWS:nothing").decode()
        answer = client.get("/v2/", headers={"Authorization": f"Basic {wrong}"})
        assert code(answer) == (403, "DENIED")
    answer = registry.get("/v2/")
    assert answer.status_code == 200
    assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"


def test_image_is_pushed_and_pulled_by_tag_and_digest(registry, ecr, repository):
    digest = push(registry, repository, "1", b"layer")
    for reference in ("1", digest):
        answer = registry.get(f"/v2/{repository}/manifests/{reference}")
        assert answer.content == manifest(b"layer")
        assert answer.headers["Content-Type"] == MANIFEST
        assert answer.headers["Docker-Content-Digest"] == digest
        head = registry.head(f"/v2/{repository}/manifests/{reference}")
        assert head.headers["Content-Length"] == str(len(answer.content))
    assert registry.get(f"/v2/{repository}/blobs/{digest_of(b'layer')}").content == b"layer"
    (image,) = ecr.describe_images(repositoryName=repository)["imageDetails"]
    assert (image["imageDigest"], image["imageTags"]) == (digest, ["1"])
    assert image["lastRecordedPullTime"]


def test_registry_is_named_by_host_and_by_the_first_part_of_the_name(registry, repository):
    host = "000000000000.dkr.ecr.us-east-1.localhost"
    push(registry, repository, "1", b"layer")
    path = f"/v2/{repository}/tags/list"
    assert registry.get(path, headers={"Host": host}).json()["tags"] == ["1"]
    elsewhere = registry.get(path, headers={"Host": host.replace("us-east-1", "eu-west-1")})
    assert code(elsewhere) == (404, "NAME_UNKNOWN")
    named = f"/v2/000000000000.dkr.ecr.us-east-1.amazonaws.com/{repository}/tags/list"
    assert registry.get(named).json()["tags"] == ["1"]


def test_blob_is_uploaded_in_pieces_that_follow_each_other(registry, repository):
    place = registry.post(f"/v2/{repository}/blobs/uploads/").headers["Location"]
    answer = registry.patch(place, content=b"abc", headers={"Content-Range": "0-2"})
    assert (answer.status_code, answer.headers["Range"]) == (202, "0-2")
    answer = registry.patch(place, content=b"xyz", headers={"Content-Range": "7-9"})
    assert code(answer) == (416, "BLOB_UPLOAD_INVALID")
    answer = registry.get(place)
    assert (answer.status_code, answer.headers["Range"]) == (204, "0-2")
    answer = registry.put(place, params={"digest": digest_of(b"abcdef")}, content=b"def")
    assert answer.status_code == 201
    found = registry.get(answer.headers["Location"], headers={"Range": "bytes=2-3"})
    assert (found.status_code, found.content) == (206, b"cd")
    assert found.headers["Content-Range"] == "bytes 2-3/6"
    assert code(registry.patch(place, content=b"x")) == (404, "BLOB_UPLOAD_UNKNOWN")


def test_blob_is_uploaded_at_once_and_mounted(registry, ecr, repository, unique):
    uploads = f"/v2/{repository}/blobs/uploads/"
    answer = registry.post(uploads, params={"digest": digest_of(b"one")}, content=b"one")
    assert answer.status_code == 201
    other = f"{unique}/other"
    ecr.create_repository(repositoryName=other)
    mount = {"mount": digest_of(b"one"), "from": repository}
    assert registry.post(f"/v2/{other}/blobs/uploads/", params=mount).status_code == 201
    assert registry.head(f"/v2/{other}/blobs/{digest_of(b'one')}").status_code == 200
    unknown = {"mount": digest_of(b"two"), "from": repository}
    assert registry.post(f"/v2/{other}/blobs/uploads/", params=unknown).status_code == 202
    ecr.delete_repository(repositoryName=other)
    assert registry.get(f"/v2/{repository}/blobs/{digest_of(b'one')}").content == b"one"


def test_wrong_digests_and_what_is_not_there_are_refused(registry, repository):
    place = registry.post(f"/v2/{repository}/blobs/uploads/").headers["Location"]
    wrong = registry.put(place, params={"digest": digest_of(b"x")}, content=b"y")
    assert code(wrong) == (400, "DIGEST_INVALID")
    base = f"/v2/{repository}"
    assert code(registry.get(f"{base}/blobs/{digest_of(b'y')}")) == (404, "BLOB_UNKNOWN")
    assert code(registry.get(f"{base}/manifests/no")) == (404, "MANIFEST_UNKNOWN")
    assert code(registry.get(f"/v2/{repository}x/tags/list")) == (404, "NAME_UNKNOWN")
    headers = {"Content-Type": MANIFEST}
    for content, expected in (
        (manifest(b"nobody's"), (404, "MANIFEST_BLOB_UNKNOWN")),
        (b"no json", (400, "MANIFEST_INVALID")),
    ):
        answer = registry.put(f"{base}/manifests/1", content=content, headers=headers)
        assert code(answer) == expected
    for content in (b"{}", b"layer"):
        upload(registry, repository, content)
    other = f"{base}/manifests/{digest_of(b'other')}"
    answer = registry.put(other, content=manifest(b"layer"), headers=headers)
    assert code(answer) == (400, "DIGEST_INVALID")
    assert code(registry.get("/v2/Upper/tags/list")) == (404, "NAME_INVALID")


def test_immutable_tag_is_refused_by_the_registry_too(registry, ecr, repository):
    push(registry, repository, "1", b"layer")
    ecr.put_image_tag_mutability(repositoryName=repository, imageTagMutability="IMMUTABLE")
    upload(registry, repository, b"other")
    headers = {"Content-Type": MANIFEST}
    path = f"/v2/{repository}/manifests/1"
    assert registry.put(path, content=manifest(b"layer"), headers=headers).status_code == 201
    answer = registry.put(path, content=manifest(b"other"), headers=headers)
    assert code(answer) == (400, "TAG_INVALID")
    assert "cannot be overwritten because the tag is immutable" in answer.text


def test_tags_are_listed_page_by_page(registry, repository):
    for tag in ("c", "a", "b"):
        push(registry, repository, tag, b"layer")
    first = registry.get(f"/v2/{repository}/tags/list", params={"n": 2})
    assert first.json() == {"name": repository, "tags": ["a", "b"]}
    second = registry.get(first.links["next"]["url"])
    assert second.json()["tags"] == ["c"]
    assert "Link" not in second.headers
    assert repository in registry.get("/v2/_catalog").json()["repositories"]


def test_tags_images_and_blobs_are_deleted(registry, repository):
    digest = push(registry, repository, "1", b"layer")
    base = f"/v2/{repository}"
    needed = registry.delete(f"{base}/blobs/{digest_of(b'layer')}")
    assert code(needed) == (405, "DENIED")
    assert registry.delete(f"{base}/manifests/1").status_code == 202
    assert registry.get(f"{base}/manifests/{digest}").status_code == 200
    assert registry.delete(f"{base}/manifests/{digest}").status_code == 202
    assert registry.get(f"{base}/manifests/{digest}").status_code == 404
    assert registry.delete(f"{base}/blobs/{digest_of(b'layer')}").status_code == 202
    assert registry.get(f"{base}/blobs/{digest_of(b'layer')}").status_code == 404


def test_what_says_something_of_an_image_is_found_from_it(registry, repository):
    digest = push(registry, repository, "1", b"layer")
    subject = {"subject": {"mediaType": MANIFEST, "size": 1, "digest": digest}}
    said = push(registry, repository, "note", b"signature", artifactType="a/b", **subject)
    path = f"/v2/{repository}/referrers/{digest}"
    (found,) = registry.get(path).json()["manifests"]
    assert (found["digest"], found["artifactType"]) == (said, "a/b")
    other = registry.get(path, params={"artifactType": "c/d"})
    assert other.json()["manifests"] == []
    assert other.headers["OCI-Filters-Applied"] == "artifactType"
