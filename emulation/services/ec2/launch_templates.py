"""Launch templates: versions of what RunInstances may be told."""

from datetime import UTC, datetime
from typing import Any

from emulation.services import paging
from emulation.services.ec2 import filters
from emulation.services.ec2.errors import (
    dry_run,
    invalid_combination,
    invalid_value,
    missing,
    refusal,
)
from emulation.services.ec2.store import (
    STORE_LOCK,
    Members,
    Template,
    new_id,
    save_templates,
    templates,
)
from emulation.services.ec2.tag_lists import tags_for, told
from emulation.services.scope import Scope

LATEST, DEFAULT = "$Latest", "$Default"

READERS: dict[str, filters.Reader] = {
    "launch-template-name": filters.member("LaunchTemplateName"),
    "create-time": filters.member("CreateTime"),
}


def create(scope: Scope, request: Members) -> Members:
    """CreateLaunchTemplate."""
    name = request["LaunchTemplateName"]
    with STORE_LOCK:
        if any(template.name == name for template in templates(scope).values()):
            raise refusal(
                "InvalidLaunchTemplateName.AlreadyExistsException",
                "Launch template name already in use.",
            )
        check_dry_run(request)
        now = datetime.now(UTC).replace(microsecond=0).timestamp()
        template = Template(
            template_id=new_id("lt"),
            name=name,
            created=now,
            created_by=scope_user(scope),
            versions={1: version(request, now)},
            tags=tags_for("launch-template", request),
        )
        templates(scope)[template.template_id] = template
        save_templates(scope)
    return {"LaunchTemplate": described(template)}


def create_version(scope: Scope, request: Members) -> Members:
    """CreateLaunchTemplateVersion; with a source version, what it does not say stays as there."""
    with STORE_LOCK:
        template = find(scope, request)
        check_dry_run(request)
        made = version(request, datetime.now(UTC).replace(microsecond=0).timestamp())
        if source := request.get("SourceVersion"):
            base = template.versions[number(template, source)]["LaunchTemplateData"]
            made["LaunchTemplateData"] = {**base, **made["LaunchTemplateData"]}
        template.latest += 1
        template.versions[template.latest] = made
        save_templates(scope)
    return {"LaunchTemplateVersion": described_version(template, template.latest)}


def modify(scope: Scope, request: Members) -> Members:
    """ModifyLaunchTemplate: another default version."""
    with STORE_LOCK:
        template = find(scope, request)
        check_dry_run(request)
        if wanted := request.get("DefaultVersion"):
            template.default = number(template, wanted)
            save_templates(scope)
    return {"LaunchTemplate": described(template)}


def delete(scope: Scope, request: Members) -> Members:
    """DeleteLaunchTemplate; instances that came from it stay."""
    with STORE_LOCK:
        template = find(scope, request)
        check_dry_run(request)
        del templates(scope)[template.template_id]
        save_templates(scope)
    return {"LaunchTemplate": described(template)}


def delete_versions(scope: Scope, request: Members) -> Members:
    """DeleteLaunchTemplateVersions; the default version stays."""
    gone, kept = [], []
    with STORE_LOCK:
        template = find(scope, request)
        check_dry_run(request)
        for wanted in request.get("Versions") or []:
            names = {
                "LaunchTemplateId": template.template_id,
                "LaunchTemplateName": template.name,
                "VersionNumber": int(wanted),
            }
            if int(wanted) in template.versions and int(wanted) != template.default:
                del template.versions[int(wanted)]
                gone.append(names)
            else:
                kept.append(names | {"ResponseError": not_deleted(template, int(wanted))})
        save_templates(scope)
    return {
        "SuccessfullyDeletedLaunchTemplateVersions": gone,
        "UnsuccessfullyDeletedLaunchTemplateVersions": kept,
    }


def not_deleted(template: Template, wanted: int) -> Members:
    """Why a version stays."""
    if wanted == template.default:
        return {"Code": "unexpectedError", "Message": "The default version cannot be deleted."}
    return {
        "Code": "launchTemplateVersionDoesNotExist",
        "Message": f"The specified launch template version, with ID {template.template_id} and "
        f"version {wanted}, does not exist.",
    }


def describe(scope: Scope, request: Members) -> Members:
    """DescribeLaunchTemplates."""
    wanted = [{"LaunchTemplateId": item} for item in request.get("LaunchTemplateIds") or []]
    wanted += [{"LaunchTemplateName": item} for item in request.get("LaunchTemplateNames") or []]
    found = [find(scope, item) for item in wanted] or list(templates(scope).values())
    listed = filters.matching(map(described, found), request.get("Filters"), READERS)
    shown, token = paging.page(request, listed, invalid_value("Invalid token"), size=200)
    return {"LaunchTemplates": shown, **token}


def describe_versions(scope: Scope, request: Members) -> Members:
    """DescribeLaunchTemplateVersions: of one template, or the latest or default of all."""
    asked = request.get("Versions") or []
    if request.get("LaunchTemplateId") or request.get("LaunchTemplateName"):
        template = find(scope, request)
        numbers = [number(template, item) for item in asked] or sorted(template.versions)
        low, high = request.get("MinVersion"), request.get("MaxVersion")
        found = [
            described_version(template, item)
            for item in numbers
            if int(low or 0) <= item <= int(high or template.latest)
        ]
    elif asked and set(asked) <= {LATEST, DEFAULT}:
        found = [
            described_version(template, number(template, item))
            for template in templates(scope).values()
            for item in asked
        ]
    else:
        raise missing("LaunchTemplateId")
    shown, token = paging.page(request, found, invalid_value("Invalid token"), size=200)
    return {"LaunchTemplateVersions": shown, **token}


def get_data_of(scope: Scope, specification: Members) -> tuple[Template, int, Members]:
    """The template, the version and the data that a specification names.

    Raises:
        CommonServiceException: there is no such template or version.
    """
    template = find(scope, specification)
    wanted = number(template, str(specification.get("Version") or DEFAULT))
    data: Members = template.versions[wanted]["LaunchTemplateData"]
    return template, wanted, data


def find(scope: Scope, request: Members) -> Template:
    """The template that a request names.

    Raises:
        CommonServiceException: there is none, or the request names two, or none.
    """
    template_id, name = request.get("LaunchTemplateId"), request.get("LaunchTemplateName")
    if template_id and name:
        raise invalid_combination(
            "Specify either LaunchTemplateId or LaunchTemplateName but not both."
        )
    if template_id:
        if template_id in templates(scope):
            return templates(scope)[template_id]
        raise refusal(
            "InvalidLaunchTemplateId.NotFound",
            f"The specified launch template, with template ID {template_id}, does not exist.",
        )
    for template in templates(scope).values():
        if template.name == name:
            return template
    if not name:
        raise missing("LaunchTemplateId")
    raise refusal(
        "InvalidLaunchTemplateName.NotFoundException",
        f"The specified launch template, with template name {name}, does not exist.",
    )


def number(template: Template, wanted: str) -> int:
    """The number of a version.

    Raises:
        CommonServiceException: there is no such version.
    """
    named = {LATEST: template.latest, DEFAULT: template.default}
    if wanted in named:
        return named[wanted]
    if wanted.isdigit() and int(wanted) in template.versions:
        return int(wanted)
    raise refusal(
        "InvalidLaunchTemplateId.VersionNotFound",
        f"Could not find the specified version {wanted} for the launch template with ID "
        f"{template.template_id}.",
    )


def version(request: Members, now: float) -> Members:
    """A new version."""
    return {
        "VersionDescription": request.get("VersionDescription"),
        "CreateTime": now,
        "LaunchTemplateData": request.get("LaunchTemplateData") or {},
    }


def described(template: Template) -> Members:
    """A template as the API tells it."""
    return {
        "LaunchTemplateId": template.template_id,
        "LaunchTemplateName": template.name,
        "CreateTime": datetime.fromtimestamp(template.created, UTC),
        "CreatedBy": template.created_by,
        "DefaultVersionNumber": template.default,
        "LatestVersionNumber": template.latest,
        "Tags": told(template.tags),
    }


def described_version(template: Template, wanted: int) -> Members:
    """A version as the API tells it."""
    kept = template.versions[wanted]
    return {
        "LaunchTemplateId": template.template_id,
        "LaunchTemplateName": template.name,
        "VersionNumber": wanted,
        "VersionDescription": kept["VersionDescription"],
        "CreateTime": datetime.fromtimestamp(kept["CreateTime"], UTC),
        "CreatedBy": template.created_by,
        "DefaultVersion": wanted == template.default,
        "LaunchTemplateData": kept["LaunchTemplateData"],
    }


def scope_user(scope: Scope) -> str:
    """Who made it: the account, as nobody is known better."""
    return f"arn:{scope.partition}:iam::{scope.account}:root"


def check_dry_run(request: dict[str, Any]) -> None:
    """A dry run ends where the work would begin."""
    if request.get("DryRun"):
        raise dry_run()
