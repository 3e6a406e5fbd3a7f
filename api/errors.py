"""What may go wrong between a request and its answer, named by who can do something about it.

ApiError
├── NotInServiceError     deploy the pipeline, or wait until it is
├── UnreachableError      AWS does not answer, or does not let us in
├── ModelFailedError      the model's container answered with an error
├── NotReadableError      a part of the pipeline cannot be read
├── NotFoundError         nobody knows what was asked for
├── InProgressError       the same request is being answered: ask again
└── KeyReusedError        an idempotency key stands for another request

The classes know no status codes: `api/routes/problems.py` gives each its own.
"""


class ApiError(Exception):
    """The sentence that the caller reads."""


class NotInServiceError(ApiError):
    """Nothing is deployed that could answer."""


class UnreachableError(ApiError):
    """AWS, or what stands where AWS should be, does not serve us."""


class ModelFailedError(ApiError):
    """The model's own failure."""


class NotReadableError(ApiError):
    """A part of the pipeline that does not tell how it is."""


class NotFoundError(ApiError):
    """There is no such thing."""


class InProgressError(ApiError):
    """It is being done already."""


class KeyReusedError(ApiError):
    """The key is taken."""
