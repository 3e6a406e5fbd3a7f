"""What an account keeps: query definitions and resource policies; documents on disk."""

import json
import time
import uuid

from emulation.services.logs import errors, store
from emulation.services.logs.groups import BAD_TOKEN, NAMES, refuse
from emulation.services.logs.store import LOCK, Members
from emulation.services.paging import page
from emulation.services.scope import Scope

QUERIES, POLICIES = "query-definitions", "resource-policies"
MAX_POLICIES = 10
LANGUAGE = "CWLI"


def put_query(scope: Scope, request: Members) -> Members:
    """PutQueryDefinition: a new one, or the one that is named by its id."""
    if request.get("queryLanguage") not in (None, LANGUAGE):
        raise NotImplementedError(
            f"logs.PutQueryDefinition in {request['queryLanguage']} is not emulated"
        )
    identifier = request.get("queryDefinitionId")
    with LOCK:
        definitions = store.account_document(scope, QUERIES)
        if identifier and identifier not in definitions:
            raise errors.not_found("The specified query definition does not exist.")
        identifier = identifier or str(uuid.uuid4())
        definitions[identifier] = {
            "queryLanguage": LANGUAGE,
            "queryDefinitionId": identifier,
            "name": request["name"],
            "queryString": request["queryString"],
            "lastModified": int(time.time() * 1000),
            "logGroupNames": request.get("logGroupNames") or [],
        }
        store.keep(scope, QUERIES, definitions)
    return {"queryDefinitionId": identifier}


def describe_queries(scope: Scope, request: Members) -> Members:
    """DescribeQueryDefinitions, by name."""
    prefix = request.get("queryDefinitionNamePrefix") or ""
    definitions = store.account_document(scope, QUERIES).values()
    wanted = [d for d in sorted(definitions, key=_name) if d["name"].startswith(prefix)]
    names = ("nextToken", "maxResults")
    found, token = page(request, wanted, errors.invalid(BAD_TOKEN), size=1000, names=names)
    return {"queryDefinitions": found, **token}


def _name(definition: Members) -> str:
    return str(definition["name"])


def delete_query(scope: Scope, request: Members) -> Members:
    """DeleteQueryDefinition."""
    with LOCK:
        definitions = store.account_document(scope, QUERIES)
        if definitions.pop(request["queryDefinitionId"], None) is None:
            raise errors.not_found("The specified query definition does not exist.")
        store.keep(scope, QUERIES, definitions)
    return {"success": True}


def put_policy(scope: Scope, request: Members) -> Members:
    """PutResourcePolicy of an account; kept, not asked."""
    refuse(request, "PutResourcePolicy", "resourceArn", "expectedRevisionId")
    name, document = request.get("policyName"), request.get("policyDocument")
    if not name or not document:
        raise errors.invalid("policyName and policyDocument must be specified.")
    _check_policy(document)
    with LOCK:
        policies = store.account_document(scope, POLICIES)
        if name not in policies and len(policies) >= MAX_POLICIES:
            raise errors.limit_exceeded()
        policies[name] = {
            "policyName": name,
            "policyDocument": document,
            "lastUpdatedTime": int(time.time() * 1000),
        }
        store.keep(scope, POLICIES, policies)
    return {"resourcePolicy": policies[name]}


def _check_policy(document: str) -> None:
    try:
        json.loads(document)
    except json.JSONDecodeError as error:
        raise errors.invalid("The specified policy document is not valid JSON.") from error


def describe_policies(scope: Scope, request: Members) -> Members:
    """DescribeResourcePolicies of an account."""
    refuse(request, "DescribeResourcePolicies", "resourceArn")
    policies = list(store.account_document(scope, POLICIES).values())
    found, token = page(request, policies, errors.invalid(BAD_TOKEN), size=50, names=NAMES)
    return {"resourcePolicies": found, **token}


def delete_policy(scope: Scope, request: Members) -> None:
    """DeleteResourcePolicy of an account."""
    refuse(request, "DeleteResourcePolicy", "resourceArn", "expectedRevisionId")
    name = str(request.get("policyName"))
    with LOCK:
        policies = store.account_document(scope, POLICIES)
        if policies.pop(name, None) is None:
            raise errors.not_found(f"Policy with name [{name}] does not exist.")
        store.keep(scope, POLICIES, policies)
