"""The gate's program as a process that asks archives in processes of their own."""

import json
import subprocess
import sys
import tarfile

import pytest

from models.container.settings import TrainingSettings
from models.flight_delay import train
from models.flight_delay.tracking import NoRecord
from tests.e2e.laptop import ROOT
from tests.unit.models.conftest import season  # noqa: F401 (a fixture)

WITHOUT_VISIBILITY = (
    "FEATURES = (*SCHEDULE, *(Column(r.name, r.type, r.meaning) for r in ROLLING), *WEATHER)"
)
CONSTANT = """
import models.flight_delay.features as own


class Constant:
    def probabilities(self, rows):
        import numpy
        return numpy.full(len(rows["temp"]), 0.125)


def model_fn(folder):
    assert "visib" not in own.FEATURE_NAMES
    return Constant()
"""


@pytest.fixture
def channel(season, tmp_path):  # noqa: F811
    (tmp_path / "flights").mkdir()
    season.to_parquet(tmp_path / "flights" / "flights.parquet", index=False)
    return tmp_path / "flights"


def trained(channel, folder, test_from, edit=lambda code: None):
    """The archive of a training, with its code edited."""
    asked = train.arguments(["--test_from", test_from, "--rounds", "5"])
    train.train(asked, TrainingSettings(folder, channel, folder.name, ""), NoRecord())
    edit(folder / "code")
    archive = folder.with_suffix(".tar.gz")
    with tarfile.open(archive, "w:gz") as packed:
        for path in sorted(folder.iterdir()):
            packed.add(path, path.name)
    return archive


def compare(channel, tmp_path, champion):
    challenger = trained(channel, tmp_path / "new", "2013-01-25")
    command = [sys.executable, "-m", "models.flight_delay.compare", "--flights", channel]
    command += ["--challenger", challenger, "--champion", champion, "--output", tmp_path / "told"]
    command += ["--first", "2013-01-25", "--until", "2013-02-05", "--window_flights", "100"]
    done = subprocess.run(
        list(map(str, command)), cwd=ROOT, capture_output=True, text=True, check=False
    )
    path = tmp_path / "told" / "report.json"
    return done, json.loads(path.read_text()) if path.exists() else None


def test_archive_answers_by_its_own_code_however_old(channel, tmp_path):
    def forget_a_feature(code):
        path = code / "pipeline" / "contracts" / "features.py"
        assert WITHOUT_VISIBILITY in path.read_text()
        path.write_text(path.read_text().replace(WITHOUT_VISIBILITY, f"{WITHOUT_VISIBILITY}[:-1]"))
        inference = code / "inference.py"
        inference.write_text(inference.read_text() + CONSTANT)

    older = trained(channel, tmp_path / "old", "2013-01-15", forget_a_feature)
    done, report = compare(channel, tmp_path, older)
    assert done.returncode == 0, done.stderr
    assert report["champion"]["predicted_late_rate"] == 0.125
    assert report["champion"]["training_job"] == "old"
    assert done.stdout.strip().splitlines()[-1] == report["reason"]


def test_archive_that_cannot_answer_fails_the_job_with_its_own_words(channel, tmp_path):
    def break_it(code):
        (code / "inference.py").write_text("raise RuntimeError('no such model')\n")

    broken = trained(channel, tmp_path / "old", "2013-01-15", break_it)
    done, report = compare(channel, tmp_path, broken)
    assert (done.returncode, report) == (1, None)
    assert "the champion does not answer: RuntimeError: no such model" in done.stderr
