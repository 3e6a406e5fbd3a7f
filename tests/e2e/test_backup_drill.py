"""The processed flights are lost, and come back from the archive: the same bytes, to the last."""

import hashlib
import re
import signal

import pytest
from botocore.exceptions import ClientError

from tests.e2e import cloud
from tests.waiting import wait_until

BACKUP = f"{cloud.NAME}-backup-000000000000-us-east-1"
PREFIX = "processed/"


@pytest.fixture(scope="module")
def backed_up(told):
    """What was there before, by its SHA-256, and what the backup said."""
    before = contents(told.laptop)
    return before, told.laptop.run("pipeline", "backup")


def contents(laptop) -> dict[str, tuple[str, str]]:
    """The SHA-256 of everything under the prefix, of the bytes themselves, and the entity tag, by
    which the stages of the pipeline know what they have worked on.
    """
    found = cloud.objects(laptop, cloud.LAKE, PREFIX)
    bodies = {key: cloud.body(laptop, cloud.LAKE, key) for key in found}
    return {key: (hashlib.sha256(bodies[key]).hexdigest(), tag) for key, (tag, _) in found.items()}


def copies(laptop) -> list[dict]:
    return laptop.aws("s3").list_objects_v2(
        Bucket=BACKUP, Prefix="objects/", OptionalObjectAttributes=["RestoreStatus"]
    )["Contents"]


def lose(laptop) -> None:
    for key in cloud.objects(laptop, cloud.LAKE, PREFIX):
        laptop.aws("s3").delete_object(Bucket=cloud.LAKE, Key=key)


def test_copies_are_in_the_archive_and_cannot_be_read(told, backed_up):
    before, said = backed_up
    found = copies(told.laptop)
    assert {item["StorageClass"] for item in found} == {"GLACIER"}
    assert len(found) == len(before) > 0
    assert re.search(rf"To be copied: {len(before):,}, [\d.]+ GB in {len(before):,} requests", said)
    with pytest.raises(ClientError, match="InvalidObjectState"):
        cloud.body(told.laptop, BACKUP, found[0]["Key"])


def test_second_backup_copies_nothing(told, backed_up):
    said = told.laptop.run("pipeline", "backup")
    assert "To be copied: 0," in said
    assert "nothing has changed since backup" in said


def test_lost_flights_come_back_even_when_the_restore_is_killed(told, backed_up):
    before, _ = backed_up
    lose(told.laptop)
    assert contents(told.laptop) == {}
    first = told.laptop.begin("pipeline", "restore")
    wait_until("restores that were asked for", lambda: asked(told.laptop))
    first.send_signal(signal.SIGKILL)
    first.wait(60)
    said = told.laptop.run("pipeline", "restore")
    assert "equal by SHA-256" in said
    assert contents(told.laptop) == before
    assert "To be restored: 0," in told.laptop.run("pipeline", "restore")


def asked(laptop) -> bool:
    return any("RestoreStatus" in item for item in copies(laptop))


def test_what_differs_stays_until_somebody_says_otherwise(told, backed_up):
    before, _ = backed_up
    key = min(before)
    told.laptop.aws("s3").put_object(Bucket=cloud.LAKE, Key=key, Body=b"somebody's work")
    refused = told.laptop.begin("pipeline", "restore")
    assert refused.wait(120) == 1
    assert f"{key} differ from the backup" in told.laptop.said()
    assert cloud.body(told.laptop, cloud.LAKE, key) == b"somebody's work"
    told.laptop.run("pipeline", "restore", "--overwrite", "--tier", "expedited")
    assert contents(told.laptop) == before
