"""REST APIs to call, and a server behind them."""

import io
import json
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

MOCK = {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}}


class Echo(BaseHTTPRequestHandler):
    """Tells what it was asked; `/redirect` sends elsewhere and `/hang` answers when it is let."""

    protocol_version = "HTTP/1.1"
    release = threading.Event()

    def _answer(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        told = {
            "path": self.path,
            "headers": dict(self.headers),
            "body": self.rfile.read(size).decode(),
        }
        if self.path.startswith("/hang"):
            self.release.wait(60)
        body = json.dumps(told).encode()
        self.send_response(302 if self.path.startswith("/redirect") else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _answer

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def upstream():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    Echo.release.set()
    server.shutdown()
    server.server_close()
    thread.join()


class Api:
    """A REST API: `route` adds methods, `deploy` makes them answer, `call` asks."""

    def __init__(self, client, url: str, name: str, **settings) -> None:
        self.client, self.url = client, url
        self.id = client.create_rest_api(name=name, **settings)["id"]
        self.name = name
        (root,) = client.get_resources(restApiId=self.id)["items"]
        self.resources = {"": root["id"]}
        self.http = httpx.Client(trust_env=False, timeout=60)

    def resource(self, path: str) -> str:
        if path not in self.resources:
            parent, _, part = path.rpartition("/")
            made = self.client.create_resource(
                restApiId=self.id, parentId=self.resource(parent), pathPart=part
            )
            self.resources[path] = made["id"]
        return self.resources[path]

    def route(self, verb: str, path: str, integration: dict | str, **method) -> dict:
        names = {"restApiId": self.id, "resourceId": self.resource(path), "httpMethod": verb}
        self.client.put_method(**names, **{"authorizationType": "NONE", **method})
        if isinstance(integration, str):
            integration = {"type": "HTTP_PROXY", "uri": integration}
        if integration["type"].startswith("HTTP"):
            integration = {"integrationHttpMethod": verb, **integration}
        self.client.put_integration(**names, **integration)
        return names

    def mock(self, verb: str, path: str, body: str = '{"ok":true}', **method) -> dict:
        names = self.route(verb, path, MOCK, **method)
        self.client.put_method_response(**names, statusCode="200")
        self.client.put_integration_response(
            **names, statusCode="200", responseTemplates={"application/json": body}
        )
        return names

    def deploy(self, stage: str = "live") -> str:
        return self.client.create_deployment(restApiId=self.id, stageName=stage)["id"]

    def change_stage(self, **operations: str) -> None:
        patches = [
            {"op": "replace", "path": path, "value": value} for path, value in operations.items()
        ]
        self.client.update_stage(restApiId=self.id, stageName="live", patchOperations=patches)

    def call(self, path: str, verb: str = "GET", stage: str = "live", **request) -> httpx.Response:
        url = f"{self.url}/_aws/execute-api/{self.id}/{stage}{path}"
        return self.http.request(verb, url, **request)


@pytest.fixture
def api(aws, endpoint_url, unique):
    """`api(name=...)`: a new REST API; deleted afterwards."""
    made: list[Api] = []

    def create(**settings) -> Api:
        one = Api(aws("apigateway"), endpoint_url, f"{unique}-{len(made)}", **settings)
        made.append(one)
        return one

    yield create
    for one in made:
        one.http.close()
        one.client.delete_rest_api(restApiId=one.id)


@pytest.fixture
def plan(aws, unique):
    """`plan(api, quota=...)`: a plan of the API's stage; gives the plan's id and a key."""
    client = aws("apigateway")
    plans, keys = [], []

    def create(one: Api, **limits) -> tuple[str, dict]:
        stages = [{"apiId": one.id, "stage": "live"}]
        made = client.create_usage_plan(name=unique, apiStages=stages, **limits)
        key = client.create_api_key(name=unique, enabled=True)
        client.create_usage_plan_key(usagePlanId=made["id"], keyId=key["id"], keyType="API_KEY")
        plans.append(made["id"])
        keys.append(key["id"])
        return made["id"], key

    yield create
    for each in plans:
        for stage in client.get_usage_plan(usagePlanId=each).get("apiStages", []):
            name = f"{stage['apiId']}:{stage['stage']}"
            leave = {"op": "remove", "path": "/apiStages", "value": name}
            client.update_usage_plan(usagePlanId=each, patchOperations=[leave])
        client.delete_usage_plan(usagePlanId=each)
    for each in keys:
        client.delete_api_key(apiKey=each)


@pytest.fixture(scope="session")
def log_role(aws):
    """The role that API Gateway writes logs with; set once for all tests."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "apigateway.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    iam = aws("iam")
    try:
        role = iam.create_role(RoleName="api-logs", AssumeRolePolicyDocument=json.dumps(trust))
    except iam.exceptions.EntityAlreadyExistsException:
        role = iam.get_role(RoleName="api-logs")
    arn = role["Role"]["Arn"]
    aws("apigateway").update_account(
        patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": arn}]
    )
    return arn


AUTHORIZER = """
calls = 0
def handler(event, context):
    global calls
    calls += 1
    token = event.get("authorizationToken") or event["headers"].get("Authorization")
    if token == "unauthorized":
        raise Exception("Unauthorized")
    if token == "broken":
        raise ValueError("broken")
    if token == "no policy":
        return {"principalId": "ann"}
    effect = "Deny" if token == "denied" else "Allow"
    resource = event["methodArn"] if token != "elsewhere" else event["methodArn"] + "/elsewhere"
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}
    return {
        "principalId": "ann",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"calls": calls, "type": event["type"]},
        "usageIdentifierKey": token.removeprefix("key "),
    }
"""


@pytest.fixture(scope="session")
def function(aws):
    """The URI by which an API calls a function that authorizes."""
    client, name = aws("lambda"), "authorizer-of-tests"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("main.py", AUTHORIZER)
    try:
        made = client.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="main.handler",
            Role="arn:aws:iam::000000000000:role/any",
            Code={"ZipFile": archive.getvalue()},
        )
    except client.exceptions.ResourceConflictException:
        made = client.get_function(FunctionName=name)["Configuration"]
    client.get_waiter("function_active_v2").wait(FunctionName=name)
    arn = made["FunctionArn"]
    return f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"


@pytest.fixture
def authorizer(aws, function, unique):
    """`authorizer(api)`: an authorizer of the API that may call the function."""

    def create(one: Api, *, permitted: bool = True, **settings) -> dict:
        given = {
            "type": "TOKEN",
            "identitySource": "method.request.header.Authorization",
            "authorizerResultTtlInSeconds": 0,
            **settings,
        }
        made = one.client.create_authorizer(
            restApiId=one.id, name=unique, authorizerUri=function, **given
        )
        if permitted:
            aws("lambda").add_permission(
                FunctionName="authorizer-of-tests",
                StatementId=f"{one.id}-{made['id']}",
                Action="lambda:InvokeFunction",
                Principal="apigateway.amazonaws.com",
                SourceArn=f"arn:aws:execute-api:us-east-1:000000000000:{one.id}/authorizers/*",
            )
        return {"authorizationType": "CUSTOM", "authorizerId": made["id"]}

    return create
