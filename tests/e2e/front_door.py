"""The way in as callers take it: API Gateway's stage with a key, or the load balancer behind it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import httpx

from tests.e2e.laptop import Laptop

FLIGHT = {
    "carrier": "UA",
    "flight": 1545,
    "origin": "EWR",
    "dest": "IAH",
    "scheduled_departure": "2013-03-15T17:15:00",
}


def outputs(laptop: Laptop) -> dict[str, str]:
    """The outputs of all stacks."""
    pages = laptop.aws("cloudformation").get_paginator("describe_stacks").paginate()
    return {
        item["OutputKey"]: item["OutputValue"]
        for page in pages
        for stack in page["Stacks"]
        for item in stack.get("Outputs", ())
    }


class FrontDoor:
    """The API of a laptop."""

    def __init__(self, laptop: Laptop) -> None:
        self.laptop = laptop
        self.told = outputs(laptop)
        self.gateway = laptop.aws("apigateway")

    @cached_property
    def url(self) -> str:
        """The stage's address."""
        api, stage = self.told["ApiId"], self.told["ApiStage"]
        return f"{self.laptop.endpoint}/_aws/execute-api/{api}/{stage}"

    @cached_property
    def key(self) -> str:
        """The key that the stack has made."""
        found = self.gateway.get_api_key(apiKey=self.told["ApiKeyId"], includeValue=True)
        return str(found["value"])

    def post(self, flight: Any, key: str = "") -> httpx.Response:
        """Ask for a prediction at the gateway; without a key where none is given."""
        with self.laptop.http(self.url) as client:
            headers = {"x-api-key": key} if key else {}
            return client.post("/v1/predict", json=flight, headers=headers)

    def get(self, path: str) -> httpx.Response:
        """Ask the load balancer."""
        with self.laptop.http(self.laptop.api) as client:
            return client.get(path)

    @contextmanager
    def planned(self, **limits: dict[str, Any]) -> Iterator[str]:
        """A key of a plan of its own."""
        name = f"story-{'-'.join(limits)}"
        stage = {"apiId": self.told["ApiId"], "stage": self.told["ApiStage"]}
        plan = self.gateway.create_usage_plan(name=name, apiStages=[stage], **limits)["id"]
        key = self.gateway.create_api_key(name=name, enabled=True)
        self.gateway.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
        try:
            yield key["value"]
        finally:
            self.gateway.delete_api_key(apiKey=key["id"])
            self.gateway.update_usage_plan(
                usagePlanId=plan,
                patchOperations=[
                    {"op": "remove", "path": "/apiStages", "value": ":".join(stage.values())}
                ],
            )
            self.gateway.delete_usage_plan(usagePlanId=plan)
