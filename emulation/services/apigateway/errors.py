"""API Gateway's own refusals, in its words."""

from collections.abc import Sequence

from localstack.aws.api import CommonServiceException
from localstack.aws.api.apigateway import BadRequestException, NotFoundException


def bad_request(message: str) -> BadRequestException:
    """The request asks for what cannot be."""
    return BadRequestException(message)


def not_found(message: str) -> NotFoundException:
    """What it names is not there."""
    return NotFoundException(message)


def bad_path(path: str, op: str, known: Sequence[str]) -> BadRequestException:
    """A patch of what cannot be patched."""
    return BadRequestException(
        f"Invalid patch path '{path}' specified for op '{op}'. Must be one of: [{', '.join(known)}]"
    )


def not_emulated(what: str) -> CommonServiceException:
    """What nobody here computes. No NotImplementedError: that is moto's cue to answer."""
    return CommonServiceException("InternalFailure", f"apigateway {what} is not emulated", 501)
