"""The raw files of a report in S3, where its group wants them."""

from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from emulation.compute.builds.files import Selected, pack
from emulation.services.codebuild.failures import CLIENT_ERROR, PhaseError
from emulation.services.scope import Scope


def export(
    scope: Scope, report: str, config: dict[str, Any], files: list[Selected], scratch: Path
) -> None:
    """Upload to `PATH/REPORT-ID/`, as files or as one zip.

    Raises:
        PhaseError: S3 does not take them.
    """
    target = config["s3Destination"]
    identifier = report.rsplit(":", 1)[-1]
    prefix = "/".join(part for part in (target.get("path", "").strip("/"), identifier) if part)
    s3 = scope.client("s3")
    try:
        if target.get("packaging") == "ZIP":
            archive = scratch / "report.zip"
            pack(files, archive)
            s3.upload_file(str(archive), target["bucket"], f"{prefix}/{identifier}.zip")
            return
        for file in files:
            s3.upload_file(str(file.path), target["bucket"], f"{prefix}/{file.name}")
    except (ClientError, BotoCoreError) as error:
        raise PhaseError(CLIENT_ERROR, str(error)) from error
