"""Predicts beside the API, with the archive of the model that the endpoint serves.

The endpoint stays the one that says which model that is: when it has a new one, so has this, after
some seconds. Meanwhile, and while AWS cannot be asked, the old one answers.
"""

import logging
import shutil
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from api.core.answers import Answers, Instances, parse, question
from api.core.deployment import Clients
from api.core.model_process import GoneError, ModelProcess
from api.core.served import Served, config_of, served_by
from api.errors import ApiError, NotInServiceError, UnreachableError

LOG = logging.getLogger(__name__)

VARIANT = "artifact"


class Loaded:
    """A model's process and the folder that it reads."""

    def __init__(self, clients: Clients, served: Served) -> None:
        self.served = served
        self._folder = Path(tempfile.mkdtemp(prefix="model-"))
        try:
            _unpack(clients, served.archive, self._folder)
            self.process = ModelProcess(self._folder, served.environment)
        except (ApiError, ClientError, BotoCoreError, OSError, tarfile.TarError):
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    def close(self) -> None:
        """End it and forget its files."""
        self.process.close()
        shutil.rmtree(self._folder, ignore_errors=True)


class ArtifactPredictor:
    """The model of an endpoint, or of an archive, in a process of ours."""

    def __init__(
        self,
        clients: Clients,
        endpoint: str,
        archive: str,
        fresh_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clients = clients
        self._endpoint = endpoint
        self._archive = archive
        self._fresh_seconds = fresh_seconds
        self._clock = clock
        self._looking = threading.Lock()
        self._looked_at = float("-inf")
        self._loaded: Loaded | None = None

    def ask(self, instances: Instances) -> Answers:
        """The model's predictions."""
        body = question(instances)
        try:
            answer = self._current().process.ask(body)
        except GoneError as error:
            # It was replaced meanwhile, or something has killed it: a new one is asked, once.
            LOG.warning("asking a new process: %s", error)
            answer = self._current().process.ask(body)
        return parse(answer, len(instances), VARIANT)

    def unreadiness(self) -> str:
        """Why there is no model."""
        try:
            self._current()
        except ApiError as error:
            return str(error)
        return ""

    def close(self) -> None:
        """End the model."""
        with self._looking:
            if self._loaded is not None:
                self._loaded.close()
                self._loaded = None

    def _current(self) -> Loaded:
        """The model to ask. Who comes while another looks is given the old one, if there is one."""
        known = self._loaded
        if known and known.process.is_alive:
            if self._clock() - self._looked_at < self._fresh_seconds:
                return known
            if not self._looking.acquire(blocking=False):
                return known
        else:
            self._looking.acquire()
        try:
            return self._look()
        finally:
            self._looking.release()

    def _look(self) -> Loaded:
        known = self._loaded if self._loaded and self._loaded.process.is_alive else None
        if known and self._clock() - self._looked_at < self._fresh_seconds:
            return known
        try:
            found = self._newer(known)
        except (ApiError, ClientError, BotoCoreError, OSError, tarfile.TarError) as error:
            if known is None:
                raise _said(error) from error
            LOG.warning("the model of before goes on: %s", error)
            found = known
        self._looked_at = self._clock()
        if found is not self._loaded:
            old, self._loaded = self._loaded, found
            LOG.info("the model is %s", found.served.archive)
            if old is not None:
                old.close()
        return found

    def _newer(self, known: Loaded | None) -> Loaded:
        """What is to be asked from now on; the known one where nothing has changed."""
        if self._archive:
            return known or Loaded(self._clients, Served(self._archive))
        config = config_of(self._clients, self._endpoint)
        if config is None:
            sentence = f"There is no endpoint named {self._endpoint} that would say which model."
            raise NotInServiceError(f"{sentence} Deploy the pipeline with `make up`.")
        if known and known.served.config == config:
            return known
        return Loaded(self._clients, served_by(self._clients, config))


def _said(error: Exception) -> ApiError:
    if isinstance(error, ApiError):
        return error
    return UnreachableError(f"The model cannot be loaded: {error}")


def _unpack(clients: Clients, archive: str, folder: Path) -> None:
    bucket, _, key = archive.removeprefix("s3://").partition("/")
    with tempfile.TemporaryFile() as file:
        shutil.copyfileobj(clients("s3").get_object(Bucket=bucket, Key=key)["Body"], file)
        file.seek(0)
        with tarfile.open(fileobj=file, mode="r:gz") as packed:
            packed.extractall(folder, filter="data")
