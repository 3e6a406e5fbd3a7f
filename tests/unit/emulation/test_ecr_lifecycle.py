"""Lifecycle policies: which images they expire, and what they may not say."""

import json
import time

import pytest
from localstack.aws.api import CommonServiceException

from emulation.services.ecr.lifecycle_rules import expired, read
from emulation.services.ecr.store import StoredImage

NOW = time.time()


def image(name: str, *tags: str, days: float = 0, lists: tuple[str, ...] = ()) -> StoredImage:
    return StoredImage(name, "", 1, NOW - days * 86400, list(tags), lists=list(lists))


def rule(priority: int, **selection) -> dict:
    found = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1, **selection}
    return {"rulePriority": priority, "selection": found, "action": {"type": "expire"}}


def policy(*rules: dict) -> str:
    return json.dumps({"rules": rules})


def gone(images: list[StoredImage], *rules: dict) -> list[tuple[str, int]]:
    found = expired(read(policy(*rules), "PutLifecyclePolicy"), images)
    return [(one.image.digest, one.priority) for one in found]


def test_an_image_is_expired_by_the_first_rule_that_it_fits():
    images = [
        image("new", "prod-2", days=1),
        image("old", "prod-1", days=2),
        image("bare", days=3),
        image("dev", "dev-1", days=4),
    ]
    keep_prod = rule(1, tagStatus="tagged", tagPrefixList=["prod"])
    untagged = rule(
        2, tagStatus="untagged", countType="sinceImagePushed", countUnit="days", countNumber=2
    )
    everything = rule(9, countNumber=3)
    assert gone(images, everything, untagged, keep_prod) == [("old", 1), ("bare", 2), ("dev", 9)]
    assert gone(images, rule(1, tagStatus="tagged", tagPatternList=["prod*", "*-2"])) == []


def test_parts_of_a_list_stay_as_long_as_the_list():
    images = [image("list", "x", days=1, lists=("part",)), image("part", days=2)]
    untagged = rule(
        1, tagStatus="untagged", countType="sinceImagePushed", countUnit="days", countNumber=1
    )
    assert gone(images, untagged) == []
    assert gone([image("newer", days=0), *images], rule(1)) == [("list", 1), ("part", 1)]


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        policy(),
        policy(rule(1), rule(1)),
        policy(rule(1), rule(2, tagStatus="untagged")),
        policy(rule(1, tagStatus="tagged")),
        policy(rule(1, countUnit="days")),
        policy(rule(1, countNumber=0)),
    ],
)
def test_policies_that_make_no_sense_are_refused(text):
    with pytest.raises(CommonServiceException) as error:
        read(text, "PutLifecyclePolicy")
    assert error.value.code == "InvalidParameterException"


def test_what_no_policy_does_here_is_refused_by_name():
    archive = rule(1) | {"action": {"type": "transition", "targetStorageClass": "archive"}}
    with pytest.raises(NotImplementedError, match="action transition is not emulated"):
        read(policy(archive), "PutLifecyclePolicy")
