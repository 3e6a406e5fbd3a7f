"""What is shipped: archives whose name holds the hash of their content.

The same files give the same bytes and the same key on every machine, so that a deploy of unchanged
code changes nothing, and changed code is a changed parameter that CloudFormation sees. Each bundle
takes only what it runs: a change of the operator's code deploys no Lambda function anew.
"""

import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from botocore.exceptions import ClientError

from pipeline import aws
from pipeline.errors import BundleError

ROOT = Path(__file__).parents[2]
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The oldest time that a zip can hold."""

REQUIREMENTS = "models/flight_delay/requirements.txt"

NATIVE = {".so", ".pyd", ".dylib"}

Files = Mapping[str, bytes]


def zipped(files: Files) -> bytes:
    """A zip that depends on nothing but the files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return buffer.getvalue()


def tarred(files: Files) -> bytes:
    """A tar.gz that depends on nothing but the files."""
    buffer = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=buffer, mode="wb", filename="", mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def training_source(files: Files) -> bytes:
    """A tar.gz with the model's requirements at its top, where AWS's container installs them."""
    return tarred({**files, "requirements.txt": files[REQUIREMENTS]})


def alone(files: Files) -> bytes:
    """The one file itself."""
    (content,) = files.values()
    return content


@dataclass(frozen=True)
class Recipe:
    """How a bundle is made; `parameter` is the template parameter that takes its key."""

    parameter: str
    name: str
    suffix: str
    patterns: tuple[str, ...]
    pack: Callable[[Files], bytes]
    packages: tuple[str, ...] = ()
    """Installed distributions that go along: those of plain Python only."""


CONTRACTS = ("pipeline/__init__.py", "pipeline/contracts/**/*.py")

RECIPES = (
    Recipe(
        "LambdaBundleKey",
        "lambda",
        ".zip",
        (
            *CONTRACTS,
            "pipeline/aws.py",
            "pipeline/errors.py",
            "pipeline/listing.py",
            "pipeline/polling.py",
            "pipeline/handlers/**/*.py",
            "pipeline/warehouse/*",
        ),
        zipped,
    ),
    Recipe(
        "AuthorizerBundleKey",
        "authorizer",
        ".zip",
        (
            "pipeline/__init__.py",
            "pipeline/aws.py",
            "pipeline/errors.py",
            "pipeline/handlers/__init__.py",
            "pipeline/handlers/settings.py",
            "pipeline/handlers/authorize_request.py",
        ),
        zipped,
        packages=("pyjwt",),
    ),
    Recipe(
        "ApiSourceKey",
        "api",
        ".zip",
        (*CONTRACTS, "pipeline/aws.py", "requirements.lock", "api/**/*"),
        zipped,
    ),
    Recipe(
        "ConsumerBundleKey",
        "consumer",
        ".zip",
        (*CONTRACTS, "pipeline/aws.py", "pipeline/errors.py", "pipeline/consumers/**/*"),
        zipped,
    ),
    Recipe(
        "FlightFeaturesScriptKey",
        "build_flight_features",
        ".py",
        ("spark_jobs/build_flight_features.py",),
        alone,
    ),
    Recipe(
        "StreamFeaturesScriptKey",
        "stream_features",
        ".py",
        ("spark_jobs/stream_features.py",),
        alone,
    ),
    Recipe("SparkModulesKey", "spark-modules", ".zip", (*CONTRACTS, "spark_jobs/**/*.py"), zipped),
    Recipe(
        "TrainingSourceKey",
        "training-source",
        ".tar.gz",
        (*CONTRACTS, "models/**/*"),
        training_source,
    ),
    Recipe(
        "MonitoringSourceKey",
        "monitoring-source",
        ".tar.gz",
        (*CONTRACTS, "pipeline/aws.py", "models/**/*"),
        tarred,
    ),
)


@dataclass(frozen=True)
class Bundle:
    """One object of the artifacts bucket."""

    recipe: Recipe
    files: Files

    @property
    def digest(self) -> str:
        """Hash of names and contents, whatever the compressor of this machine makes of them."""
        digest = hashlib.sha256()
        for name, content in sorted(self.files.items()):
            digest.update(f"{name}\0{len(content)}\0".encode())
            digest.update(content)
        return digest.hexdigest()[:16]

    @property
    def key(self) -> str:
        """Where it lies."""
        return f"bundles/{self.recipe.name}-{self.digest}{self.recipe.suffix}"

    @property
    def content(self) -> bytes:
        """Its bytes."""
        return self.recipe.pack(self.files)


def build(parameter: str, root: Path = ROOT) -> Bundle:
    """The bundle whose key the parameter takes."""
    return gather(next(recipe for recipe in RECIPES if recipe.parameter == parameter), root)


def gather(recipe: Recipe, root: Path = ROOT) -> Bundle:
    """The files that a recipe names.

    Raises:
        BundleError: a pattern finds nothing.
    """
    files: dict[str, bytes] = {}
    for pattern in recipe.patterns:
        paths = [path for path in root.glob(pattern) if _shipped(path)]
        if not paths:
            raise BundleError(f"Bundle {recipe.name} finds nothing at {pattern} in {root}.")
        files |= {str(path.relative_to(root)): path.read_bytes() for path in paths}
    for package in recipe.packages:
        files |= installed(recipe, package)
    return Bundle(recipe, files)


def installed(recipe: Recipe, package: str) -> Files:
    """The modules of an installed distribution.

    Raises:
        BundleError: it is not installed, or holds what runs on this kind of machine only.
    """
    try:
        paths = metadata.distribution(package).files or []
    except metadata.PackageNotFoundError as error:
        raise BundleError(f"Bundle {recipe.name} needs {package}, which is not installed.") from (
            error
        )
    if any(path.suffix in NATIVE for path in paths):
        raise BundleError(f"Bundle {recipe.name} cannot carry {package}: it is not plain Python.")
    return {str(path): path.read_binary() for path in paths if path.suffix == ".py"}


def _shipped(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts and path.suffix != ".md"


def upload(bucket: str, bundle: Bundle) -> bool:
    """Put the bundle where its key says; False when it is there already."""
    s3 = aws.client("s3")
    try:
        s3.head_object(Bucket=bucket, Key=bundle.key)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        s3.put_object(Bucket=bucket, Key=bundle.key, Body=bundle.content)
        return True
    return False
