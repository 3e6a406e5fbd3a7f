"""What leaves a build: artifacts to S3 as the project says, or where CodePipeline wants them."""

from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from emulation.compute.builds.buildspec import Buildspec, Files
from emulation.compute.builds.files import FilesError, Selected, digests, pack, select
from emulation.services.codebuild.failures import CLIENT_ERROR, PhaseError
from emulation.services.codebuild.store import Build, Members


class Uploads:
    """Uploads one build's artifacts."""

    def __init__(self, build: Build, spec: Buildspec, source: Path, scratch: Path) -> None:
        self._build = build
        self._spec = spec
        self._source = source
        self._scratch = scratch
        self._s3 = build.scope.client("s3")

    def upload(self, names: dict[str, str]) -> list[Members]:
        """All of them, as the build describes them; `names` are those that the buildspec's have
        once the shell has read them.

        Raises:
            PhaseError: files are missing, or S3 does not take them.
        """
        try:
            if self._build.settings["artifacts"]["type"] == "CODEPIPELINE":
                return self._to_pipeline()
            return self._to_bucket(names)
        except (ClientError, BotoCoreError, FilesError) as error:
            raise PhaseError(CLIENT_ERROR, str(error)) from error

    def _to_pipeline(self) -> list[Members]:
        """To the places of the pipeline's artifacts: found by name, or the only one."""
        found = []
        for number, output in enumerate(self._build.outputs):
            files = self._spec.secondary_artifacts.get(output["name"])
            if files is None and (len(self._build.outputs) == 1 or number == 0):
                files = self._spec.artifacts
            if files is None:
                raise FilesError(f"no definition of artifact {output['name']} in the buildspec")
            archive = self._packed(files)
            told = self._put(archive, output["bucket"], output["key"])
            found.append(told if number == 0 else {**told, "artifactIdentifier": output["name"]})
        return found

    def _to_bucket(self, names: dict[str, str]) -> list[Members]:
        found = []
        primary = self._build.settings["artifacts"]
        if primary["type"] == "S3" and self._spec.artifacts is not None:
            found.append(self._one(primary, self._spec.artifacts, names.get("", "")))
        for artifact in self._build.settings.get("secondaryArtifacts", []):
            name = artifact["artifactIdentifier"]
            files = self._spec.secondary_artifacts.get(name)
            if files is None:
                raise FilesError(f"no definition of secondary artifact {name} in the buildspec")
            if artifact["type"] == "S3":
                told = self._one(artifact, files, names.get(name, ""))
                found.append({**told, "artifactIdentifier": name})
        return found

    def _one(self, artifact: Members, files: Files, own_name: str) -> Members:
        key = key_of(artifact, self._build.uuid, own_name, self._build.project)
        flags: Members = {
            name: artifact[name]
            for name in ("overrideArtifactName", "encryptionDisabled")
            if name in artifact
        }
        if artifact.get("packaging") == "ZIP":
            return {**self._put(self._packed(files), artifact["location"], key), **flags}
        prefix = "/".join(part for part in (key, files.prefix.strip("/")) if part)
        for file in self._selected(files):
            self._put_file(file, artifact["location"], f"{prefix}/{file.name}".lstrip("/"))
        return {"location": f"arn:aws:s3:::{artifact['location']}/{prefix}", **flags}

    def _selected(self, files: Files) -> list[Selected]:
        return select(self._source, files)

    def _packed(self, files: Files) -> Path:
        archive = self._scratch / "artifact.zip"
        pack(self._selected(files), archive, keep_links=files.keep_links)
        return archive

    def _put(self, archive: Path, bucket: str, key: str) -> Members:
        self._s3.upload_file(str(archive), bucket, key)
        sha256, md5 = digests(archive)
        archive.unlink()
        location = f"arn:aws:s3:::{bucket}/{key}"
        return {"location": location, "sha256sum": sha256, "md5sum": md5}

    def _put_file(self, file: Selected, bucket: str, key: str) -> None:
        if file.path.is_file():
            self._s3.upload_file(str(file.path), bucket, key)


def key_of(artifact: Members, build: str, own_name: str, project: str) -> str:
    """`PATH/BUILD-ID/NAME` of an artifact; `/` as a name means none."""
    name = own_name if artifact.get("overrideArtifactName") and own_name else artifact.get("name")
    parts = [
        artifact.get("path", "").strip("/"),
        build if artifact.get("namespaceType") == "BUILD_ID" else "",
        (name or project).strip("/"),
    ]
    return "/".join(part for part in parts if part)
