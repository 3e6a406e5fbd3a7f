"""ParallelizationFactor: several batches of a shard at a time, in order for each partition key."""

from collections import defaultdict

KEYS = [f"key-{number}" for number in range(8)]


def test_key_that_fails_holds_up_no_other_lane(function, stream, put, mapping, arrived):
    put("poison", key=KEYS[0])
    for key in KEYS:
        put(f"{key} first", f"{key} second", key=key)
    mapping(function(), stream, ParallelizationFactor=10, BatchSize=1)
    seen = defaultdict(list)
    # At least half of the keys share no lane with the poison, wherever they fall.
    for item in arrived(8):
        key, place = item.split()
        seen[key].append(place)
    assert KEYS[0] not in seen
    assert all(places == ["first", "second"][: len(places)] for places in seen.values())


def test_records_of_a_key_stay_in_order(function, stream, put, mapping, arrived):
    for number in range(20):
        for key in KEYS:
            put(f"{key} {number:02}", key=key)
    mapping(function(), stream, ParallelizationFactor=4, BatchSize=7)
    seen = defaultdict(list)
    for item in arrived(20 * len(KEYS)):
        key, number = item.split()
        seen[key].append(int(number))
    assert dict(seen) == {key: list(range(20)) for key in KEYS}


def test_what_other_lanes_have_done_is_not_lost_behind_a_failure(
    function, stream, put, mapping, arrived, aws, waiting
):
    """The checkpoint waits for the slowest lane: records may come twice, none is left out."""
    put("poison", key=KEYS[0])
    put("a", key=KEYS[0])
    put("b", key=KEYS[1])
    uuid = mapping(
        function(), stream, ParallelizationFactor=10, MaximumRetryAttempts=-1, BatchSize=1
    )
    arrived(1)
    client = aws("lambda")
    client.update_event_source_mapping(UUID=uuid, MaximumRetryAttempts=0)
    waiting("all records", lambda: {"a", "b"} <= set(arrived(2)))
