"""API Gateway's provider: LocalStack's records of REST APIs, with a gateway that means them.

What LocalStack records and nobody computes is refused here by name.
"""

from io import BytesIO
from typing import Any

from localstack.aws.api import RequestContext, handler
from localstack.services.apigateway.helpers import (
    get_apigateway_store,
    get_moto_rest_api,
    get_rest_api_container,
)
from localstack.services.apigateway.next_gen.execute_api.helpers import freeze_rest_api
from localstack.services.apigateway.next_gen.execute_api.router import ApiGatewayRouter
from localstack.services.apigateway.next_gen.provider import ApigatewayNextGenProvider
from localstack.services.edge import ROUTER

from emulation.services.apigateway import (
    accounts,
    authorizer_records,
    conflicts,
    imports,
    key_import,
    method_checks,
    plan_changes,
    plan_records,
    records,
    refusals,
    stage_settings,
    trials,
    usage_reports,
    vpc_links,
)
from emulation.services.apigateway.access_log import STREAMS
from emulation.services.apigateway.authorizers import CACHE
from emulation.services.apigateway.errors import not_emulated, not_found
from emulation.services.apigateway.gateway import Endpoint
from emulation.services.apigateway.usage import usage_file
from emulation.services.scope import Scope

Members = dict[str, Any]


class ApiGatewayProvider(refusals.Refusals, ApigatewayNextGenProvider):
    """REST APIs, their stages and what calls them."""

    def __init__(self) -> None:
        super().__init__(ApiGatewayRouter(ROUTER, handler=Endpoint()))

    def on_after_init(self) -> None:
        """Let the records keep all that they are given."""
        super().on_after_init()
        records.complete()

    def on_before_stop(self) -> None:
        """Write the last lines of the logs, and let go of the counters."""
        STREAMS.close()
        usage_file().close()

    @handler("GetAccount", expand=False)
    def get_account(self, context: RequestContext, _: Members) -> Members:
        """The role that writes logs, and the limits."""
        return accounts.account_of(Scope.of(context))

    @handler("UpdateAccount", expand=False)
    def update_account(self, context: RequestContext, request: Members) -> Members:
        """Set the role."""
        accounts.patch(Scope.of(context), request.get("patchOperations") or [])
        return accounts.account_of(Scope.of(context))

    @handler("ImportApiKeys", expand=False)
    def import_api_keys(self, context: RequestContext, request: Members) -> Members:
        """Keys from a file."""
        ids, warnings = key_import.load(
            Scope.of(context),
            request["body"].read(),
            fail_on_warnings=bool(request.get("failOnWarnings")),
        )
        return {"ids": ids, "warnings": warnings}

    def create_usage_plan(self, context: RequestContext, **members: Any) -> Any:
        """A plan of stages that are there."""
        plan_changes.check(Scope.of(context), context.service_request)
        created = super().create_usage_plan(context, **members)
        scope = Scope.of(context)
        return plan_records.shown(scope, usage_reports.plan_of(scope, created["id"]))

    @handler("UpdateUsagePlan", expand=False)
    def update_usage_plan(self, context: RequestContext, request: Members) -> Members:
        """Change a plan; its keys feel it with their next request."""
        scope = Scope.of(context)
        plan = usage_reports.plan_of(scope, request["usagePlanId"])
        plan_changes.patched(scope, plan, request.get("patchOperations") or [])
        return plan_records.shown(scope, plan)

    @handler("GetUsagePlan", expand=False)
    def get_usage_plan(self, context: RequestContext, request: Members) -> Members:
        """One plan."""
        scope = Scope.of(context)
        return plan_records.shown(scope, usage_reports.plan_of(scope, request["usagePlanId"]))

    @handler("GetUsagePlans", expand=False)
    def get_usage_plans(self, context: RequestContext, request: Members) -> Members:
        """All plans, or those of a key."""
        return plan_records.listed(Scope.of(context), request)

    def delete_usage_plan(self, context: RequestContext, usage_plan_id: str, **_: Any) -> None:
        """Drop a plan and its counters."""
        conflicts.check_plan(usage_reports.plan_of(Scope.of(context), usage_plan_id))
        records.forward(context)
        usage_file().forget(usage_plan_id)

    @handler("GetUsage", expand=False)
    def get_usage(self, context: RequestContext, request: Members) -> Members:
        """What the keys of a plan have used."""
        return usage_reports.usage(Scope.of(context), request)

    @handler("UpdateUsage", expand=False)
    def update_usage(self, context: RequestContext, request: Members) -> Members:
        """More for one key, in the current period."""
        operations = request.get("patchOperations") or []
        return usage_reports.extend(
            Scope.of(context), request["usagePlanId"], request["keyId"], operations
        )

    def import_rest_api(self, context: RequestContext, body: Any, **members: Any) -> Any:
        """An API from a document; LocalStack makes it, and puts the document by the next one."""
        given = body.read()
        imports.check(imports.document(given))
        return super().import_rest_api(context, body=BytesIO(given), **members)

    @handler("PutRestApi", expand=False)
    def put_rest_api(self, context: RequestContext, request: Members) -> Any:
        """What a document says into an API: all of it, or a refusal."""
        body = request["body"].read()
        spec = imports.document(body)
        imports.check(spec)
        answer = super().put_rest_api(context, {**request, "body": BytesIO(body)})
        container = get_rest_api_container(context, rest_api_id=request["restApiId"])
        imports.put_responses(spec, container)
        return answer

    @handler("CreateStage", expand=False)
    def create_stage(self, context: RequestContext, request: Members) -> Any:
        """A stage, without what nobody computes."""
        stage_settings.refuse_creation(request)
        api = get_moto_rest_api(context, request["restApiId"])
        conflicts.check_deployment(api, request["deploymentId"])
        return super().create_stage(context, request)

    def create_deployment(self, context: RequestContext, **members: Any) -> Any:
        """A snapshot of the API, of methods that all lead somewhere."""
        stage_settings.refuse_creation(context.service_request)
        records.check_complete(get_moto_rest_api(context, members["rest_api_id"]))
        return super().create_deployment(context, **members)

    def update_stage(
        self,
        context: RequestContext,
        rest_api_id: str,
        stage_name: str,
        patch_operations: list[Members] | None = None,
        **_: Any,
    ) -> Any:
        """Change a stage: all operations, or none."""
        stage = get_moto_rest_api(context, rest_api_id).stages.get(stage_name)
        if stage is None:
            raise not_found("Invalid Stage identifier specified")
        may_log = bool(accounts.account_of(Scope.of(context)).get(accounts.ROLE))
        operations = patch_operations or []
        for operation in operations:
            stage_settings.check(operation, may_log=may_log)
        others = [each for each in operations if not stage_settings.change(stage, each)]
        return super().update_stage(context, rest_api_id, stage_name, others)

    @handler("FlushStageAuthorizersCache")
    def flush_stage_authorizers_cache(
        self, context: RequestContext, rest_api_id: str, stage_name: str, **_: Any
    ) -> None:
        """Forget what authorizers have answered."""
        if stage_name not in get_moto_rest_api(context, rest_api_id).stages:
            raise not_found("Invalid Stage identifier specified")
        CACHE.flush(rest_api_id.lower(), stage_name)

    @handler("CreateAuthorizer", expand=False)
    def create_authorizer(self, context: RequestContext, request: Members) -> Any:
        """A Lambda authorizer."""
        authorizer_records.check(request)
        return super().create_authorizer(context, request)

    def update_authorizer(
        self, context: RequestContext, rest_api_id: str, authorizer_id: str, **members: Any
    ) -> Any:
        """Change an authorizer; what it would become is checked first."""
        known = get_rest_api_container(context, rest_api_id=rest_api_id).authorizers
        if authorizer_id not in known:
            raise not_found(f"Authorizer not found: {authorizer_id}")
        operations = members.get("patch_operations") or []
        authorizer_records.check(authorizer_records.changed(known[authorizer_id], operations))
        return super().update_authorizer(context, rest_api_id, authorizer_id, **members)

    def delete_authorizer(
        self, context: RequestContext, rest_api_id: str, authorizer_id: str, **_: Any
    ) -> None:
        """Drop an authorizer."""
        known = get_rest_api_container(context, rest_api_id=rest_api_id).authorizers
        if authorizer_id not in known:
            raise not_found("Invalid Authorizer identifier specified")
        api = get_moto_rest_api(context, rest_api_id)
        conflicts.check_authorizer(api, authorizer_id, known[authorizer_id]["name"])
        super().delete_authorizer(context, rest_api_id, authorizer_id)

    def create_resource(self, context: RequestContext, **members: Any) -> Any:
        """A path below another."""
        api = get_moto_rest_api(context, members["rest_api_id"])
        conflicts.check_resource(api, members["parent_id"], members["path_part"])
        return super().create_resource(context, **members)

    def create_model(self, context: RequestContext, **members: Any) -> Any:
        """A model that can be read."""
        conflicts.check_schema(members.get("schema"))
        return super().create_model(context, **members)

    def put_method(self, context: RequestContext, **members: Any) -> Any:
        """A method; authorization that nobody computes is refused."""
        method_checks.check_authorization(members.get("authorization_type"))
        api = get_moto_rest_api(context, members["rest_api_id"])
        conflicts.check_method(api, members["resource_id"], members["http_method"])
        return super().put_method(context, **members)

    def update_method(self, context: RequestContext, **members: Any) -> Any:
        """Change a method."""
        for operation in members.get("patch_operations") or []:
            if operation["path"] == "/authorizationType":
                method_checks.check_authorization(operation.get("value"))
        return super().update_method(context, **members)

    @handler("PutIntegration", expand=False)
    def put_integration(self, context: RequestContext, request: Members, **_: Any) -> Any:
        """What is behind a method."""
        method_checks.check(request, get_apigateway_store(context=context).vpc_links)
        answer = super().put_integration(context, request)
        if target := request.get("integrationTarget"):
            resource = get_moto_rest_api(context, request["restApiId"]).resources
            method = resource[request["resourceId"]].resource_methods[request["httpMethod"]]
            method.method_integration.integration_target = target
            answer["integrationTarget"] = target
        return answer

    @handler("CreateVpcLink", expand=False)
    def create_vpc_link(self, context: RequestContext, request: Members) -> Members:
        """A link to load balancers that are there."""
        store = get_apigateway_store(context=context)
        return vpc_links.create(Scope.of(context), store.vpc_links, request)

    @handler("UpdateVpcLink", expand=False)
    def update_vpc_link(self, context: RequestContext, request: Members) -> Members:
        """Its name and description."""
        return vpc_links.update(get_apigateway_store(context=context).vpc_links, request)

    @handler("TestInvokeMethod", expand=False)
    def test_invoke_method(self, context: RequestContext, request: Members) -> Members:
        """Call a method as it now is."""
        resources = get_moto_rest_api(context, request["restApiId"]).resources
        resource = resources.get(request["resourceId"])
        if resource is None:
            raise not_found("Invalid Resource identifier specified")
        if not {request["httpMethod"], "ANY"} & set(resource.resource_methods):
            raise not_found("Invalid Method identifier specified")
        return trials.invoke_method(request, self._frozen(context, request["restApiId"]))

    @handler("TestInvokeAuthorizer", expand=False)
    def test_invoke_authorizer(self, context: RequestContext, request: Members) -> Members:
        """Ask an authorizer."""
        deployment = self._frozen(context, request["restApiId"])
        authorizer = deployment.rest_api.authorizers.get(request["authorizerId"])
        if authorizer is None:
            raise not_found("Invalid Authorizer identifier specified")
        return trials.invoke_authorizer(request, authorizer, deployment)

    @staticmethod
    def _frozen(context: RequestContext, api_id: str) -> Any:
        return freeze_rest_api(
            account_id=context.account_id,
            region=context.region,
            moto_rest_api=get_moto_rest_api(context, api_id),
            localstack_rest_api=get_rest_api_container(context, rest_api_id=api_id),
        )

    @handler("FlushStageCache", expand=False)
    def flush_stage_cache(self, _: RequestContext, __: Members) -> None:
        """There is no cache of responses."""
        raise not_emulated("caching of a stage (FlushStageCache)")
