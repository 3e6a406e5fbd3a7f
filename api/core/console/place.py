"""Who answers for AWS, and which services it refuses.

AWS itself is AWS. Another endpoint is asked by LocalStack's own health page, which says of every
service whether it is served; an endpoint without such a page says nothing about itself.
"""

import json
import urllib.error
import urllib.request
from typing import Any

HEALTH = "/_localstack/health"
SECONDS = 5
SERVED = {"running", "available", "starting", "initializing"}


def read_place(endpoint: str | None) -> dict[str, Any]:
    """`endpoint` is the address that stands in for AWS; None is AWS."""
    if endpoint is None:
        return {"aws": True, "served": [], "refused": [], "reason": ""}
    try:
        with urllib.request.urlopen(f"{endpoint.rstrip('/')}{HEALTH}", timeout=SECONDS) as answer:
            services: dict[str, str] = json.load(answer)["services"]
    except (urllib.error.URLError, TimeoutError, ValueError, KeyError) as error:
        return {"aws": False, "served": [], "refused": [], "reason": f"it does not say ({error})"}
    return {
        "aws": False,
        "served": [
            {"name": name, "at_work": state == "running"}
            for name, state in sorted(services.items())
            if state in SERVED
        ],
        "refused": sorted(name for name, state in services.items() if state not in SERVED),
        "reason": "",
    }
