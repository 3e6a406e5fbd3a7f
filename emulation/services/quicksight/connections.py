"""Whether a data source can be reached: tried, not assumed."""

import json
import re
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from emulation.compute.visuals.errors import DataError
from emulation.compute.visuals.files import manifest_locations
from emulation.compute.warehouse.objects import ObjectStoreError
from emulation.services.quicksight.store import Members
from emulation.services.quicksight.warehouses import Place, WarehouseReader
from emulation.services.redshift_data.s3_objects import GatewayObjects
from emulation.services.redshift_serverless.store import STORES as SERVERLESS
from emulation.services.scope import Scope

HOST = re.compile(r"([a-z0-9-]+)\.(\d{12})\.([a-z0-9-]+)\.redshift-serverless\..+")


@dataclass
class NoConnectionError(Exception):
    """Why a data source cannot be reached: AWS's type of it and a sentence."""

    type: str
    message: str


def try_connection(scope: Scope, source: Members) -> None:
    """Reach a data source.

    Raises:
        NoConnectionError: it cannot be reached.
    """
    if source["Type"] == "S3":
        manifest_of(scope, source)
        return
    check_credentials(scope, source)
    place = place_of(scope, source)
    try:
        WarehouseReader(scope, place).rows("SELECT 1")
    except DataError as error:
        raise NoConnectionError("GENERIC_SQL_FAILURE", str(error)) from error


def place_of(scope: Scope, source: Members) -> Place:
    """The database of a REDSHIFT data source.

    Raises:
        NoConnectionError: no workgroup of this account has that address.
    """
    parameters = source["DataSourceParameters"]["RedshiftParameters"]
    host = parameters.get("Host") or ""
    found = HOST.fullmatch(host)
    if found is None or (found[2], found[3]) != (scope.account, scope.region):
        raise NoConnectionError("UNKNOWN_HOST", f"The host {host} cannot be resolved.")
    store = SERVERLESS[scope.account][scope.region]
    workgroup = store.workgroups.get(found[1])
    if workgroup is None:
        raise NoConnectionError("UNKNOWN_HOST", f"The host {host} cannot be resolved.")
    port = parameters.get("Port") or workgroup.settings["port"]
    if port != workgroup.settings["port"]:
        raise NoConnectionError("TIMEOUT", f"No answer from {host} at port {port}.")
    return Place(store.namespaces[workgroup.namespace].id, parameters["Database"])


def check_credentials(scope: Scope, source: Members) -> None:
    """A secret must be there and hold a name and a password; a role must exist.

    Raises:
        NoConnectionError: it does not.
    """
    given = source.get("Credentials") or {}
    role = (source["DataSourceParameters"].get("RedshiftParameters") or {}).get("IAMParameters")
    try:
        if arn := given.get("SecretArn"):
            secret = scope.client("secretsmanager").get_secret_value(SecretId=arn)
            check_secret(arn, secret.get("SecretString") or "")
        elif role:
            scope.client("iam").get_role(RoleName=role["RoleArn"].rpartition("/")[2])
        elif "CredentialPair" not in given:
            raise NoConnectionError("ACCESS_DENIED", "The data source has no credentials.")
    except ClientError as error:
        details = error.response["Error"]
        message = f"{details['Code']}: {details['Message']}"
        raise NoConnectionError("ACCESS_DENIED", message) from error


def check_secret(arn: str, text: str) -> None:
    """A secret is an object with `username` and `password`.

    Raises:
        NoConnectionError: it is not.
    """
    try:
        secret: Any = json.loads(text)
    except ValueError:
        secret = None
    if not isinstance(secret, dict) or not {"username", "password"} <= set(secret):
        raise NoConnectionError(
            "ACCESS_DENIED", f"The secret {arn} does not hold a username and a password."
        )


def manifest_of(scope: Scope, source: Members) -> tuple[list[tuple[str, str]], Members]:
    """The files that an S3 data source's manifest names, as buckets and keys, and its settings.

    Raises:
        NoConnectionError: the manifest or a file is not there.
    """
    place = source["DataSourceParameters"]["S3Parameters"]["ManifestFileLocation"]
    objects = GatewayObjects(scope.account, scope.region)
    try:
        text = objects.read(place["Bucket"], place["Key"])
        uris, prefixes, settings = manifest_locations(text)
        files = [split(uri) for uri in uris]
        for prefix in prefixes:
            bucket, key = split(prefix)
            files += [(bucket, one.key) for one in objects.list(bucket, key) if one.size]
        for bucket, key in files:
            if not any(one.key == key for one in objects.list(bucket, key)):
                raise DataError(f"The file s3://{bucket}/{key} does not exist.")
    except ObjectStoreError as error:
        raise NoConnectionError("ACCESS_DENIED", f"{place}: {error}") from error
    except DataError as error:
        raise NoConnectionError("UNKNOWN", str(error)) from error
    if not files:
        raise NoConnectionError("UNKNOWN", "The manifest names no files.")
    return files, settings


def split(uri: str) -> tuple[str, str]:
    """Bucket and key of an address.

    Raises:
        DataError: it is none of S3.
    """
    found = re.fullmatch(r"s3://([^/]+)/(.*)", uri) or re.fullmatch(
        r"https://s3[\w.-]*/([^/]+)/(.*)", uri
    )
    if found is None:
        raise DataError(f"{uri} is no address in S3.")
    return found[1], found[2]
