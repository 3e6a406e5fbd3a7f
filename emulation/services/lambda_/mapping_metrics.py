"""What mappings tell CloudWatch: IteratorAge of the function always, the counts of events when the
mapping's MetricsConfig asks for them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from localstack.utils.aws.arns import parse_arn

from emulation.services.lambda_.batches import Record
from emulation.services.metrics import METER, Metric, Source

ITERATOR_AGE = Metric("IteratorAge", "Milliseconds")
DESTINATION_FAILURES = Metric("DestinationDeliveryFailures", "Count")
POLLED = Metric("PolledEventCount", "Count")
FILTERED_OUT = Metric("FilteredOutEventCount", "Count")
INVOKED = Metric("InvokedEventCount", "Count")
FAILED = Metric("FailedInvokeEventCount", "Count")
DROPPED = Metric("DroppedEventCount", "Count")
DELIVERED = Metric("OnFailureDestinationDeliveredEventCount", "Count")


@dataclass(frozen=True, slots=True)
class MappingMetrics:
    """The metrics of one mapping."""

    function: Source
    mapping: Source | None
    """None when nobody asked for counts of events."""

    @classmethod
    def of(cls, function_arn: str, mapping_id: str, *, counts_events: bool) -> Self:
        """The metrics of a mapping, in the function's account and region."""
        arn = parse_arn(function_arn)
        name = arn["resource"].split(":")[1]
        place = arn["account"], arn["region"], "AWS/Lambda"
        function = Source(*place, (("FunctionName", name),))
        mapping = Source(*place, (("EventSourceMappingUUID", mapping_id),))
        return cls(function, mapping if counts_events else None)

    def invoked(self, records: Sequence[Record], at: float) -> None:
        """The function was handed records at that time; the last of them tells their age."""
        if records:
            age = max(0, round((at - records[-1].arrived) * 1000))
            METER.count(self.function, {ITERATOR_AGE: age})
            self.events(INVOKED, len(records))

    def undelivered(self) -> None:
        """A failure destination did not take what it was told."""
        METER.count(self.function, {DESTINATION_FAILURES: 1})

    def events(self, metric: Metric, count: int) -> None:
        """Something happened to events."""
        if self.mapping is not None and count:
            METER.count(self.mapping, {metric: count})
