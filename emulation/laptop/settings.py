"""The laptop's settings: what the variables of `compose.yaml` are when its services are host
processes.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings

from emulation.settings import system_environment


class LaptopSettings(BaseSettings):
    """Ports and state; read from the variables that `compose.yaml` names."""

    emulation_port: int = Field(4566, description="Port of the emulator, which is AWS here.")
    mlflow_port: int = Field(5000, description="Port of the MLflow server.")
    api_port: int = Field(8000, description="Port of the API and of the page.")
    emulation_state_folder: Path = Field(
        Path(".terrarium"), description="Folder of everything that survives a restart."
    )

    def variables(self) -> dict[str, str]:
        """What compose interpolates: the user's environment, and where host processes find each
        other.
        """
        return {
            **os.environ,
            "LISTEN_HOST": "127.0.0.1",
            "STATE_FOLDER": str(self.emulation_state_folder.resolve()),
            "AWS_ENDPOINT": f"http://localhost:{self.emulation_port}",
            "MLFLOW_TRACKING_URI": f"http://localhost:{self.mlflow_port}",
        }


def process_environment() -> Mapping[str, str]:
    """What every service inherits: the machine's, with this interpreter's programs first."""
    machine = system_environment()
    programs = os.pathsep.join([str(Path(sys.executable).parent), machine.get("PATH", os.defpath)])
    return {**machine, "PATH": programs}
