"""How many invocations run at once, in how many processes."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psutil
import pytest
from botocore.exceptions import ClientError

from tests.contract.lambda_.functions import ECHO, GATED, PID, PROVISIONED_PID


@pytest.fixture
def gate(aws, bucket):
    """`started()`: the processes that wait at the gate; `open()`: let them go on."""
    s3 = aws("s3")

    class Gate:
        def started(self) -> list[int]:
            keys = s3.list_objects_v2(Bucket=bucket, Prefix="started/").get("Contents", [])
            return [
                int(s3.get_object(Bucket=bucket, Key=key["Key"])["Body"].read()) for key in keys
            ]

        def open(self) -> None:
            s3.put_object(Bucket=bucket, Key="open")

        def event(self, number: int) -> list[str]:
            return [bucket, str(number)]

    return Gate()


@pytest.fixture
def at_once():
    """`at_once(call, arguments)`: futures of calls that run at the same time."""
    with ThreadPoolExecutor(32) as pool:
        yield lambda call, arguments: [pool.submit(call, argument) for argument in arguments]


def refusal_of(invoke, *arguments) -> dict:
    with pytest.raises(ClientError) as refusal:
        invoke(*arguments)
    return refusal.value.response


def test_reserved_concurrency_throttles_what_is_more(
    functions, invoke, gate, at_once, aws, waiting
):
    name, client = functions(GATED, Timeout=60, MemorySize=256), aws("lambda")
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=2)
    running = at_once(lambda n: invoke(name, gate.event(n)), range(2))
    waiting("two running invocations", lambda: len(set(gate.started())) == 2)
    response = refusal_of(invoke, name, gate.event(2))
    gate.open()
    assert response["Error"] == {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."}
    assert response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert [call.result()[0] for call in running] == ["on-demand"] * 2
    assert invoke(name, gate.event(3))[0] == "on-demand"


def test_reserved_concurrency_of_zero_throttles_everything(functions, invoke, aws):
    name, client = functions(ECHO), aws("lambda")
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    response = refusal_of(invoke, name)
    assert response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    client.delete_function_concurrency(FunctionName=name)
    assert invoke(name, 1)[0] == 1


def test_account_keeps_a_hundred_for_functions_without_a_reservation(functions, aws):
    name, client = functions(ECHO), aws("lambda")
    assert client.get_account_settings()["AccountLimit"]["ConcurrentExecutions"] == 1000
    with pytest.raises(ClientError) as refusal:
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=901)
    assert refusal.value.response["Error"] == {
        "Code": "InvalidParameterValueException",
        "Message": "Specified ReservedConcurrentExecutions for function decreases account's "
        "UnreservedConcurrentExecution below its minimum value of [100].",
    }


def test_throttles_are_metrics(functions, invoke, aws, waiting):
    name = functions(ECHO)
    aws("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    refusal_of(invoke, name)

    def throttles() -> float:
        now = datetime.now(UTC)
        points = aws("cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName="Throttles",
            Dimensions=[{"Name": "FunctionName", "Value": name}],
            StartTime=now - timedelta(minutes=10),
            EndTime=now + timedelta(minutes=10),
            Period=60,
            Statistics=["Sum"],
        )["Datapoints"]
        return sum(point["Sum"] for point in points)

    waiting("one throttle", lambda: throttles() == 1, seconds=30)


def test_many_at_once_run_and_leave_no_process_behind(functions, aws, at_once, waiting):
    name, client = functions(PID, MemorySize=256), aws("lambda", max_pool_connections=32)

    def pid(_: int) -> int:
        answer = client.invoke(FunctionName=name, Payload=b"{}")
        assert "FunctionError" not in answer
        return json.load(answer["Payload"])

    pids = {call.result() for call in at_once(pid, range(200))}
    assert len(pids) <= 32
    client.delete_function(FunctionName=name)
    waiting("the end of all", lambda: not any(psutil.pid_exists(pid) for pid in pids), seconds=60)


def published(aws, name: str) -> str:
    version = aws("lambda").publish_version(FunctionName=name)["Version"]
    aws("lambda").get_waiter("published_version_active").wait(FunctionName=name, Qualifier=version)
    return version


def test_provisioned_environments_are_there_before_they_are_used(
    functions, invoke, gate, at_once, aws, waiting
):
    name, client = functions(GATED, Timeout=60, MemorySize=256), aws("lambda")
    where = {"FunctionName": name, "Qualifier": published(aws, name)}
    put = client.put_provisioned_concurrency_config(**where, ProvisionedConcurrentExecutions=2)
    assert (put["Status"], put["AvailableProvisionedConcurrentExecutions"]) == ("IN_PROGRESS", 0)
    read = lambda: client.get_provisioned_concurrency_config(**where)  # noqa: E731
    waiting("READY", lambda: read()["Status"] == "READY")
    assert read()["AvailableProvisionedConcurrentExecutions"] == 2
    call = lambda n: invoke(name, gate.event(n), Qualifier=where["Qualifier"])  # noqa: E731
    running = at_once(call, range(2))
    waiting("two running invocations", lambda: len(set(gate.started())) == 2)
    more = at_once(call, [2])
    waiting("a third, on demand", lambda: len(set(gate.started())) == 3)
    gate.open()
    assert [future.result()[0] for future in running] == ["provisioned-concurrency"] * 2
    assert more[0].result()[0] == "on-demand"


def test_killed_provisioned_environment_is_replaced(functions, invoke, aws, waiting):
    name, client = functions(PROVISIONED_PID), aws("lambda")
    where = {"FunctionName": name, "Qualifier": published(aws, name)}
    client.put_provisioned_concurrency_config(**where, ProvisionedConcurrentExecutions=1)
    read = lambda: client.get_provisioned_concurrency_config(**where)  # noqa: E731
    waiting("READY", lambda: read()["Status"] == "READY")

    def provisioned() -> int | None:
        """Until the killed one is missed and replaced, an invocation has one of its own."""
        payload, error, _ = invoke(name, Qualifier=where["Qualifier"])
        assert error is None
        return payload

    first = provisioned()
    psutil.Process(first).kill()
    waiting("its end", lambda: not psutil.pid_exists(first))
    second = waiting("another in its place", provisioned)
    assert second != first
    client.delete_provisioned_concurrency_config(**where)
    waiting("the end of the second", lambda: not psutil.pid_exists(second))


def test_provisioning_of_what_cannot_start_fails(functions, aws, waiting):
    name, client = functions("raise KeyError('at import')"), aws("lambda")
    where = {"FunctionName": name, "Qualifier": published(aws, name)}
    client.put_provisioned_concurrency_config(**where, ProvisionedConcurrentExecutions=1)
    read = lambda: client.get_provisioned_concurrency_config(**where)  # noqa: E731
    waiting("FAILED", lambda: read()["Status"] == "FAILED")
    assert read()["StatusReason"] == "FUNCTION_ERROR_INIT_FAILURE"
    assert read()["AvailableProvisionedConcurrentExecutions"] == 0


def test_provisioning_of_an_alias_can_be_taken_back(functions, aws, waiting):
    name, client = functions(PID), aws("lambda")
    client.create_alias(FunctionName=name, Name="live", FunctionVersion=published(aws, name))
    where = {"FunctionName": name, "Qualifier": "live"}
    client.put_provisioned_concurrency_config(**where, ProvisionedConcurrentExecutions=1)
    client.delete_provisioned_concurrency_config(**where)
    with pytest.raises(ClientError) as refusal:
        client.get_provisioned_concurrency_config(**where)
    assert (
        refusal.value.response["Error"]["Code"] == "ProvisionedConcurrencyConfigNotFoundException"
    )
