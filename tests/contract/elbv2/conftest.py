"""What tests of load balancers share: targets that answer, load balancers, and requests to them."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest


class Target:
    """A server that tells its name and what it was asked; `statuses` are those of its paths."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.statuses: dict[str, int] = {}
        self.gates: dict[str, threading.Event] = {}
        self.asked: list[str] = []
        self.cookie = ""
        target = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                path = self.path.partition("?")[0]
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if not self.headers.get("User-Agent", "").startswith("ELB-HealthChecker"):
                    target.asked.append(path)
                if path in target.gates:
                    target.gates[path].wait(60)
                told = {
                    "name": target.name,
                    "path": self.path,
                    "headers": [[n.lower(), v] for n, v in self.headers.items()],
                    "bytes": len(body),
                }
                text = json.dumps(told).encode()
                self.send_response(target.statuses.get(path, 200))
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                if target.cookie:
                    self.send_header("Set-Cookie", f"{target.cookie}=1; Path=/")
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PUT = do_DELETE = answer

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_: object) -> None:
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def description(self) -> dict:
        return {"Id": "127.0.0.1", "Port": self.port}

    def close(self) -> None:
        for gate in self.gates.values():
            gate.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def target() -> Iterator:
    """`target("a")`: a server of that name."""
    made: list[Target] = []

    def make(name: str = "one") -> Target:
        made.append(Target(name))
        return made[-1]

    yield make
    for item in made:
        item.close()


class Balancing:
    """Makes load balancers with one emulator and asks them."""

    def __init__(self, aws, waiting, name: str) -> None:
        self.client = aws("elbv2")
        self.waiting = waiting
        self.name = name
        ec2 = aws("ec2")
        subnets = ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])
        found = sorted(subnets["Subnets"], key=lambda subnet: subnet["AvailabilityZone"])
        self.subnets = [subnet["SubnetId"] for subnet in found]
        self.vpc = found[0]["VpcId"]
        self.balancers: list[str] = []
        self.groups: list[str] = []

    def balancer(self, **members) -> dict:
        given = {"Name": f"{self.name}-{len(self.balancers)}", "Subnets": self.subnets[:2]}
        (made,) = self.client.create_load_balancer(**{**given, **members})["LoadBalancers"]
        self.balancers.append(made["LoadBalancerArn"])
        return made

    def group(self, *targets: Target, **members) -> str:
        given = {
            "Name": f"{self.name}-{len(self.groups)}",
            "TargetType": "ip",
            "Protocol": "HTTP",
            "Port": 80,
            "VpcId": self.vpc,
            "HealthCheckIntervalSeconds": 5,
            "HealthCheckTimeoutSeconds": 2,
            "HealthyThresholdCount": 2,
        }
        if members.get("TargetType") == "lambda":
            given = {"Name": given["Name"]}
        (made,) = self.client.create_target_group(**{**given, **members})["TargetGroups"]
        arn = made["TargetGroupArn"]
        self.groups.append(arn)
        if targets:
            described = [target.description for target in targets]
            self.client.register_targets(TargetGroupArn=arn, Targets=described)
        return arn

    def attributes(self, group: str, **changed: str) -> None:
        pairs = [{"Key": name.replace("__", "."), "Value": v} for name, v in changed.items()]
        self.client.modify_target_group_attributes(TargetGroupArn=group, Attributes=pairs)

    def listener(self, balancer: dict, *actions: dict, port: int = 80) -> str:
        (made,) = self.client.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"],
            Protocol="HTTP",
            Port=port,
            DefaultActions=list(actions),
        )["Listeners"]
        return made["ListenerArn"]

    def url(self, listener: str) -> str:
        """Where a listener is reached."""
        told = self.client.describe_listener_attributes(ListenerArn=listener)["Attributes"]
        (url,) = [item["Value"] for item in told if item["Key"] == "terrarium.local_url"]
        return url

    def health(self, group: str) -> list[dict]:
        found = self.client.describe_target_health(TargetGroupArn=group)
        return [item["TargetHealth"] for item in found["TargetHealthDescriptions"]]

    def healthy(self, group: str, count: int = 1) -> None:
        def all_healthy() -> bool:
            return [health["State"] for health in self.health(group)] == ["healthy"] * count

        self.waiting("healthy targets", all_healthy)

    def site(self, *targets: Target, **members) -> tuple[str, str, str]:
        """A load balancer before healthy targets: its URL, listener and group."""
        group = self.group(*targets, **members)
        listener = self.listener(self.balancer(), forward(group))
        self.healthy(group, len(targets))
        return self.url(listener), listener, group

    def close(self) -> None:
        for arn in self.balancers:
            self.client.delete_load_balancer(LoadBalancerArn=arn)
        for arn in self.groups:
            self.client.delete_target_group(TargetGroupArn=arn)


def forward(*groups: str, **config) -> dict:
    shares = [{"TargetGroupArn": group, "Weight": 1} for group in groups]
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": shares, **config}}


def fixed(text: str, status: str = "200") -> dict:
    config = {"StatusCode": status, "MessageBody": text, "ContentType": "text/plain"}
    return {"Type": "fixed-response", "FixedResponseConfig": config}


@pytest.fixture(name="fixed")
def fixed_action():
    return fixed


@pytest.fixture(name="forward")
def forward_action():
    return forward


@pytest.fixture
def balancing(aws, waiting, unique) -> Iterator[Balancing]:
    made = Balancing(aws, waiting, unique)
    yield made
    made.close()


@pytest.fixture
def balancing_with(waiting, unique):
    """`balancing_with(emulator.aws)`: the same, with an emulator of one's own."""
    return lambda aws: Balancing(aws, waiting, unique)


@pytest.fixture(scope="session")
def web() -> Iterator[httpx.Client]:
    """Importing localstack sets proxy variables that httpx cannot read."""
    with httpx.Client(trust_env=False, timeout=60) as client:
        yield client


@pytest.fixture
def elbv2(aws):
    return aws("elbv2")
