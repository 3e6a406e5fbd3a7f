"""Reading what is pushed to a subscription."""

FIRST, SECOND, THIRD, FOURTH = (f"shardId-{number:012d}" for number in range(4))


def events(subscription):
    """The contents of the events as they come; most readers stop before the end."""
    for event in subscription:
        yield event["SubscribeToShardEvent"]


def pushed(subscription, count):
    """The first records' data; fails when the subscription is silent six times over."""
    found, silent = [], 0
    for event in events(subscription):
        found += [record["Data"] for record in event["Records"]]
        silent += not event["Records"]
        if len(found) >= count:
            return found
        assert silent <= 6, f"only {found} of {count} records"
    raise AssertionError(f"the subscription ended with {found}")
