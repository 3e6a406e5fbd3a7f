"""EventBridge on the wire: LocalStack keeps buses, connections, destinations and the records of
archives; rules, matching, schedules, delivery and replays are ours.
"""

import json
from typing import Any

from localstack.aws.api import RequestContext, handler
from localstack.services.events.models import EventBus
from localstack.services.events.provider import EventsProvider as LocalStackEvents
from localstack.services.events.utils import extract_event_bus_name

from emulation.services.events import (
    bus,
    delivery,
    entries,
    errors,
    replays,
    restoring,
    rules,
    timetable,
)
from emulation.services.events.patterns import compiled
from emulation.services.validation import check as check_constraints

Members = dict[str, Any]

EVENT_MEMBERS = {"id", "account", "source", "time", "region", "detail-type"}


class EventsProvider(LocalStackEvents):
    """The operations that are carried out; all others are refused by name."""

    service = "events"

    def on_before_start(self) -> None:
        """Our own clock starts with the first schedule."""

    def on_before_stop(self) -> None:
        """And ends with the process."""

    def on_after_state_load(self) -> None:
        """Go on with schedules and deliveries of the last run."""
        restoring.restore(self)
        timetable.plan_all()
        delivery.go_on()

    def _bus(self, context: RequestContext, name_or_arn: str | None) -> EventBus:
        store = self.get_store(context.region, context.account_id)
        return self.get_event_bus(extract_event_bus_name(name_or_arn), store)

    @handler("CreateEventBus", expand=False)
    def create_event_bus(self, context: RequestContext, request: Members) -> Any:
        """A bus of one's own; what LocalStack would leave out is refused."""
        check_constraints(context.operation, request)
        refuse(request, "CreateEventBus", "EventSourceName DeadLetterConfig LogConfig")
        refuse(request, "CreateEventBus", "KmsKeyIdentifier")
        return super().create_event_bus(
            context,
            request["Name"],
            description=request.get("Description"),
            tags=request.get("Tags"),
        )

    @handler("DeleteEventBus")
    def delete_event_bus(self, context: RequestContext, name: str, **_: Any) -> None:
        """Delete a bus with its rules."""
        store = self.get_store(context.region, context.account_id)
        found = store.event_buses.get(extract_event_bus_name(name))
        if found is not None and found.name != "default":
            for rule in list(found.rules.values()):
                timetable.forget(rule)
            found.rules.clear()
        super().delete_event_bus(context, extract_event_bus_name(name))

    @handler("PutRule", expand=False)
    def put_rule(self, context: RequestContext, request: Members) -> Any:
        """Make or change a rule."""
        check_constraints(context.operation, request)
        place = self._bus(context, request.get("EventBusName"))
        is_new = request["Name"] not in place.rules
        rule = rules.put(place, context.account_id, context.region, request)
        if is_new and request.get("Tags"):
            self.tag_resource(context, rule.arn, request["Tags"])
        return {"RuleArn": rule.arn}

    @handler("EnableRule")
    def enable_rule(
        self, context: RequestContext, name: str, event_bus_name: str | None = None, **_: Any
    ) -> None:
        """Turn a rule on."""
        rules.set_state(rules.find(self._bus(context, event_bus_name), name), "ENABLED")

    @handler("DisableRule")
    def disable_rule(
        self, context: RequestContext, name: str, event_bus_name: str | None = None, **_: Any
    ) -> None:
        """Turn a rule off."""
        rules.set_state(rules.find(self._bus(context, event_bus_name), name), bus.DISABLED)

    @handler("DeleteRule", expand=False)
    def delete_rule(self, context: RequestContext, request: Members) -> None:
        """Delete a rule that has no targets."""
        place = self._bus(context, request.get("EventBusName"))
        rule = place.rules.get(request["Name"])
        rules.delete(place, request["Name"], force=bool(request.get("Force")))
        if rule is not None:
            tags = self.get_store(context.region, context.account_id).TAGS.tags
            tags.pop(rule.arn, None)

    @handler("PutTargets", expand=False)
    def put_targets(self, context: RequestContext, request: Members) -> Any:
        """Set targets of a rule."""
        check_constraints(context.operation, request)
        rule = rules.find(self._bus(context, request.get("EventBusName")), request["Rule"])
        failed = rules.put_targets(rule, request["Targets"])
        return {"FailedEntryCount": len(failed), "FailedEntries": failed}

    @handler("RemoveTargets", expand=False)
    def remove_targets(self, context: RequestContext, request: Members) -> Any:
        """Take targets of a rule away."""
        rule = rules.find(self._bus(context, request.get("EventBusName")), request["Rule"])
        failed = rules.remove_targets(rule, request["Ids"], force=bool(request.get("Force")))
        return {"FailedEntryCount": len(failed), "FailedEntries": failed}

    @handler("TestEventPattern")
    def test_event_pattern(
        self, context: RequestContext, event_pattern: str, event: str, **_: Any
    ) -> Any:
        """Whether a pattern fits an event."""
        try:
            asked = json.loads(event)
        except json.JSONDecodeError:
            asked = None
        if not isinstance(asked, dict) or not EVENT_MEMBERS.issubset(asked):
            raise errors.validation("Parameter Event is not valid.")
        rules.check_pattern(event_pattern)
        return {"Result": compiled(event_pattern).matches(asked)}

    @handler("PutEvents", expand=False)
    def put_events(self, context: RequestContext, request: Members) -> Any:
        """Take events; each is answered for itself."""
        if request.get("EndpointId"):
            raise NotImplementedError("events.PutEvents with EndpointId is not emulated")
        given = request["Entries"]
        if len(given) > entries.MAX_ENTRIES:
            shown = ", ".join(self._event_to_error_type_event(entry) for entry in given)
            raise errors.validation(
                f"1 validation error detected: Value '[{shown}]' at 'entries' failed to satisfy "
                "constraint: Member must have length less than or equal to 10"
            )
        entries.check_size(given)
        self.get_store(context.region, context.account_id)
        answers = [entries.put(context, entry) for entry in given]
        failed = sum("ErrorCode" in answer for answer in answers)
        return {"FailedEntryCount": failed, "Entries": answers}

    @handler("CreateArchive", expand=False)
    def create_archive(self, context: RequestContext, request: Members) -> Any:
        """An archive of a bus, fed by a rule of its own."""
        refuse(request, "CreateArchive", "KmsKeyIdentifier")
        if pattern := request.get("EventPattern"):
            rules.check_pattern(pattern)
        return super().create_archive(
            context,
            request["ArchiveName"],
            request["EventSourceArn"],
            request.get("Description"),
            request.get("EventPattern"),
            request.get("RetentionDays"),
        )

    @handler("UpdateArchive", expand=False)
    def update_archive(self, context: RequestContext, request: Members) -> Any:
        """Change an archive and the rule that feeds it."""
        refuse(request, "UpdateArchive", "KmsKeyIdentifier")
        names = ("Description", "EventPattern", "RetentionDays")
        if not any(request.get(name) is not None for name in names):
            raise errors.validation(
                "At least one of EventPattern, RetentionDays or Description must be provided."
            )
        if pattern := request.get("EventPattern"):
            rules.check_pattern(pattern)
        store = self.get_store(context.region, context.account_id)
        archive = self.get_archive(request["ArchiveName"], store)
        service = self._archive_service_store[archive.arn]
        service.update(*(request.get(name) for name in names))
        service._create_archive_rule()
        return {
            "ArchiveArn": archive.arn,
            "State": archive.state,
            "CreationTime": archive.creation_time,
        }

    @handler("DeleteArchive")
    def delete_archive(self, context: RequestContext, archive_name: str, **_: Any) -> Any:
        """Delete an archive with its rule."""
        super().delete_archive(context, archive_name)
        return {}

    @handler("StartReplay", expand=False)
    def start_replay(self, context: RequestContext, request: Members) -> Any:
        """Give the archived events of a span of time to the bus again."""
        store = self.get_store(context.region, context.account_id)
        return replays.start(store, context, request)

    @handler("CancelReplay")
    def cancel_replay(self, context: RequestContext, replay_name: str, **_: Any) -> Any:
        """Stop a replay that goes on."""
        store = self.get_store(context.region, context.account_id)
        return replays.cancel(self.get_replay(replay_name, store))


def refuse(request: Members, operation: str, names: str) -> None:
    """Refuse members that nothing here acts on."""
    for name in names.split():
        if request.get(name):
            raise NotImplementedError(f"events.{operation} with {name} is not emulated")
