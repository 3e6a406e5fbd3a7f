"""API Gateway: what was asked with a key, and what was refused."""

from api.core.deployment import Clients, Deployment
from api.core.stages.metrics import day_sum
from api.core.stages.stage import Figure, Stage, State, absent

NAMESPACE = "AWS/ApiGateway"


def read_gateway(clients: Clients, deployment: Deployment) -> Stage:
    """The requests of the last day; a throttled one is a refusal (429) in CloudWatch."""
    outputs = deployment.outputs
    if "ApiName" not in outputs:
        return absent("The API's gateway")
    of = {"ApiName": outputs["ApiName"], "Stage": outputs["ApiStage"]}
    asked, refused, failed = (
        day_sum(clients, NAMESPACE, metric, of) for metric in ("Count", "4XXError", "5XXError")
    )
    return Stage(
        state=State.DONE if asked else State.IDLE,
        resource=f"{outputs['ApiId']}/{outputs['ApiStage']}",
        summary=_summary(asked, refused, failed),
        figures=(
            Figure("requests", "requests in 24 h", asked),
            Figure("refused", "refused: no key, too many, malformed (4xx)", refused),
            Figure("failed", "failed (5xx)", failed),
        ),
    )


def _summary(asked: float | None, refused: float | None, failed: float | None) -> str:
    if not asked:
        return "nobody has asked with a key in 24 h"
    bad = [
        f"{count:,.0f} {word}"
        for count, word in ((refused, "refused"), (failed, "failed"))
        if count
    ]
    return ", ".join([f"{asked:,.0f} requests in 24 h", *bad])
