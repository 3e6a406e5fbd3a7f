"""The roles of a cluster: they must be in IAM, except those that AWS's command line makes.

`aws emr create-default-roles` asks nothing of an endpoint that is not AWS's, so that clusters with
`--use-default-roles` run without it here.
"""

from botocore.exceptions import ClientError

from emulation.services.emr.errors import invalid
from emulation.services.emr.store import Members
from emulation.services.scope import Scope

MADE_BY_THE_COMMAND_LINE = ("EMR_EC2_DefaultRole", "EMR_DefaultRole", "EMR_DefaultRole_V2")


def check_roles(scope: Scope, request: Members) -> None:
    """The machines' profile and the service's role.

    Raises:
        CommonServiceException: ValidationException, one of them is not there.
    """
    profile, role = (_name(request.get(one)) for one in ("JobFlowRole", "ServiceRole"))
    iam = scope.client("iam")
    try:
        if profile not in MADE_BY_THE_COMMAND_LINE:
            iam.get_instance_profile(InstanceProfileName=profile)
    except ClientError as error:
        raise invalid(f"Invalid InstanceProfile: {profile}.") from error
    try:
        if role not in MADE_BY_THE_COMMAND_LINE:
            iam.get_role(RoleName=role)
    except ClientError as error:
        raise invalid(f"Invalid ServiceRole: {role}.") from error


def _name(given: str | None) -> str:
    return (given or "").rpartition("/")[2]
