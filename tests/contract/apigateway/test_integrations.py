"""What is behind a method: an HTTP server, a function, a load balancer."""

import socket

import pytest

from tests.contract.refusals import refusal


def test_an_http_server_gets_the_request_and_answers(api, upstream):
    one = api()
    mapped = {
        "integration.request.path.id": "method.request.path.id",
        "integration.request.header.X-Request-Id": "context.requestId",
    }
    behind = {
        "type": "HTTP_PROXY",
        "uri": "http://${stageVariables.upstream}/flights/{id}",
        "requestParameters": mapped,
    }
    one.route("GET", "/flights/{id+}", behind, requestParameters={"method.request.path.id": True})
    one.route("GET", "/redirect", f"{upstream}/redirect")
    one.deploy()
    one.change_stage(**{"/variables/upstream": upstream.removeprefix("http://")})
    answer = one.call("/flights/2013-03-15/UA?explain=true&explain=false")
    told = answer.json()
    assert told["path"] == "/flights/2013-03-15/UA?explain=true&explain=false"
    assert told["headers"]["X-Request-Id"] == answer.headers["x-amzn-RequestId"]
    assert told["headers"]["Host"] == upstream.removeprefix("http://")
    assert one.call("/redirect").headers["Location"] == "/elsewhere"


def test_servers_that_do_not_answer(api, upstream):
    one = api()
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    one.route("GET", "/gone", f"http://127.0.0.1:{port}/")
    slow = {"type": "HTTP_PROXY", "uri": f"{upstream}/hang", "timeoutInMillis": 50}
    one.route("GET", "/slow", slow)
    one.route("GET", "/unknown", "http://no-such-host.invalid/")
    one.deploy()
    expected = {
        "/gone": (504, "Network error communicating with endpoint"),
        "/slow": (504, "Endpoint request timed out"),
        "/unknown": (500, "Internal server error"),
    }
    for path, (status, message) in expected.items():
        answer = one.call(path)
        assert (answer.status_code, answer.json()) == (status, {"message": message})


def test_a_function_needs_permission(aws, api, function):
    one = api()
    behind = {"type": "AWS_PROXY", "uri": function, "integrationHttpMethod": "POST"}
    one.route("GET", "/function", behind)
    one.deploy()
    answer = one.call("/function")
    assert (answer.status_code, answer.json()) == (500, {"message": "Internal server error"})
    aws("lambda").add_permission(
        FunctionName="authorizer-of-tests",
        StatementId=f"{one.id}-proxy",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:us-east-1:000000000000:{one.id}/*/GET/function",
    )
    # It runs, and its answer is none that a proxy integration can have.
    assert one.call("/function").status_code == 502


def test_the_api_has_its_names(api, endpoint_url):
    one = api()
    one.mock("GET", "/models")
    one.deploy()
    for host in (
        f"{one.id}.execute-api.localhost",
        f"{one.id}.execute-api.us-east-1.amazonaws.com",
    ):
        answer = one.http.get(f"{endpoint_url}/live/models", headers={"Host": host})
        assert answer.json() == {"ok": True}
    old = f"{endpoint_url}/restapis/{one.id}/live/_user_request_/models"
    assert one.http.get(old).json() == {"ok": True}


def test_a_deployment_is_a_snapshot(api):
    one = api()
    one.mock("GET", "/models", '{"version":1}')
    first = one.deploy()
    names = one.mock("GET", "/metrics")
    assert one.call("/metrics").status_code == 403
    tried = one.client.test_invoke_method(**names)
    assert (tried["status"], tried["body"]) == (200, '{"ok":true}')
    assert "Method completed with status: 200" in tried["log"]
    second = one.deploy()
    assert one.call("/metrics").status_code == 200
    one.change_stage(**{"/deploymentId": first})
    assert one.call("/metrics").status_code == 403
    one.change_stage(**{"/deploymentId": second})
    assert one.call("/metrics").status_code == 200


def test_cors_is_answered_by_the_gateway(api):
    one = api()
    names = one.mock("OPTIONS", "/models", "")
    header = "method.response.header.Access-Control-Allow-Origin"
    one.client.put_method_response(**names, statusCode="204", responseParameters={header: True})
    one.client.delete_integration_response(**names, statusCode="200")
    one.client.put_integration_response(
        **names, statusCode="204", responseParameters={header: "'https://pages.example'"}
    )
    one.deploy()
    asking = {"Origin": "https://pages.example", "Access-Control-Request-Method": "GET"}
    answer = one.call("/models", "OPTIONS", headers=asking)
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "https://pages.example"


def test_integrations_that_aws_refuses(api):
    one = api()
    one.client.put_method(
        restApiId=one.id,
        resourceId=one.resource("/models"),
        httpMethod="GET",
        authorizationType="NONE",
    )
    names = {
        "restApiId": one.id,
        "resourceId": one.resource("/models"),
        "httpMethod": "GET",
        "type": "HTTP_PROXY",
        "integrationHttpMethod": "GET",
    }
    put = one.client.put_integration
    code, message = refusal(put, **names, uri="http://a.b", timeoutInMillis=30_000)
    assert (code, message) == (
        "BadRequestException",
        "Timeout should be between 50 ms and 29000 ms",
    )
    assert refusal(put, **names, uri="ftp://a.b")[1] == "Invalid HTTP endpoint specified for URI"
    private = {"connectionType": "VPC_LINK", "connectionId": "none"}
    code, message = refusal(put, **names, uri="http://a.b", **private)
    assert (code, message) == ("BadRequestException", "Invalid Vpc Link identifier specified")
    code, message = refusal(one.client.create_deployment, restApiId=one.id)
    assert (code, message) == ("BadRequestException", "No integration defined for method")


def test_a_link_to_nowhere_fails_and_says_why(aws, unique):
    client = aws("apigateway")
    target = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/none/1"
    made = client.create_vpc_link(name=unique, targetArns=[target])
    assert made["status"] == "PENDING"
    found = client.get_vpc_link(vpcLinkId=made["id"])
    assert (found["status"], found["statusMessage"]) == ("FAILED", f"NLB not found: {target}")
    client.delete_vpc_link(vpcLinkId=made["id"])


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("CreateDomainName", {"domainName": "api.example"}),
        ("GenerateClientCertificate", {}),
    ],
)
def test_what_nobody_computes_is_refused_by_name(aws, operation, members):
    client = aws("apigateway")
    call = getattr(client, "".join(f"_{c.lower()}" if c.isupper() else c for c in operation)[1:])
    expected = ("InternalFailure", f"apigateway {operation} is not emulated")
    assert refusal(call, **members) == expected
