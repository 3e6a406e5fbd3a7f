"""How a test reads a refusal."""

import pytest
from botocore.exceptions import ClientError


def refusal(call, **request) -> tuple[str, str]:
    """The code and message of a request that is refused."""
    with pytest.raises(ClientError) as refused:
        call(**request)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]
