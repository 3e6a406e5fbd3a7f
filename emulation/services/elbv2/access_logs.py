"""Access logs: lines in a file of the proxy, every five minutes an object in S3.

A file is delivered too when logging ends or moves, when the load balancer is deleted, and when the
emulator stops; what a kill has left is delivered in the next run.
"""

import gzip
import logging
import secrets
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from emulation.services.elbv2.errors import error, validation_error
from emulation.services.elbv2.planning import log_file
from emulation.services.elbv2.store import LoadBalancer, all_balancers

LOG = logging.getLogger(__name__)

INTERVAL_SECONDS = 300.0
ENABLED, BUCKET, PREFIX = (f"access_logs.s3.{name}" for name in ("enabled", "bucket", "prefix"))
DELIVERING = threading.Lock()


def check(balancer: LoadBalancer, told: Mapping[str, str]) -> None:
    """Write the test file, as AWS does when logging begins.

    Raises:
        CommonServiceException: the bucket cannot be written to.
    """
    if told[ENABLED] != "true":
        return
    bucket = told[BUCKET]
    if not bucket:
        raise validation_error("The value of 'access_logs.s3.bucket' cannot be empty")
    now = time.strftime("%a %b %d %H:%M:%S UTC %Y", time.gmtime())
    text = f"Enable AccessLog for ELB: {balancer.name} at {now}"
    try:
        balancer.scope.client("s3").put_object(
            Bucket=bucket, Key=f"{folder(balancer, told)}ELBAccessLogTestFile", Body=text.encode()
        )
    except ClientError as refused:
        if refused.response["Error"]["Code"] == "NoSuchBucket":
            raise error("InvalidConfigurationRequest", f"S3Bucket: {bucket} not found") from refused
        raise error(
            "InvalidConfigurationRequest",
            f"Access Denied for bucket: {bucket}. Please check S3bucket permission",
        ) from refused


def folder(balancer: LoadBalancer, told: Mapping[str, str]) -> str:
    """Where a load balancer's logs are."""
    prefix = f"{told[PREFIX].strip('/')}/" if told.get(PREFIX) else ""
    return f"{prefix}AWSLogs/{balancer.account}/"


def key(balancer: LoadBalancer, told: Mapping[str, str], end: float) -> str:
    """The name of one delivery."""
    moment = time.gmtime(end)
    day, minute = time.strftime("%Y/%m/%d", moment), time.strftime("%Y%m%dT%H%MZ", moment)
    name = balancer.full_name.replace("/", ".")
    return (
        f"{folder(balancer, told)}elasticloadbalancing/{balancer.region}/{day}/"
        f"{balancer.account}_elasticloadbalancing_{balancer.region}_{name}_{minute}_127.0.0.1_"
        f"{secrets.token_hex(4)}.log.gz"
    )


def deliver(balancer: LoadBalancer, told: Mapping[str, str] | None = None) -> None:
    """Bring what was logged to S3; `told` are the attributes that said so."""
    attributes = balancer.attributes if told is None else told
    path = Path(log_file(balancer))
    with DELIVERING:
        waiting = sorted(path.parent.glob(f"{path.stem}.*.waiting"))
        if path.exists():
            taken = path.with_suffix(f".{time.time_ns()}.waiting")
            path.rename(taken)
            waiting.append(taken)
        for file in waiting:
            put(balancer, attributes, file)


def put(balancer: LoadBalancer, attributes: Mapping[str, str], file: Path) -> None:
    """One file as one object; it stays when that does not work."""
    try:
        balancer.scope.client("s3").put_object(
            Bucket=attributes.get(BUCKET, ""),
            Key=key(balancer, attributes, file.stat().st_mtime),
            Body=gzip.compress(file.read_bytes()),
            ContentType="application/x-gzip",
        )
    except (ClientError, BotoCoreError) as refused:
        LOG.warning("access logs of %s are not delivered: %s", balancer.name, refused)
    else:
        file.unlink()


def deliver_all() -> None:
    """Every load balancer that logs."""
    for balancer in all_balancers():
        if balancer.attributes.get(ENABLED) == "true":
            deliver(balancer)


def run() -> None:
    """Deliver every five minutes, for ever."""
    while True:
        time.sleep(INTERVAL_SECONDS)
        deliver_all()
