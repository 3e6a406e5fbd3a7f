"""SageMaker's state changes as EventBridge has them: the detail is what Describe answers. Of jobs
and endpoints its times are milliseconds, of model packages text.
"""

from datetime import datetime
from typing import Any

from emulation.services.sagemaker.scope import Scope
from emulation.services.sagemaker.store import Members
from emulation.services.service_events import put_event

SOURCE = "aws.sagemaker"


def put(scope: Scope, detail_type: str, arn: str, detail: Members) -> None:
    """Tell the default bus; what has changed has changed, whether or not somebody listens."""
    put_event(scope.account, scope.region, SOURCE, detail_type, detail, [arn])


def put_in_milliseconds(scope: Scope, detail_type: str, arn: str, detail: Members) -> None:
    """The same, with times as numbers."""
    put(scope, detail_type, arn, in_milliseconds(detail))


def in_milliseconds(value: Any) -> Any:
    """A description whose times are milliseconds since 1970."""
    match value:
        case datetime():
            return round(value.timestamp() * 1000)
        case dict():
            return {name: in_milliseconds(item) for name, item in value.items()}
        case list():
            return [in_milliseconds(item) for item in value]
        case _:
            return value
