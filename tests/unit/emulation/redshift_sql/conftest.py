"""A warehouse in this process: statements in, rows or Redshift's words out."""

import json
import threading

import pytest

from emulation.compute.warehouse.engine import Warehouse, Work
from emulation.compute.warehouse.objects import ObjectStoreError, StoredObject


class Objects:
    """S3 in memory."""

    def __init__(self):
        self.content = {}

    def put(self, address, content):
        bucket, _, key = address.removeprefix("s3://").partition("/")
        self.content[bucket, key] = content if isinstance(content, bytes) else content.encode()

    def list(self, bucket, prefix):
        return [
            StoredObject(key, len(content))
            for (place, key), content in sorted(self.content.items())
            if place == bucket and key.startswith(prefix)
        ]

    def read(self, bucket, key):
        if (bucket, key) not in self.content:
            raise ObjectStoreError("NoSuchKey", "The specified key does not exist.", 404)
        return self.content[bucket, key]

    def download(self, bucket, key, path):
        path.write_bytes(self.read(bucket, key))

    def upload(self, path, bucket, key):
        self.content[bucket, key] = path.read_bytes()

    def delete(self, bucket, keys):
        for key in keys:
            del self.content[bucket, key]


class Listener:
    def __init__(self):
        self.states = []
        self.parts = []
        self.ended_all = threading.Event()
        self.running = threading.Event()

    def picked(self, worker):
        self.states.append("PICKED")

    def started(self, index):
        self.states.append(f"STARTED {index}")
        self.running.set()

    def ended(self, index, part):
        self.parts.append(part)

    def done(self, state, error, seconds):
        self.states.append(str(state))
        self.state, self.error = str(state), error
        self.ended_all.set()


class Database:
    """One database; call it with statements."""

    def __init__(self, folder):
        self.folder = folder
        self.objects = Objects()
        self.open()
        self.warehouse.open("ns").create_database("dev")

    def open(self):
        self.warehouse = Warehouse(self.folder / "warehouse", memory="500MB", workers=3)

    def start(self, *sqls, id_=""):
        listener = Listener()
        results = [self.folder / f"{id(listener)}-{number}" for number in range(len(sqls))]
        batch = len(sqls) > 1
        work = Work("ns", "dev", sqls, results, self.objects, listener, batch=batch, id=id_)
        self.warehouse.start(work)
        return work

    def finish(self, work):
        assert work.listener.ended_all.wait(30)
        return work.listener

    def __call__(self, *sqls):
        """The rows of a query, the number of changed rows of anything else; the last of several."""
        work = self.start(*sqls)
        listener = self.finish(work)
        assert listener.state == "FINISHED", listener.error
        self.columns = listener.parts[-1].columns
        if self.columns is None:
            return listener.parts[-1].rows
        lines = work.results[-1].read_text().splitlines()
        return [tuple(json.loads(line)) for line in lines]

    def value(self, expression):
        """The value of one expression."""
        return self(f"SELECT {expression}")[0][0]

    def error(self, *sqls):
        """Redshift's words for what is wrong."""
        listener = self.finish(self.start(*sqls))
        assert listener.state == "FAILED"
        return listener.error


@pytest.fixture
def database(tmp_path):
    made = Database(tmp_path)
    yield made
    made.warehouse.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """For tests that change nothing: opening a database takes longer than most of them."""
    made = Database(tmp_path_factory.mktemp("shared"))
    yield made
    made.warehouse.close()
