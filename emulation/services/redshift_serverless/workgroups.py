"""Workgroups: the name that statements are sent to.

Statements come by the Data API. No port listens for database drivers yet, so a workgroup answers no
`endpoint`, where AWS gives an address and a port.
"""

import re
import secrets
from datetime import timedelta

from localstack.aws.api import RequestContext, handler

from emulation.services.paging import CAMEL_NAMES, page
from emulation.services.redshift_serverless.errors import (
    conflict,
    invalid_token,
    not_found,
    validation_exception,
)
from emulation.services.redshift_serverless.namespaces import existing as existing_namespace
from emulation.services.redshift_serverless.store import (
    Members,
    ServerlessStore,
    Workgroup,
    arn_of,
    new_id,
    now,
    store_of,
)
from emulation.services.redshift_serverless.tags import as_tags
from emulation.services.redshift_serverless.warehouse import warehouse

NAME = re.compile(r"[a-z0-9-]{3,64}")
KEPT = (
    "baseCapacity", "maxCapacity", "configParameters", "enhancedVpcRouting", "publiclyAccessible",
    "securityGroupIds", "subnetIds", "port", "ipAddressType", "pricePerformanceTarget", "trackName",
)  # fmt: skip
DEFAULTS: Members = {
    "baseCapacity": 128,
    "enhancedVpcRouting": False,
    "publiclyAccessible": False,
    "port": 5439,
    "securityGroupIds": [],
    "subnetIds": [],
    "configParameters": [
        {"parameterKey": key, "parameterValue": value}
        for key, value in (
            ("auto_mv", "true"),
            ("datestyle", "ISO, MDY"),
            ("enable_case_sensitive_identifier", "false"),
            ("enable_user_activity_logging", "true"),
            ("query_group", "default"),
            ("search_path", "$user, public"),
            ("max_query_execution_time", "14400"),
        )
    ],
}
PORTS = (range(5431, 5456), range(8191, 8216))
CREDENTIAL_SECONDS = (900, 3600)


def existing(store: ServerlessStore, name: str) -> Workgroup:
    """A workgroup that must be there."""
    if name not in store.workgroups:
        raise not_found("workgroup", name)
    return store.workgroups[name]


def described(workgroup: Workgroup, status: str = "AVAILABLE") -> Members:
    """A workgroup as the API answers it."""
    return {
        "workgroupName": workgroup.name,
        "workgroupArn": workgroup.arn,
        "workgroupId": workgroup.id,
        "namespaceName": workgroup.namespace,
        "creationDate": workgroup.created,
        "status": status,
        **workgroup.settings,
    }


class WorkgroupOperations:
    """Create, read, change and delete workgroups."""

    @handler("CreateWorkgroup", expand=False)
    def create_workgroup(self, context: RequestContext, request: Members) -> Members:
        """Make a workgroup for a namespace, which takes one."""
        store, name = store_of(context), request["workgroupName"]
        if not NAME.fullmatch(name):
            raise validation_exception(
                "The workgroup name must contain 3-64 lowercase alphanumeric characters or hyphens."
            )
        if name in store.workgroups:
            raise conflict(f"Workgroup {name} already exists.")
        namespace = existing_namespace(store, request["namespaceName"])
        taken = [one.name for one in store.workgroups.values() if one.namespace == namespace.name]
        if taken:
            raise conflict(
                f"Namespace {namespace.name} is already associated with workgroup {taken[0]}."
            )
        _check(request)
        warehouse().open(namespace.id)
        id_ = new_id()
        settings = DEFAULTS | {key: request[key] for key in KEPT if key in request}
        arn = arn_of(context, "workgroup", id_)
        workgroup = Workgroup(name, arn, id_, namespace.name, settings)
        store.workgroups[name] = workgroup
        store.tags[arn] = as_tags(request.get("tags", []))
        return {"workgroup": described(workgroup)}

    @handler("GetWorkgroup", expand=False)
    def get_workgroup(self, context: RequestContext, request: Members) -> Members:
        """One workgroup."""
        return {"workgroup": described(existing(store_of(context), request["workgroupName"]))}

    @handler("ListWorkgroups", expand=False)
    def list_workgroups(self, context: RequestContext, request: Members) -> Members:
        """All workgroups."""
        if request.get("ownerAccount") not in {None, context.account_id}:
            return {"workgroups": []}
        workgroups = sorted(store_of(context).workgroups.values(), key=lambda one: one.name)
        some, more = page(request, workgroups, invalid_token(), names=CAMEL_NAMES)
        return {"workgroups": [described(one) for one in some], **more}

    @handler("UpdateWorkgroup", expand=False)
    def update_workgroup(self, context: RequestContext, request: Members) -> Members:
        """Change what is given."""
        workgroup = existing(store_of(context), request["workgroupName"])
        _check(request)
        workgroup.settings |= {key: request[key] for key in KEPT if key in request}
        return {"workgroup": described(workgroup)}

    @handler("DeleteWorkgroup", expand=False)
    def delete_workgroup(self, context: RequestContext, request: Members) -> Members:
        """Delete a workgroup; the namespace keeps the data."""
        store = store_of(context)
        workgroup = existing(store, request["workgroupName"])
        del store.workgroups[workgroup.name]
        store.tags.pop(workgroup.arn, None)
        return {"workgroup": described(workgroup, "DELETING")}

    @handler("GetCredentials", expand=False)
    def get_credentials(self, context: RequestContext, request: Members) -> Members:
        """A name and a password for a driver's connection."""
        if request.get("customDomainName"):
            raise NotImplementedError("redshift-serverless custom domains are not emulated")
        if not request.get("workgroupName"):
            raise validation_exception("Either workgroupName or customDomainName must be provided.")
        existing(store_of(context), request["workgroupName"])
        seconds = request.get("durationSeconds", 900)
        if not CREDENTIAL_SECONDS[0] <= seconds <= CREDENTIAL_SECONDS[1]:
            raise validation_exception("durationSeconds must be between 900 and 3600.")
        expiration = now() + timedelta(seconds=seconds)
        return {
            "dbUser": "IAM:root",
            "dbPassword": secrets.token_urlsafe(48),
            "expiration": expiration,
            "nextRefreshTime": expiration,
        }


def _check(request: Members) -> None:
    capacity = request.get("baseCapacity")
    if capacity is not None and capacity != 4 and (capacity % 8 or not 8 <= capacity <= 1024):
        raise validation_exception(
            "Base capacity must be 4 RPUs or a multiple of 8 between 8 and 1024 RPUs."
        )
    port = request.get("port")
    if port is not None and not any(port in ports for ports in PORTS):
        raise validation_exception("Port must be in the range 5431-5455 or 8191-8215.")
