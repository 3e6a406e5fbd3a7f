"""A build's sources: from S3 or from CodePipeline into its folders, and the buildspec."""

from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from emulation.compute.builds.files import FilesError, unpack
from emulation.compute.builds.places import Place
from emulation.services.codebuild.failures import CLIENT_ERROR, YAML_ERROR, PhaseError
from emulation.services.codebuild.store import Build

DEFAULT_BUILDSPEC = "buildspec.yml"


@dataclass(frozen=True, slots=True)
class Folders:
    """The sources on this machine; the primary's has no identifier."""

    primary: Path
    secondary: dict[str, Path]

    def variables(self, place: Place) -> dict[str, str]:
        """What a build knows them by."""
        others = {
            f"CODEBUILD_SRC_DIR_{name}": place.seen(path) for name, path in self.secondary.items()
        }
        return {"CODEBUILD_SRC_DIR": place.seen(self.primary), **others}


class Sources:
    """Fetches one build's sources."""

    def __init__(self, build: Build, place: Place) -> None:
        self._build = build
        self._place = place
        self._s3 = build.scope.client("s3")
        number = int(build.uuid[:7], 16)
        self._base = place.codebuild / "output" / f"src{number}" / "src"

    def fetch(self) -> Folders:
        """All of them.

        Raises:
            PhaseError: one of them cannot be had.
        """
        if self._build.members["source"]["type"] == "CODEPIPELINE":
            return self._from_pipeline()
        source = self._build.members["source"]
        self._base.mkdir(parents=True)
        if source["type"] == "S3":
            version = self._build.members.get("sourceVersion", "")
            self._build.source_version = self._download(source["location"], version, self._base)
        return Folders(self._base, self._secondary())

    def _secondary(self) -> dict[str, Path]:
        versions = {
            item["sourceIdentifier"]: item["sourceVersion"]
            for item in self._build.members.get("secondarySourceVersions", [])
        }
        folders = {}
        for number, source in enumerate(self._build.members.get("secondarySources", []), start=1):
            name = source["sourceIdentifier"]
            folders[name] = folder = self._base.parent / f"src_{number:02}"
            folder.mkdir(parents=True)
            if source["type"] == "S3":
                self._download(source["location"], versions.get(name, ""), folder)
        return folders

    def _from_pipeline(self) -> Folders:
        folders = {}
        for number, artifact in enumerate(self._build.inputs):
            folders[artifact["name"]] = folder = self._base / "s3" / f"{number:02}"
            folder.mkdir(parents=True)
            location = f"{artifact['bucket']}/{artifact['key']}"
            found = self._download(location, artifact["version"], folder)
            if number == 0:
                self._build.source_version = self._build.source_version or found
        if not folders:
            self._base.mkdir(parents=True)
            return Folders(self._base, {})
        primary, *others = folders
        return Folders(folders[primary], {name: folders[name] for name in others})

    def _download(self, location: str, version: str, folder: Path) -> str:
        """An archive, or the objects below a key that ends with a slash; the archive's version."""
        bucket, _, key = location.partition("/")
        try:
            if key.endswith("/") or not key:
                return self._download_folder(bucket, key, folder)
            return self._download_archive(bucket, key, version, folder)
        except ClientError as error:
            found = error.response["Error"]
            text = f"{found['Code']}: {found['Message']} for source arn:aws:s3:::{location}"
            raise PhaseError(CLIENT_ERROR, text) from error
        except (BotoCoreError, FilesError) as error:
            raise PhaseError(CLIENT_ERROR, f"{error} for source arn:aws:s3:::{location}") from error

    def _download_archive(self, bucket: str, key: str, version: str, folder: Path) -> str:
        archive = self._place.scratch / "source.zip"
        asked = {"VersionId": version} if version else {}
        answer = self._s3.get_object(Bucket=bucket, Key=key, **asked)
        with archive.open("wb") as file:
            for chunk in answer["Body"].iter_chunks(2**20):
                file.write(chunk)
        unpack(archive, folder)
        archive.unlink()
        return str(answer.get("VersionId", ""))

    def _download_folder(self, bucket: str, prefix: str, folder: Path) -> str:
        pages = self._s3.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=bucket, Prefix=prefix):
            for item in page.get("Contents", []):
                name = item["Key"].removeprefix(prefix)
                target = folder / name
                if name and not name.endswith("/") and ".." not in target.parts:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    self._s3.download_file(bucket, item["Key"], str(target))
        return ""

    def buildspec(self, folders: Folders) -> Path:
        """The file of the buildspec: written into the project, named by it, or the default.

        Raises:
            PhaseError: it is not there.
        """
        given = str(self._build.members["source"].get("buildspec") or DEFAULT_BUILDSPEC)
        if is_text(given):
            file = self._place.codebuild / "readonly" / DEFAULT_BUILDSPEC
            file.write_text(given)
            return file
        if given.startswith("arn:"):
            return self._buildspec_object(given)
        file = folders.primary / given
        if not file.resolve().is_relative_to(folders.primary.resolve()) or not file.is_file():
            # The default name has words of its own.
            text = f"stat {self._place.seen(folders.primary)}/{given}: no such file or directory"
            missing = "YAML file does not exist" if given == DEFAULT_BUILDSPEC else text
            raise PhaseError(YAML_ERROR, missing)
        return file

    def _buildspec_object(self, arn: str) -> Path:
        bucket, _, key = arn.split(":::", 1)[-1].partition("/")
        file = self._place.codebuild / "readonly" / DEFAULT_BUILDSPEC
        try:
            self._s3.download_file(bucket, key, str(file))
        except (ClientError, BotoCoreError) as error:
            raise PhaseError(YAML_ERROR, f"{arn}: {error}") from error
        return file


def is_text(buildspec: str) -> bool:
    """Whether it is a buildspec rather than the name of one."""
    return "\n" in buildspec or buildspec.lstrip().startswith(("{", "version:"))
