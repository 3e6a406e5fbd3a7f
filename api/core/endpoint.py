"""Asks the SageMaker endpoint, and says in our words why it did not answer."""

from collections.abc import Callable
from typing import NoReturn

from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError

from api.core.answers import JSON, Answers, Instances, parse, question
from api.core.deployment import Clients
from api.core.reading import Reading
from api.core.stages.stage import Stage, State
from api.errors import ModelFailedError, NotInServiceError, UnreachableError

NOT_IN_SERVICE = {"ValidationError", "ValidationException", "ModelNotReadyException"}
"""SageMaker says `ValidationError` of an endpoint that it does not know or that is being made."""

SERVING = {"InService", "Updating", "SystemUpdating", "RollingBack"}
"""An endpoint answers with its old fleet while it gets a new one."""


class EndpointPredictor:
    """An endpoint by its name; `look` reads how it is."""

    def __init__(
        self, clients: Clients, name: str, look: Callable[[], tuple[Reading, Stage]]
    ) -> None:
        self._clients = clients
        self._name = name
        self._look = look

    def ask(self, instances: Instances) -> Answers:
        """The endpoint's predictions."""
        try:
            reply = self._clients("sagemaker-runtime").invoke_endpoint(
                EndpointName=self._name,
                ContentType=JSON,
                Accept=JSON,
                Body=question(instances).encode(),
            )
            body = reply["Body"].read()
        except ClientError as error:
            _translate(error, self._name)
        except ReadTimeoutError as error:
            sentence = f"The endpoint {self._name} did not answer in time."
            raise ModelFailedError(sentence) from error
        except BotoCoreError as error:
            raise UnreachableError(f"AWS cannot be asked for a prediction: {error}") from error
        return parse(body, len(instances), reply.get("InvokedProductionVariant", ""))

    def unreadiness(self) -> str:
        """Why the endpoint does not serve."""
        _, stage = self._look()
        if stage.state is State.DONE or stage.facts.get("status") in SERVING:
            return ""
        return stage.summary

    def close(self) -> None:
        """It is not ours."""


def _translate(error: ClientError, endpoint: str) -> NoReturn:
    code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
    if code in NOT_IN_SERVICE:
        raise NotInServiceError(
            f"No endpoint named {endpoint} is in service ({message}). Deploy the pipeline with "
            "`make up`, or wait until its serving stack is complete."
        ) from error
    if code == "ModelError":
        said = error.response.get("OriginalMessage") or message
        raise ModelFailedError(f"The model failed: {said}") from error
    raise UnreachableError(f"SageMaker refused the request: {code}: {message}") from error
