"""Before anything is created on AWS itself: account, region and plan, and a yes."""

from collections.abc import Sequence

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError
from rich.prompt import Confirm

from pipeline import aws
from pipeline.config import Settings
from pipeline.deploy.plan import StackPlan
from pipeline.errors import RefusedError, UnreachableError
from pipeline.orchestration.display import console, show_plan


def account() -> str:
    """The account that the credentials belong to; asked first, since it needs no permission."""
    where = aws.endpoint_url() or "AWS"
    try:
        identity: str = aws.client("sts").get_caller_identity()["Account"]
    except (NoConnectionError, HTTPClientError) as error:
        raise UnreachableError(
            f"Nobody answers at {where}: start it, or set AWS_ENDPOINT to where it is."
        ) from error
    except (ClientError, BotoCoreError) as error:
        raise UnreachableError(f"{where} does not know who asks: {error}") from error
    return identity


def show_target() -> None:
    """Where the commands of this process go."""
    where = aws.endpoint_url() or "AWS"
    console.print(f"Account {account()}, region {aws.region()}, at {where}")


def confirm(question: str, settings: Settings, plans: Sequence[StackPlan], *, yes: bool) -> None:
    """Show what would happen; go on only with a yes, which a named endpoint stands for."""
    show_target()
    show_plan(plans)
    if settings.aws_endpoint or yes:
        return
    if not console.is_terminal:
        raise RefusedError("Nobody is there to confirm: repeat with --yes.")
    if not Confirm.ask(question, console=console, default=False):
        raise RefusedError("Not confirmed, nothing was changed.")
