"""The layers of a function, on this machine."""

import hashlib
from pathlib import Path

from localstack.services.lambda_.invocation.lambda_models import FunctionVersion

from emulation.compute import lambda_layers
from emulation.settings import settings


def merged_layers(version: FunctionVersion) -> Path | None:
    """The function's layers as one folder."""
    if not version.config.layers:
        return None
    names = " ".join(layer.code.id for layer in version.config.layers)
    name = hashlib.sha256(names.encode()).hexdigest()[:32]
    folders = [layer.code.get_unzipped_code_location() for layer in version.config.layers]
    return lambda_layers.merge(folders, settings().folder("lambda", "layers") / name)
