"""The training step: a model of every flight before the window."""

from pipeline.delivery.exports import Exports
from pipeline.delivery.settings import Told
from pipeline.orchestration.run import Run, Show
from pipeline.orchestration.training import Task, metrics_of, train_on

MAXIMUM_AUC = 0.85
"""Two weeks of easy weather come to 0.795 honestly; the gate has the same bound."""


def train(run: Run, told: Told, show: Show) -> Exports:
    """The training of these data, this code and this window: found, or made."""
    task = Task(told.of("SNAPSHOT"), told.day("WINDOW_FIRST"), {"maximum_auc": MAXIMUM_AUC})
    job = train_on(run, task, show)
    show.say(metrics_of(job))
    return {
        "TRAINING_JOB": job["TrainingJobName"],
        "MODEL_DATA_URL": job["ModelArtifacts"]["S3ModelArtifacts"],
    }
