"""How the registry answers and refuses: the words of the OCI distribution specification."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from localstack.aws.api import CommonServiceException
from localstack.http import Request, Response

from emulation.services.scope import Scope

VERSION = {"Docker-Distribution-Api-Version": "registry/2.0"}

CODES = {
    "RepositoryNotFoundException": ("NAME_UNKNOWN", 404),
    "ImageNotFoundException": ("MANIFEST_UNKNOWN", 404),
    "ImageTagAlreadyExistsException": ("TAG_INVALID", 400),
    "LayersNotFoundException": ("MANIFEST_BLOB_UNKNOWN", 404),
    "ReferencedImagesNotFoundException": ("MANIFEST_BLOB_UNKNOWN", 404),
    "ImageDigestDoesNotMatchException": ("DIGEST_INVALID", 400),
    "UploadNotFoundException": ("BLOB_UPLOAD_UNKNOWN", 404),
    "InvalidLayerException": ("DIGEST_INVALID", 400),
    "InvalidParameterException": ("MANIFEST_INVALID", 400),
}
"""What ECR's errors are to a registry's client."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that is understood."""

    request: Request
    name: str
    """The repository's name as the client has it, which answers repeat."""
    scope: Scope
    parts: Mapping[str, str] = field(default_factory=dict)
    """What the path names further."""


class RegistryError(Exception):
    """A refusal."""

    def __init__(
        self, code: str, message: str, status: int, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """As the specification has it."""
        document = {"errors": [{"code": self.code, "message": str(self)}]}
        return json_answer(document, self.status, self.headers)


def refusal(error: CommonServiceException) -> RegistryError:
    """An error of ECR's as the registry tells it."""
    code, status = CODES.get(error.code, ("UNSUPPORTED", 400))
    return RegistryError(code, error.message, status)


def json_answer(
    document: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """An answer with a document."""
    told = {**VERSION, "Content-Type": "application/json", **(headers or {})}
    return Response(json.dumps(document), status, told)


def empty_answer(status: int, headers: Mapping[str, str]) -> Response:
    """An answer whose headers say it all."""
    return Response(b"", status, {**VERSION, "Content-Length": "0", **headers})
