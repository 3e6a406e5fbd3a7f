"""How much an account may retrieve in a region; what would be more is refused.

Only Standard retrievals count, as on AWS: a job's rate is its bytes over the four hours that it
takes there, and the free tier is a day's part of 10 GB a month.
"""

from typing import Any

from emulation.services.glacier.errors import denied_by_policy, invalid
from emulation.services.glacier.store import LOCK, Members, Shelf, moment, shelf
from emulation.services.glacier.vaults import Call

HOURS = 4
FREE_BYTES = 10 * 1024**3 // 30
DAY = 86_400.0
STRATEGIES = {"BytesPerHour", "FreeTier", "None"}


def get(call: Call) -> Members:
    """The policy in force."""
    return {"Policy": shelf(call.scope).policy}


def set_policy(call: Call) -> Members:
    """Another policy, from now on."""
    rules = (call.request.get("Policy") or {}).get("Rules") or []
    if len(rules) != 1 or rules[0].get("Strategy") not in STRATEGIES:
        raise invalid("Invalid data retrieval policy: one rule with a valid strategy is required")
    rate = rules[0].get("BytesPerHour")
    if (rules[0]["Strategy"] == "BytesPerHour") != (rate is not None) or (rate or 1) < 1:
        raise invalid("Invalid data retrieval policy: BytesPerHour goes with its own strategy")
    with LOCK:
        shelf(call.scope).set_policy({"Rules": [dict(rules[0])]})
    return {}


def check(found: Shelf, size: int) -> None:
    """Refuse a retrieval of so many bytes when it would be too much."""
    rule: Any = found.policy["Rules"][0]
    jobs = [
        job
        for vault in found.vaults.values()
        for job in vault.jobs.values()
        if job.get("tier") == "Standard" and "range" in job
    ]
    if rule["Strategy"] == "BytesPerHour":
        running = sum(length(job) for job in jobs if not job.get("completed"))
        if (running + size) / HOURS > rule["BytesPerHour"]:
            raise denied_by_policy()
    elif rule["Strategy"] == "FreeTier":
        today = sum(length(job) for job in jobs if moment() - job["created"] < DAY)
        if today + size > FREE_BYTES:
            raise denied_by_policy()


def length(job: Members) -> int:
    """The bytes that a job retrieves."""
    start, end = job["range"]
    return int(end - start)
