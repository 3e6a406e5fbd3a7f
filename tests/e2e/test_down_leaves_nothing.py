"""`down` ends every process and frees every port; after `up` all is there again, and answers."""

from tests.e2e import cloud
from tests.e2e.laptop import is_taken
from tests.waiting import wait_until

NOBODY = {"carrier": "UA", "origin": "EWR", "dest": "IAH", "departure_minute": 600}


def test_down_leaves_nothing_and_up_brings_everything_back(told):
    laptop = told.laptop
    before, probability = cloud.everything(laptop), cloud.ask(laptop, [NOBODY])
    assert laptop.processes()
    laptop.down()
    assert [process.cmdline() for process in laptop.processes()] == []
    assert [port for port in laptop.ports if is_taken(port)] == []

    laptop.up()
    wait_until("the endpoint in service again", lambda: in_service(laptop))
    assert cloud.ask(laptop, [NOBODY]) == probability
    assert cloud.everything(laptop) == before
    with laptop.http(laptop.api) as api:
        wait_until(
            "the API to see the endpoint", lambda: api.get("/health").json()["ready"]["endpoint"]
        )


def in_service(laptop) -> bool:
    found = laptop.aws("sagemaker").describe_endpoint(EndpointName=cloud.NAME)
    assert found["EndpointStatus"] != "Failed", found
    return found["EndpointStatus"] == "InService"
