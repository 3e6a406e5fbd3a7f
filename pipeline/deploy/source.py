"""The source that the delivery builds from: one zip, uploaded when it is another one.

The pipeline starts when the object changes. A zip of the same files has the same bytes wherever it
is made, and the object carries the digest of its files: what is there already is left alone, so an
unchanged source starts nothing.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from botocore.exceptions import ClientError

from pipeline import aws
from pipeline.deploy import bundle

KEY = "source/source.zip"
DIGEST = "digest"

PATTERNS = (
    "pyproject.toml",
    "requirements.lock",
    "pipeline/**/*",
    "spark_jobs/**/*",
    "models/**/*",
    "api/**/*",
    "tests/conftest.py",
    "tests/unit/conftest.py",
    "tests/unit/models/**/*",
    "tests/unit/pipeline/**/*",
)
"""What is deployed, and the tests of it."""

RECIPE = bundle.Recipe("SourceKey", "source", ".zip", PATTERNS, bundle.zipped)


@dataclass(frozen=True)
class Source:
    """The files of a tree that are delivered."""

    root: Path = bundle.ROOT

    @cached_property
    def _packed(self) -> bundle.Bundle:
        return bundle.gather(RECIPE, self.root)

    @property
    def digest(self) -> str:
        """The same for the same files; the code version of whatever is made of them."""
        return self._packed.digest

    @property
    def content(self) -> bytes:
        """The zip."""
        return self._packed.content


def upload(bucket: str, source: Source) -> bool:
    """Bring the source to where the pipeline takes it from; False when it is there already."""
    if uploaded(bucket) == source.digest:
        return False
    aws.client("s3").put_object(
        Bucket=bucket, Key=KEY, Body=source.content, Metadata={DIGEST: source.digest}
    )
    return True


def uploaded(bucket: str) -> str:
    """The digest of the source that is there; empty when none is."""
    try:
        found = aws.client("s3").head_object(Bucket=bucket, Key=KEY)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        return ""
    return str(found["Metadata"].get(DIGEST, ""))
