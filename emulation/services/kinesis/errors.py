"""Kinesis's errors, in its words."""

from datetime import UTC, datetime

from localstack.aws.api import CommonServiceException

from emulation.compute.streams.errors import ExpiredIterator

SHARD_LIMIT = 20_000


def _error(code: str, message: str, status: int = 400) -> CommonServiceException:
    return CommonServiceException(code, message, status_code=status, sender_fault=status < 500)


def invalid_argument(message: str) -> CommonServiceException:
    """A request that contradicts itself or the stream."""
    return _error("InvalidArgumentException", message)


def validation(message: str) -> CommonServiceException:
    """A request outside of the operation's constraints."""
    return _error("ValidationException", message)


def serialization(message: str) -> CommonServiceException:
    """A value that is not of its type."""
    return _error("SerializationException", message)


def violation(value: str, member: str, constraint: str) -> CommonServiceException:
    """One value outside of its constraint."""
    return validation(
        f"1 validation error detected: Value {value} at '{member}' failed to satisfy constraint: "
        f"{constraint}"
    )


def stream_not_found(name: str, account: str) -> CommonServiceException:
    """No such stream."""
    message = f"Stream {name} under account {account} not found."
    return _error("ResourceNotFoundException", message)


def stream_exists(name: str, account: str) -> CommonServiceException:
    """The name is taken."""
    message = f"Stream {name} under account {account} already exists."
    return _error("ResourceInUseException", message)


def shard_not_found(shard_id: str, name: str, account: str) -> CommonServiceException:
    """No such shard."""
    message = f"Could not find shard {shard_id} in stream {name} under account {account}."
    return _error("ResourceNotFoundException", message)


def shard_missing(shard_id: str, name: str, account: str) -> CommonServiceException:
    """No such shard, in the words of GetShardIterator."""
    message = f"Shard {shard_id} in stream {name} under account {account} does not exist"
    return _error("ResourceNotFoundException", message)


def shard_closed(shard_id: str, name: str, account: str) -> CommonServiceException:
    """A shard that takes no records can be neither split nor merged."""
    message = f"Shard {shard_id} in stream {name} under account {account} is not open."
    return _error("ResourceInUseException", message)


def consumer_not_found(consumer: str, account: str) -> CommonServiceException:
    """No such consumer, by name or ARN."""
    message = f"Consumer {consumer}, account {account} not found."
    return _error("ResourceNotFoundException", message)


def consumer_exists(name: str, stream_arn: str, account: str) -> CommonServiceException:
    """The name is taken."""
    return _error(
        "ResourceInUseException",
        f"Consumer {name} under stream {stream_arn} already exists for account {account}.",
    )


def consumer_limit(stream: str, account: str, limit: int) -> CommonServiceException:
    """More consumers than a stream may have."""
    return _error(
        "LimitExceededException",
        f"Stream {stream} under account {account} has reached the limit of {limit} consumers.",
    )


def consumers_left(stream_arn: str, name: str) -> CommonServiceException:
    """A stream that is deleted with its consumers only when that is said."""
    return _error(
        "ResourceInUseException",
        f"DeleteStream can't delete {stream_arn} because there are consumers associated with this "
        f"data stream. To delete {name} anyway, set the EnforceConsumerDeletion parameter to true "
        "to force the deletion of all the consumers that are associated with it.",
    )


def subscribed(account: str, stream: str, shard: str, consumer: str) -> CommonServiceException:
    """A consumer has one subscription of a shard."""
    return _error(
        "ResourceInUseException",
        "Another active subscription exists for this consumer: "
        f"{account}:{stream}:{shard}:{consumer}",
    )


def policy_not_found(arn: str) -> CommonServiceException:
    """A resource without a policy."""
    message = f"No resource policy found for resource ARN {arn}."
    return _error("ResourceNotFoundException", message)


def rate_exceeded(shard_id: str, name: str, account: str) -> CommonServiceException:
    """More than a shard lets through in a second."""
    return _error("ProvisionedThroughputExceededException", rate_words(shard_id, name, account))


def rate_words(shard_id: str, name: str, account: str) -> str:
    """What is said of it for a record of many, too."""
    return f"Rate exceeded for shard {shard_id} in stream {name} under account {account}."


def resource_not_found(arn: str) -> CommonServiceException:
    """No such resource of an ARN."""
    return _error("ResourceNotFoundException", f"Resource {arn} not found.")


def shard_limit(account: str, region: str, *, now: int, more: int) -> CommonServiceException:
    """More shards than the account may have."""
    return _error(
        "LimitExceededException",
        "This request would exceed the shard limit for the account "
        f"{account} in {region}. Current shard count for the account: {now}. Limit: {SHARD_LIMIT}. "
        f"Number of additional shards that would have resulted from this request: {more}. Refer to "
        "the AWS Service Limits page "
        "(https://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current limits"
        " and how to request higher limits.",
    )


def on_demand(name: str, account: str) -> CommonServiceException:
    """Shards of an on-demand stream are not the caller's."""
    return validation(
        f"Request is invalid. Stream {name} under account {account} is in On-Demand mode."
    )


def expired_iterator(error: ExpiredIterator) -> CommonServiceException:
    """An iterator that is older than five minutes."""
    return _error(
        "ExpiredIteratorException",
        f"Iterator expired. The iterator was created at time {_java_time(error.made_ms)} while "
        f"right now it is {_java_time(error.used_ms)} which is further in the future than the "
        "tolerated delay of 300000 milliseconds.",
    )


def expired_token() -> CommonServiceException:
    """A NextToken that is older than five minutes."""
    return _error("ExpiredNextTokenException", "The provided next token has expired.")


def kms_not_found(message: str) -> CommonServiceException:
    """No such key; in KMS's words."""
    return _error("KMSNotFoundException", message)


def kms_disabled(arn: str) -> CommonServiceException:
    """A key that is disabled."""
    return _error("KMSDisabledException", f"{arn} is disabled.")


def kms_invalid_state(arn: str, state: str) -> CommonServiceException:
    """A key that cannot be used now."""
    words = {"PendingDeletion": "pending deletion", "PendingImport": "pending import"}
    return _error("KMSInvalidStateException", f"{arn} is {words.get(state, state)}.")


def internal_failure() -> CommonServiceException:
    """The disk refused."""
    return _error("InternalFailureException", "Internal service failure.", 500)


def _java_time(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.strftime("%a %b %d %H:%M:%S UTC %Y")
