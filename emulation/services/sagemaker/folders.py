"""The folders of jobs and servers, and what becomes of them when the emulator is back."""

import shutil
from pathlib import Path

from emulation.services.sagemaker.store import STORES
from emulation.settings import settings


def endpoint_folder(account: str, region: str, endpoint: str, instance: str) -> Path:
    """The folder of one server; it lives as long as the server is wanted."""
    return settings().folder("sagemaker", "endpoints", account, region, endpoint) / instance


def training_folder(account: str, region: str, job: str) -> Path:
    """The folder of one training job; it lives as long as the job runs."""
    return settings().folder("sagemaker", "training", account, region) / job


def processing_folder(account: str, region: str, job: str) -> Path:
    """The folder of one processing job; it lives as long as the job runs."""
    return settings().folder("sagemaker", "processing", account, region) / job


def clear() -> None:
    """Remove what an emulator that was killed could not."""
    for kind in ("training", "processing"):
        shutil.rmtree(settings().folder("sagemaker", kind), ignore_errors=True)
    wanted = {
        endpoint_folder(account, region, endpoint.name, instance)
        for account, regions in STORES.items()
        for region, store in regions.items()
        for endpoint in store.endpoints.values()
        for variant in [*endpoint.variants, *endpoint.first_variants]
        for instance in variant.instances
    }
    for folder in settings().folder("sagemaker", "endpoints").glob("*/*/*/*"):
        if folder not in wanted:
            shutil.rmtree(folder, ignore_errors=True)
