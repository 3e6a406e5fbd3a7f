"""Workers share the shards: balance, death, theft, loss, and a stream whose shards change."""

import random

import pytest

from pipeline.consumers.lease import SHARD_END, TRIM_HORIZON, Lease, from_item, ready, to_item
from pipeline.consumers.lease_table import LeaseLostError, LeaseTable
from pipeline.consumers.taking import choose
from tests.unit.pipeline.consumers.miniatures import FAILOVER
from tests.unit.pipeline.consumers.miniatures import shard_id as name


def settle(cloud, *workers):
    """Turns until nothing changes, everybody renewing, within less than the fail-over time each."""
    before = None
    while before != (before := cloud.table.owners()):
        for worker in workers:
            worker.renew()
            worker.turn()
        cloud.clock.pass_by(FAILOVER / 3)


def shares(cloud, *workers):
    owners = list(cloud.table.owners().values())
    return [owners.count(worker) for worker in workers]


def test_one_worker_takes_every_shard(clouds):
    cloud = clouds(4)
    cloud.worker("a").turn()
    assert cloud.table.owners() == {name(number): "a" for number in range(4)}


@pytest.mark.parametrize(("shards", "expected"), [(2, [1, 1]), (4, [2, 2]), (5, [2, 3])])
def test_second_worker_gets_its_share(clouds, shards, expected):
    cloud = clouds(shards)
    first, second = cloud.worker("a"), cloud.worker("b")
    first.turn()
    settle(cloud, first, second)
    assert sorted(shares(cloud, "a", "b")) == expected
    assert set(first.processors) | set(second.processors) == set(cloud.table.items)


def test_three_workers_share_and_a_fourth_waits(clouds):
    cloud = clouds(3)
    workers = [cloud.worker(worker) for worker in "abcd"]
    settle(cloud, *workers)
    assert sorted(shares(cloud, *"abcd")) == [0, 1, 1, 1]


def test_newcomer_steals_one_at_a_time(clouds):
    cloud = clouds(4)
    first, second = cloud.worker("a"), cloud.worker("b")
    first.turn()
    second.turn()
    assert shares(cloud, "a", "b") == [3, 1]


def test_dead_workers_leases_are_taken_over_after_the_failover_time(clouds):
    cloud = clouds(4)
    first, second = cloud.worker("a"), cloud.worker("b")
    settle(cloud, first, second)
    for worker in (first, second):
        worker.renew()
    second.turn()
    cloud.clock.pass_by(FAILOVER * 0.9)
    second.renew()
    second.turn()
    assert shares(cloud, "a", "b") == [2, 2], "its owner may live"
    cloud.clock.pass_by(FAILOVER * 0.2)
    second.renew()
    second.turn()
    assert shares(cloud, "a", "b") == [0, 4]


def test_owner_that_renews_keeps_its_lease_whatever_others_clocks_say(cloud):
    first, second = cloud.worker("a"), cloud.worker("b")
    first.turn()
    for _ in range(20):
        second.turn()
        cloud.clock.pass_by(FAILOVER / 3)
        first.renew()
    assert shares(cloud, "a", "b") == [1, 0]


def test_two_workers_that_see_a_free_lease_do_not_both_get_it(cloud):
    table = LeaseTable(cloud.table, "leases")
    table.create(Lease(name(0)))
    (seen,) = table.all()
    table.change(seen, owner="a")
    with pytest.raises(LeaseLostError):
        table.change(seen, owner="b")
    assert shares(cloud, "a", "b") == [1, 0]


def test_stolen_lease_stops_its_owner_at_the_next_renewal(clouds):
    cloud = clouds(2)
    first, second = cloud.worker("a"), cloud.worker("b")
    first.turn()
    second.turn()
    (stolen,) = second.processors
    assert first.processors[stolen].held.held, "it cannot know yet"
    first.renew()
    with pytest.raises(LeaseLostError):
        first.step(stolen)
    first.turn()
    assert set(first.processors) == set(cloud.table.items) - {stolen}
    assert cloud.table.column(stolen, "ownerSwitchesSinceCheckpoint") == "2"


def test_lease_that_could_not_be_renewed_is_not_held_when_others_may_have_it(cloud):
    first = cloud.worker("a")
    first.turn()
    held = first.processors[name(0)].held
    cloud.clock.pass_by(FAILOVER - 0.01)
    assert held.held
    cloud.clock.pass_by(0.01)
    assert not held.held
    with pytest.raises(LeaseLostError):
        held.checkpoint("1")
    assert cloud.table.column(name(0), "checkpoint") == TRIM_HORIZON


def test_write_whose_answer_was_lost_is_known_as_ones_own(cloud):
    first = cloud.worker("a")
    first.turn()
    cloud.table.lose_answers = 1
    first.renew()
    assert first.processors[name(0)].held.held
    assert cloud.table.lose_answers == 0


def test_worker_that_starts_again_is_another_one(cloud):
    cloud.worker("a:1").turn()
    again = cloud.worker("a:2")
    again.turn()
    assert cloud.table.owners() == {name(0): "a:1"}
    cloud.clock.pass_by(FAILOVER)
    again.turn()
    assert cloud.table.owners() == {name(0): "a:2"}


def test_children_wait_for_all_of_their_parents(clouds, payloads):
    cloud = clouds(2)
    worker = cloud.worker("a")
    worker.turn()
    cloud.stream.put(name(0), payloads[:150])
    cloud.stream.reshard([name(0), name(1)], [name(2)])
    assert worker.step(name(1)) is None
    assert cloud.table.column(name(1), "checkpoint") == SHARD_END
    assert cloud.table.owners()[name(1)] is None
    worker.turn()
    assert cloud.table.owners()[name(2)] is None, "a parent still has records"
    assert worker.step(name(0)) is not None
    worker.turn()
    assert cloud.table.owners()[name(2)] is None
    assert worker.step(name(0)) is None
    worker.turn()
    assert cloud.table.owners()[name(2)] == "a"
    assert set(worker.processors) == {name(2)}


def test_records_of_a_split_shard_come_in_the_order_in_which_they_were_put(
    cloud, payloads, flights
):
    worker = cloud.worker("a")
    cloud.stream.put(name(0), payloads[:700])
    cloud.stream.reshard([name(0)], [name(1), name(2)])
    cloud.stream.put(name(1), payloads[700:1000])
    cloud.stream.put(name(2), payloads[1000:])
    for _ in range(30):
        worker.turn()
        for shard in worker.processors:
            worker.step(shard)
        cloud.clock.pass_by(1)
        worker.renew()
    assert cloud.bucket.predicted() == flights
    read = [shard for shard, _ in cloud.stream.reads]
    assert set(read[:700]) == {name(0)}
    assert cloud.table.column(name(0), "checkpoint") == SHARD_END


def test_leases_of_shards_that_the_stream_has_forgotten_go_when_nobody_waits_for_them(
    clouds, payloads
):
    cloud = clouds(1)
    worker = cloud.worker("a")
    worker.turn()
    cloud.stream.reshard([name(0)], [name(1)])
    worker.step(name(0))
    del cloud.stream.shards[name(0)]
    cloud.clock.pass_by(100)
    worker.turn()
    assert set(cloud.table.items) == {name(0), name(1)}, "the child has not begun"
    cloud.stream.put(name(1), payloads[:10])
    worker.step(name(1))
    cloud.clock.pass_by(100)
    worker.renew()
    worker.turn()
    assert set(cloud.table.items) == {name(1)}


def test_shard_whose_records_are_gone_ends_and_does_not_block_its_children(cloud, payloads):
    first = cloud.worker("a")
    first.turn()
    cloud.stream.put(name(0), payloads[:10])
    cloud.stream.reshard([name(0)], [name(1)])
    first.worker._shards.follow()
    del cloud.stream.shards[name(0)]
    assert first.step(name(0)) is None
    first.turn()
    assert cloud.table.owners()[name(1)] == "a"


def test_chosen_leases_are_never_more_than_the_share():
    chance = random.Random(7)
    for _ in range(300):
        workers = [f"w{number}" for number in range(chance.randint(1, 5))]
        leases = [
            Lease(name(number), owner=chance.choice(["", *workers]))
            for number in range(chance.randint(1, 9))
        ]
        free = {lease.key for lease in leases if not lease.owner}
        chosen = choose(leases, workers[0], free, chance)
        held = sum(lease.owner == workers[0] for lease in leases)
        living = len({workers[0], *(lease.owner for lease in leases if lease.owner)})
        assert held + len(chosen) <= max(held, -(-len(leases) // living))
        assert all(lease.owner != workers[0] for lease in chosen)


def test_lease_is_written_as_the_client_library_names_it():
    lease = Lease(name(2), "a", 7, "49", "50", 1, (name(0), name(1)))
    item = to_item(lease)
    assert item["leaseKey"] == {"S": name(2)}
    assert item["parentShardId"] == {"SS": [name(0), name(1)]}
    assert from_item(item) == lease
    assert from_item(to_item(Lease(name(0)))) == Lease(name(0))


def test_child_whose_parents_lease_is_not_there_yet_is_not_ready():
    child = Lease(name(1), parents=(name(0),))
    assert ready([child]) == []
    assert ready([child, Lease(name(0), checkpoint=SHARD_END)]) == [child]
