"""What one build leaves for the next: the folders that a buildspec names, in one archive a project.

The build's own shell packs and unpacks them, for only it sees all of them. Kept on this machine
(LOCAL_CUSTOM_CACHE) or in S3.
"""

import shutil
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from emulation.services.codebuild.store import Build, Members
from emulation.services.scope import Scope
from emulation.settings import settings

ARCHIVE = "cache.tgz"
EVERYTHING = ("/**/*", "/**", "/*")
"""What follows a folder when all of it is meant."""


class Cache:
    """The cache of one build's project."""

    def __init__(self, build: Build, scratch: Path) -> None:
        self._config: Members = build.members["cache"]
        self._scope = build.scope
        self._project = build.project
        self.archive = scratch / ARCHIVE

    @property
    def wanted(self) -> bool:
        """Whether the project has one."""
        kind = self._config["type"]
        return kind == "S3" or "LOCAL_CUSTOM_CACHE" in self._config.get("modes", [])

    def fetch(self) -> bool:
        """Bring the archive to the build; whether there is one."""
        if self._config["type"] == "LOCAL":
            kept = local_file(self._scope, self._project)
            if kept.exists():
                shutil.copyfile(kept, self.archive)
            return kept.exists()
        try:
            bucket, key = place(self._config, self._project)
            self._scope.client("s3").download_file(bucket, key, str(self.archive))
        except (ClientError, BotoCoreError):
            return False
        return True

    def keep(self) -> str:
        """Take the archive from the build; what went wrong, or nothing."""
        if not self.archive.exists():
            return ""
        if self._config["type"] == "LOCAL":
            kept = local_file(self._scope, self._project)
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.archive, kept.with_suffix(".new"))
            kept.with_suffix(".new").replace(kept)
            return ""
        try:
            bucket, key = place(self._config, self._project)
            self._scope.client("s3").upload_file(str(self.archive), bucket, key)
        except (ClientError, BotoCoreError) as error:
            return str(error)
        return ""


def local_file(scope: Scope, project: str) -> Path:
    """Where the local cache of a project lies."""
    return settings().folder("codebuild", "caches", scope.account, scope.region) / f"{project}.tgz"


def place(config: Members, project: str) -> tuple[str, str]:
    """The bucket and key of a project's cache in S3."""
    bucket, _, prefix = str(config["location"]).partition("/")
    return bucket, "/".join(part for part in (prefix.strip("/"), f"{project}.tgz") if part)


def forget_cache(scope: Scope, project: str, config: Members | None = None) -> None:
    """Drop what is kept."""
    local_file(scope, project).unlink(missing_ok=True)
    if config is not None and config["type"] == "S3":
        bucket, key = place(config, project)
        scope.client("s3").delete_object(Bucket=bucket, Key=key)


def packing(paths: tuple[str, ...], archive: str) -> str:
    """A command that packs what is there of the paths; names of folders may have patterns."""
    return (
        '(cd "$CODEBUILD_SRC_DIR" || exit 0; set +eu\n'
        f"for _path in {' '.join(folder_of(path) for path in paths)}; do\n"
        '    [ ! -e "$_path" ] || printf \'%s\\n\' "$_path"\n'
        f"done >'{archive}.list'\n"
        f"[ ! -s '{archive}.list' ] || tar -czPf '{archive}' -T '{archive}.list')"
    )


def unpacking(archive: str) -> str:
    """A command that puts back what was packed."""
    return f"(cd \"$CODEBUILD_SRC_DIR\" && tar -xzPf '{archive}')"


def folder_of(pattern: str) -> str:
    """The folder of which a pattern means all."""
    for ending in EVERYTHING:
        if pattern.endswith(ending):
            return pattern.removesuffix(ending)
    return pattern
