"""Namespaces. One is `AVAILABLE` because its DuckDB instance is open; making it opens it."""

import re
import secrets
from typing import Any

from localstack.aws.api import RequestContext, handler
from localstack.aws.connect import connect_to

from emulation.compute.redshift_sql.errors import SqlError
from emulation.services.paging import CAMEL_NAMES, page
from emulation.services.redshift_serverless.errors import (
    conflict,
    invalid_token,
    not_found,
    validation_exception,
)
from emulation.services.redshift_serverless.store import (
    Members,
    Namespace,
    ServerlessStore,
    arn_of,
    new_id,
    store_of,
)
from emulation.services.redshift_serverless.tags import as_tags
from emulation.services.redshift_serverless.warehouse import warehouse

NAME = re.compile(r"[a-z0-9-]{3,64}")
PASSWORD = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[\x21-\x7e]{8,64}")
KEPT = ("defaultIamRoleArn", "iamRoles", "kmsKeyId", "logExports", "adminPasswordSecretKmsKeyId")
REFUSED = ("redshiftIdcApplicationArn",)


def existing(store: ServerlessStore, name: str) -> Namespace:
    """A namespace that must be there."""
    if name not in store.namespaces:
        raise not_found("namespace", name)
    return store.namespaces[name]


def described(namespace: Namespace, status: str = "AVAILABLE") -> Members:
    """A namespace as the API answers it."""
    settings = namespace.settings
    answer = {
        "namespaceName": namespace.name,
        "namespaceArn": namespace.arn,
        "namespaceId": namespace.id,
        "dbName": namespace.database,
        "adminUsername": namespace.admin,
        "creationDate": namespace.created,
        "iamRoles": [_attached(role) for role in settings.get("iamRoles", [])],
        "kmsKeyId": settings.get("kmsKeyId", "AWS_OWNED_KMS_KEY"),
        "logExports": settings.get("logExports", []),
        "status": status,
    }
    optional = {
        "defaultIamRoleArn": settings.get("defaultIamRoleArn"),
        "adminPasswordSecretArn": namespace.secret_arn,
        "adminPasswordSecretKmsKeyId": settings.get("adminPasswordSecretKmsKeyId"),
    }
    return answer | {name: value for name, value in optional.items() if value is not None}


def _attached(role: str) -> str:
    """Redshift answers roles in this form, not as plain ARNs."""
    return f"IamRole(applyStatus=in-sync, iamRoleArn={role})"


class NamespaceOperations:
    """Create, read, change and delete namespaces."""

    @handler("CreateNamespace", expand=False)
    def create_namespace(self, context: RequestContext, request: Members) -> Members:
        """Make a namespace with its first database."""
        store, name = store_of(context), request["namespaceName"]
        if not NAME.fullmatch(name):
            raise validation_exception(
                "The namespace name must contain 3-64 lowercase alphanumeric characters or hyphens."
            )
        if name in store.namespaces:
            raise conflict(f"Namespace {name} already exists.")
        _check(request)
        id_ = new_id()
        namespace = Namespace(
            name,
            arn_of(context, "namespace", id_),
            id_,
            request.get("dbName") or "dev",
            request.get("adminUsername") or "admin",
            {key: request[key] for key in KEPT if key in request},
        )
        try:
            warehouse().open(id_).create_database(namespace.database)
        except SqlError as error:
            warehouse().drop(id_)
            raise validation_exception(error.message) from error
        if request.get("manageAdminPassword"):
            namespace.secret_arn = _create_secret(context, namespace)
        store.namespaces[name] = namespace
        store.tags[namespace.arn] = as_tags(request.get("tags", []))
        return {"namespace": described(namespace)}

    @handler("GetNamespace", expand=False)
    def get_namespace(self, context: RequestContext, request: Members) -> Members:
        """One namespace."""
        namespace = existing(store_of(context), request["namespaceName"])
        warehouse().open(namespace.id)
        return {"namespace": described(namespace)}

    @handler("ListNamespaces", expand=False)
    def list_namespaces(self, context: RequestContext, request: Members) -> Members:
        """All namespaces."""
        namespaces = sorted(store_of(context).namespaces.values(), key=lambda one: one.name)
        some, more = page(request, namespaces, invalid_token(), names=CAMEL_NAMES)
        return {"namespaces": [described(one) for one in some], **more}

    @handler("UpdateNamespace", expand=False)
    def update_namespace(self, context: RequestContext, request: Members) -> Members:
        """Change what is given."""
        namespace = existing(store_of(context), request["namespaceName"])
        _check(request)
        if "defaultIamRoleArn" in request and "iamRoles" not in request:
            raise validation_exception(
                "To change the default IAM role, you must specify the entire list of IAM roles."
            )
        namespace.settings |= {key: request[key] for key in KEPT if key in request}
        if request.get("adminUsername"):
            namespace.admin = request["adminUsername"]
        managed = request.get("manageAdminPassword")
        if managed and namespace.secret_arn is None:
            namespace.secret_arn = _create_secret(context, namespace)
        elif managed is False:
            _delete_secret(context, namespace)
        return {"namespace": described(namespace)}

    @handler("DeleteNamespace", expand=False)
    def delete_namespace(self, context: RequestContext, request: Members) -> Members:
        """Delete a namespace with all its data."""
        store = store_of(context)
        namespace = existing(store, request["namespaceName"])
        if request.get("finalSnapshotName"):
            raise NotImplementedError(
                "redshift-serverless.DeleteNamespace with finalSnapshotName is not emulated"
            )
        users = [one.name for one in store.workgroups.values() if one.namespace == namespace.name]
        if users:
            raise conflict(
                f"Namespace {namespace.name} is associated with workgroup {users[0]}. "
                "Delete the workgroup before deleting the namespace."
            )
        warehouse().drop(namespace.id)
        _delete_secret(context, namespace)
        del store.namespaces[namespace.name]
        store.tags.pop(namespace.arn, None)
        return {"namespace": described(namespace, "DELETING")}


def _check(request: Members) -> None:
    for member in REFUSED:
        if request.get(member):
            raise NotImplementedError(
                f"redshift-serverless namespaces with {member} are not emulated"
            )
    password = request.get("adminUserPassword")
    if password and request.get("manageAdminPassword"):
        raise validation_exception(
            "You can't specify both adminUserPassword and manageAdminPassword."
        )
    if password and (not PASSWORD.fullmatch(password) or set(password) & set("/@\"'\\")):
        raise validation_exception(
            "The admin user password must be 8-64 characters and contain at least one uppercase "
            "letter, one lowercase letter, and one number."
        )


def _secrets(context: RequestContext) -> Any:
    return connect_to(
        aws_access_key_id=context.account_id, region_name=context.region
    ).secretsmanager


def _create_secret(context: RequestContext, namespace: Namespace) -> str:
    """The managed password, where Redshift keeps it: in Secrets Manager.

    AWS's name for it has an exclamation mark, which LocalStack's Secrets Manager refuses.
    """
    password = f"aA1{secrets.token_urlsafe(24)}"
    answer = _secrets(context).create_secret(
        Name=f"redshift-{namespace.name}-{namespace.admin}",
        SecretString=f'{{"username":"{namespace.admin}","password":"{password}"}}',
    )
    return str(answer["ARN"])


def _delete_secret(context: RequestContext, namespace: Namespace) -> None:
    if namespace.secret_arn is not None:
        client = _secrets(context)
        client.delete_secret(SecretId=namespace.secret_arn, ForceDeleteWithoutRecovery=True)
        namespace.secret_arn = None
