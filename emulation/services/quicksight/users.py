"""Users, the namespace and the account, as much as sharing and embedding need.

Users are the account's, whatever the region that a request comes to.
"""

import re
import time
import uuid

from emulation.services.paging import page
from emulation.services.quicksight import errors
from emulation.services.quicksight.store import LOCK, USERS, Members, Shelf
from emulation.services.scope import Scope

NAMESPACE = "default"
ANYWHERE = "account"
SHOWN = (
    "Arn", "UserName", "Email", "Role", "IdentityType", "Active", "PrincipalId",
    "CustomPermissionsName",
)  # fmt: skip


def shelf(scope: Scope) -> Shelf:
    """The users of an account."""
    return Shelf(Scope(scope.account, ANYWHERE, scope.partition), USERS)


def check_namespace(name: str) -> None:
    """There is one namespace."""
    if name != NAMESPACE:
        raise errors.not_found("NAMESPACE", name)


def user_of_arn(scope: Scope, arn: str) -> Members | None:
    """The user of an ARN of this account, whatever its region."""
    found = re.fullmatch(r"arn:[\w-]+:quicksight:[\w-]+:(\d{12}):user/default/(.+)", arn)
    if found is None or found[1] != scope.account:
        return None
    return shelf(scope).get(found[2])


def register(scope: Scope, request: Members) -> Members:
    """RegisterUser."""
    check_namespace(request["Namespace"])
    if request["IdentityType"] == "IAM_IDENTITY_CENTER" or request.get("ExternalLoginId"):
        raise NotImplementedError("quicksight users of an identity provider are not emulated")
    name = _name(request)
    user = {
        "Arn": scope.arn("quicksight", f"user/{NAMESPACE}/{name}"),
        "UserName": name,
        "Email": request["Email"],
        "Role": request["UserRole"],
        "IdentityType": request["IdentityType"],
        # A user of QuickSight's own has to accept an invitation first.
        "Active": request["IdentityType"] == "IAM",
        "PrincipalId": f"federated/iam/{uuid.uuid4().hex[:20].upper()}",
        "CustomPermissionsName": request.get("CustomPermissionsName"),
        "Created": time.time(),
    }
    with LOCK:
        if shelf(scope).get(name) is not None:
            raise errors.exists("USER", name)
        shelf(scope).put(name, user)
    return {"User": _shown(user), "Status": 201}


def _name(request: Members) -> str:
    """A QuickSight user's own name; an IAM user's name, or a role's with the session's."""
    if request["IdentityType"] == "QUICKSIGHT":
        if not request.get("UserName"):
            raise errors.invalid("UserName is required for a user of identity type QUICKSIGHT.")
        return str(request["UserName"])
    arn = request.get("IamArn") or ""
    found = re.fullmatch(r"arn:[\w-]+:iam::\d{12}:(user|role)/(.+)", arn)
    if found is None:
        raise errors.invalid("IamArn is required for a user of identity type IAM.")
    if found[1] == "user":
        return found[2].rpartition("/")[2]
    if not request.get("SessionName"):
        raise errors.invalid("SessionName is required for an IAM role.")
    return f"{found[2].rpartition('/')[2]}/{request['SessionName']}"


def _shown(user: Members) -> Members:
    return {name: user[name] for name in SHOWN if user.get(name) is not None}


def _existing(scope: Scope, request: Members) -> Members:
    check_namespace(request["Namespace"])
    found = shelf(scope).get(request["UserName"])
    if found is None:
        raise errors.not_found("USER", request["UserName"])
    return found


def describe(scope: Scope, request: Members) -> Members:
    """DescribeUser."""
    return {"User": _shown(_existing(scope, request))}


def update(scope: Scope, request: Members) -> Members:
    """UpdateUser."""
    with LOCK:
        user = _existing(scope, request)
        user = {**user, "Email": request["Email"], "Role": request["Role"]}
        shelf(scope).put(user["UserName"], user)
    return {"User": _shown(user)}


def delete(scope: Scope, request: Members) -> Members:
    """DeleteUser."""
    shelf(scope).remove(_existing(scope, request)["UserName"])
    return {}


def list_all(scope: Scope, request: Members) -> Members:
    """ListUsers."""
    check_namespace(request["Namespace"])
    some, more = page(request, shelf(scope).all(), errors.bad_token())
    return {"UserList": [_shown(user) for user in some], **more}


def list_groups(scope: Scope, request: Members) -> Members:
    """ListUserGroups: there are no groups."""
    _existing(scope, request)
    return {"GroupList": []}


def _namespace(scope: Scope) -> Members:
    return {
        "Name": NAMESPACE,
        "Arn": scope.arn("quicksight", f"namespace/{NAMESPACE}"),
        "CapacityRegion": scope.region,
        "CreationStatus": "CREATED",
        "IdentityStore": "QUICKSIGHT",
    }


def describe_namespace(scope: Scope, request: Members) -> Members:
    """DescribeNamespace."""
    check_namespace(request["Namespace"])
    return {"Namespace": _namespace(scope)}


def list_namespaces(scope: Scope, _: Members) -> Members:
    """ListNamespaces."""
    return {"Namespaces": [_namespace(scope)]}


def subscription(scope: Scope, _: Members) -> Members:
    """DescribeAccountSubscription: every account here has QuickSight."""
    return {
        "AccountInfo": {
            "AccountName": f"account-{scope.account}",
            "Edition": "ENTERPRISE",
            "AuthenticationType": "IAM_AND_QUICKSIGHT",
            "AccountSubscriptionStatus": "ACCOUNT_CREATED",
        }
    }


def account_settings(scope: Scope, _: Members) -> Members:
    """DescribeAccountSettings."""
    return {
        "AccountSettings": {
            "AccountName": f"account-{scope.account}",
            "Edition": "ENTERPRISE",
            "DefaultNamespace": NAMESPACE,
            "PublicSharingEnabled": False,
            "TerminationProtectionEnabled": False,
        }
    }
