"""What a SageMaker container sees - the `/opt/ml` tree, its hosts file, its home - given to a plain
process.

Programs may name `/opt/ml` literally: both SageMaker SDKs do, in entry points and in driver scripts
that they upload. So each process gets an `/opt/ml` of its own from a mount namespace where the
system has one ("namespace"; probed once, with the real command line). Elsewhere (macOS, containers
without the right) paths in the command and the environment are rewritten ("prefix"): programs that
ask the environment where things are work, programs with the path written into them do not, and the
log says so.

`unshare` executes the program instead of watching over it, so the process that the supervisor knows
*is* the program, and a signal reaches it. A sandbox that stays between the two swallows TERM.
"""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

ML = "/opt/ml"
PROCESSING = f"{ML}/processing"
"""What a processing job reads and writes is below."""

HOST = "algo-1"
"""The name of a job's only instance."""

Isolation = Literal["namespace", "prefix"]

PREFIX_WARNING = (
    "This system gives a process no private /opt/ml: paths in the command and in the environment"
    " are rewritten, a path written into a program is not."
)

_ENTER = """
set -e
root=$1
shift
stage=$root/stage
mount -t tmpfs -o mode=755 tmpfs "$stage"
for item in /opt/* /opt/.[!.]*; do
    name=${item##*/}
    if [ "$name" = ml ]; then continue
    elif [ -L "$item" ]; then cp -P "$item" "$stage/$name"
    elif [ -d "$item" ]; then mkdir "$stage/$name"; mount --rbind "$item" "$stage/$name"
    elif [ -e "$item" ]; then : > "$stage/$name"; mount --bind "$item" "$stage/$name"
    fi
done
mkdir "$stage/ml"
mount --bind "$root/ml" "$stage/ml"
mount --rbind "$stage" /opt
mount --bind "$root/hosts" /etc/hosts
cd /opt/ml/code
exec "$@"
"""
"""Puts everything that is in /opt beside the private ml: a Python that lives there stays."""


@dataclass(frozen=True, slots=True)
class ContainerFolder:
    """The folder that one container's private files live in."""

    root: Path

    @property
    def ml(self) -> Path:
        """What the program sees as `/opt/ml`."""
        return self.root / "ml"

    @property
    def code(self) -> Path:
        """Its working folder, where script mode unpacks the source."""
        return self.ml / "code"

    @property
    def model(self) -> Path:
        """The model: what training leaves, what serving finds."""
        return self.ml / "model"

    @property
    def output_data(self) -> Path:
        """Whatever else training leaves."""
        return self.ml / "output" / "data"

    @property
    def failure(self) -> Path:
        """Where a training program says why it failed."""
        return self.ml / "output" / "failure"

    @property
    def message(self) -> Path:
        """Where a processing program says how it ended."""
        return self.ml / "output" / "message"

    @property
    def metrics(self) -> Path:
        """Where a monitoring program leaves metrics for CloudWatch."""
        return self.ml / "output" / "metrics" / "cloudwatch"

    def inside(self, path: str) -> Path:
        """A place that the program sees below `/opt/ml`."""
        return self.ml / path.removeprefix(f"{ML}/")

    def channel(self, name: str) -> Path:
        """The data of an input channel."""
        return self.ml / "input" / "data" / name

    def make(self) -> None:
        """An empty tree, whatever was there before."""
        shutil.rmtree(self.root, ignore_errors=True)
        for path in (self.code, self.model, self.output_data, self.ml / "input" / "data"):
            path.mkdir(parents=True)
        for name in ("config", "stage", "tmp", "home"):
            folder = self.ml / "input" if name == "config" else self.root
            (folder / name).mkdir()
        (self.root / "hosts").write_text(f"127.0.0.1 localhost {HOST}\n::1 localhost\n")

    @property
    def is_complete(self) -> bool:
        """Everything that the program needs is in it; a restart finds it so."""
        return (self.root / "complete").exists()

    def complete(self) -> None:
        """The last file has been put in."""
        (self.root / "complete").touch()

    def remove(self) -> None:
        """Free the disk."""
        shutil.rmtree(self.root, ignore_errors=True)

    def environment(self) -> dict[str, str]:
        """The folders that a program takes from its environment: never the user's own."""
        return {"HOME": str(self.root / "home"), "TMPDIR": str(self.root / "tmp")}


def write_training_config(
    folder: ContainerFolder,
    *,
    hyperparameters: Mapping[str, str],
    channels: Iterable[Mapping[str, Any]],
    instance_type: str,
) -> None:
    """The files of `/opt/ml/input/config`; every hyperparameter is text, as the API has it."""
    files = {
        "hyperparameters": dict(hyperparameters),
        "inputdataconfig": {item["ChannelName"]: _channel_config(item) for item in channels},
        "resourceconfig": resource_config(instance_type),
    }
    for name, content in files.items():
        (folder.ml / "input" / "config" / f"{name}.json").write_text(json.dumps(content))


def _channel_config(channel: Mapping[str, Any]) -> dict[str, str]:
    source = channel["DataSource"]["S3DataSource"]
    config = {
        "TrainingInputMode": "File",
        "S3DistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
        "RecordWrapperType": channel.get("RecordWrapperType", "None"),
    }
    return config | ({"ContentType": channel["ContentType"]} if "ContentType" in channel else {})


def resource_config(instance_type: str) -> dict[str, Any]:
    """One instance. The SDK's drivers read the type and the interface without a default."""
    group = {
        "instance_group_name": "homogeneousCluster",
        "instance_type": instance_type,
        "hosts": [HOST],
    }
    return {
        "current_host": HOST,
        "current_instance_type": instance_type,
        "current_group_name": group["instance_group_name"],
        "hosts": [HOST],
        "instance_groups": [group],
        "network_interface_name": "lo",
    }


def contained(
    folder: ContainerFolder, command: Sequence[str], environment: Mapping[str, str]
) -> tuple[list[str], dict[str, str]]:
    """The command and the environment that show the program this folder as `/opt/ml`."""
    if isolation() == "namespace":
        return _namespace_command(folder, command), dict(environment)
    return _prefixed(folder, command, environment)


@cache
def isolation() -> Isolation:
    """How programs get their `/opt/ml` on this system."""
    with tempfile.TemporaryDirectory() as name:
        folder = ContainerFolder(Path(name) / "probe")
        folder.make()
        (folder.ml / "probe").touch()
        command = _namespace_command(folder, ["test", "-e", f"{ML}/probe"])
        try:
            worked = subprocess.run(command, capture_output=True, timeout=30, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return "prefix"
        return "namespace" if worked.returncode == 0 else "prefix"


def _namespace_command(folder: ContainerFolder, command: Sequence[str]) -> list[str]:
    flags = "-m" if os.geteuid() == 0 else "-rm"
    return ["unshare", flags, "sh", "-c", _ENTER, "sh", str(folder.root), *command]


def _prefixed(
    folder: ContainerFolder, command: Sequence[str], environment: Mapping[str, str]
) -> tuple[list[str], dict[str, str]]:
    def here(text: str) -> str:
        return text.replace(ML, str(folder.ml))

    rewritten = {name: here(value) for name, value in environment.items()}
    return [here(part) for part in command], rewritten | {"SAGEMAKER_BASE_DIR": str(folder.ml)}


def rewrite_drivers(folder: ContainerFolder) -> None:
    """In prefix mode, the paths inside the scripts that the SDK uploads as channel `sm_drivers`."""
    if isolation() == "prefix":
        for path in folder.channel("sm_drivers").rglob("*"):
            if path.suffix in {".py", ".sh", ".json"}:
                path.write_text(path.read_text().replace(ML, str(folder.ml)))
