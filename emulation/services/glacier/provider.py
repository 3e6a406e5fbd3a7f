"""Glacier on the wire: one operation a line."""

from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext
from localstack.services.plugins import ServiceLifecycleHook
from localstack.state import StateVisitor

from emulation.services.glacier import (
    archives,
    jobs,
    locks,
    outputs,
    retrieval_policies,
    uploads,
    vaults,
)
from emulation.services.glacier.errors import access_denied, missing
from emulation.services.glacier.store import LOCK
from emulation.services.glacier.vaults import Call
from emulation.services.operations import named
from emulation.services.scope import Scope


def operation(name: str, work: Callable[[Call], Any]) -> Any:
    """An operation of the API."""

    def call(_self: Any, context: RequestContext, request: Any) -> Any:
        check(name, context, request)
        return work(Call(Scope.of(context), request, context.request.headers))

    return named(name, call)


def check(name: str, context: RequestContext, request: Any) -> None:
    """What every request must have: the API's version, and an account that is the caller's."""
    if "x-amz-glacier-version" not in context.request.headers:
        raise missing("API version")
    account = request["accountId"]
    if account not in {"-", context.account_id}:
        raise access_denied(
            f"User: arn:aws:iam::{context.account_id}:root is not authorized to perform: "
            f"glacier:{name} on resource: arn:aws:glacier:{context.region}:{account}:vaults/"
            f"{request.get('vaultName', '')}"
        )


class GlacierProvider(ServiceLifecycleHook):
    """The operations that are carried out; provisioned capacity is refused by name."""

    service = "glacier"

    create_vault = operation("CreateVault", vaults.create)
    describe_vault = operation("DescribeVault", vaults.describe)
    list_vaults = operation("ListVaults", vaults.list_all)
    delete_vault = operation("DeleteVault", vaults.delete)
    add_tags_to_vault = operation("AddTagsToVault", vaults.add_tags)
    remove_tags_from_vault = operation("RemoveTagsFromVault", vaults.remove_tags)
    list_tags_for_vault = operation("ListTagsForVault", vaults.list_tags)
    set_vault_notifications = operation("SetVaultNotifications", vaults.set_notifications)
    get_vault_notifications = operation("GetVaultNotifications", vaults.get_notifications)
    delete_vault_notifications = operation("DeleteVaultNotifications", vaults.delete_notifications)
    set_vault_access_policy = operation("SetVaultAccessPolicy", vaults.set_access_policy)
    get_vault_access_policy = operation("GetVaultAccessPolicy", vaults.get_access_policy)
    delete_vault_access_policy = operation("DeleteVaultAccessPolicy", vaults.delete_access_policy)

    initiate_vault_lock = operation("InitiateVaultLock", locks.initiate)
    complete_vault_lock = operation("CompleteVaultLock", locks.complete)
    abort_vault_lock = operation("AbortVaultLock", locks.abort)
    get_vault_lock = operation("GetVaultLock", locks.get)

    upload_archive = operation("UploadArchive", archives.upload)
    delete_archive = operation("DeleteArchive", archives.delete)
    initiate_multipart_upload = operation("InitiateMultipartUpload", uploads.initiate)
    upload_multipart_part = operation("UploadMultipartPart", uploads.upload_part)
    complete_multipart_upload = operation("CompleteMultipartUpload", uploads.complete)
    abort_multipart_upload = operation("AbortMultipartUpload", uploads.abort)
    list_multipart_uploads = operation("ListMultipartUploads", uploads.list_all)
    list_parts = operation("ListParts", uploads.list_parts)

    initiate_job = operation("InitiateJob", jobs.initiate)
    describe_job = operation("DescribeJob", jobs.describe)
    list_jobs = operation("ListJobs", jobs.list_all)
    get_job_output = operation("GetJobOutput", outputs.get)

    get_data_retrieval_policy = operation("GetDataRetrievalPolicy", retrieval_policies.get)
    set_data_retrieval_policy = operation("SetDataRetrievalPolicy", retrieval_policies.set_policy)

    def accept_state_visitor(self, visitor: StateVisitor) -> None:
        """Nothing is in memory alone: everything is on disk before it is answered."""

    def on_after_state_load(self) -> None:
        """Go on with the jobs of the last run."""
        with LOCK:
            jobs.plan_all()
