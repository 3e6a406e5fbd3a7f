"""What LocalStack warns of that is not so here, or that nobody who reads the log can change."""

import logging
from functools import partial

SAYS_NOTHING = {
    # The process executor writes to the group that a function names.
    "localstack.services.lambda_.provider": "Advanced Lambda Logging Configuration is",
    # Answers of moto have a member more than the API; the wire leaves it out.
    "localstack.aws.protocol.serializer": "Response object %s contains a member which is not",
    # A plan looks up what its own stack will make. What fails in earnest is the stack's to tell;
    # this message has more places than arguments, so that a traceback would stand in its place.
    "localstack.services.cloudformation.engine.v2.resolving": "client error while trying to",
}
"""The beginning of a message, by the name of its logger."""


def silence() -> None:
    """Keep these out of the log; all others of the same loggers stay."""
    for name, start in SAYS_NOTHING.items():
        logging.getLogger(name).addFilter(partial(says_something, start))


def says_something(start: str, record: logging.LogRecord) -> bool:
    """Whether a message does not begin so."""
    return not str(record.msg).startswith(start)
