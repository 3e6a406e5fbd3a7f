import pytest

from emulation.services.kinesis.throughput import MIB, Rate, Throughput

NOW = 1_700_000_000_000


class Shards:
    """Stands for a stream: the rates know it only as the key of its shards."""


@pytest.fixture
def rates():
    return Throughput()


def test_rate_begins_anew_with_each_second():
    rate = Rate(10)
    assert rate.fits(6, NOW)
    rate.take(6)
    assert rate.fits(4, NOW + 999)
    assert not rate.fits(5, NOW + 999)
    assert rate.fits(10, NOW + 1000)


def test_what_is_over_uses_up_the_seconds_after_it():
    """As AWS says of a read of 10 MiB: refused within the next five seconds."""
    rate = Rate(2)
    assert rate.fits(1, NOW)
    rate.take(10)
    assert [rate.fits(1, NOW + second * 1000) for second in range(7)] == [False] * 5 + [True] * 2


def test_clock_that_goes_back_opens_nothing():
    rate = Rate(1)
    rate.fits(1, NOW)
    rate.take(1)
    assert not rate.fits(1, NOW - 5000)
    assert rate.fits(1, NOW + 1000)


def test_shard_takes_a_thousand_records_and_a_mebibyte_a_second(rates):
    stream = Shards()
    assert all(rates.allow(stream, 0, 1, 10, NOW) for _ in range(1000))
    assert not rates.allow(stream, 0, 1, 10, NOW)
    assert rates.allow(stream, 1, 1, MIB, NOW)
    assert not rates.allow(stream, 1, 1, 1, NOW + 999)
    assert rates.allow(stream, 1, 1, 1, NOW + 1000)
    assert rates.allow(Shards(), 0, 1, 10, NOW)


def test_record_larger_than_a_second_is_let_through_alone(rates):
    stream = Shards()
    assert rates.allow(stream, 0, 1, 9 * MIB, NOW)
    assert not rates.allow(stream, 0, 1, 1, NOW + 8000)
    assert rates.allow(stream, 0, 1, 1, NOW + 9000)


def test_shard_is_read_five_times_and_two_mebibytes_a_second(rates):
    stream = Shards()
    assert [rates.allow_read(stream, 0, NOW) for _ in range(6)] == [True] * 5 + [False]
    assert rates.allow_read(stream, 0, NOW + 1000)
    rates.count_read(stream, 0, 10 * MIB)
    assert not rates.allow_read(stream, 0, NOW + 5999)
    assert rates.allow_read(stream, 0, NOW + 6000)
