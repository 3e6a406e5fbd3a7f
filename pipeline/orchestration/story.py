"""The whole story, as one tuple to read from top to bottom."""

from collections.abc import Sequence
from dataclasses import replace

from pipeline.orchestration.catalog import crawl
from pipeline.orchestration.consumers import score
from pipeline.orchestration.dashboards import draw
from pipeline.orchestration.dimensions import put_dimensions
from pipeline.orchestration.endpoint import predict
from pipeline.orchestration.events import land, produce
from pipeline.orchestration.features import build_features
from pipeline.orchestration.image import build_image
from pipeline.orchestration.release import release, train_first
from pipeline.orchestration.run import Run, Show
from pipeline.orchestration.runner import Stage, Work
from pipeline.orchestration.stream import stream
from pipeline.orchestration.warehouse import load_warehouse


def deploying(*stacks: str) -> Work:
    """A stage that brings stacks where their templates want them."""

    def deploy(run: Run, show: Show) -> str:
        deployed = [run.deployer.deploy(stack, show.say) for stack in stacks]
        return ", ".join(f"{item.plan.stack} {item.plan.past}" for item in deployed)

    return deploy


STAGES: Sequence[Stage] = (
    Stage("ingest", "S3, Kinesis, Lambda (stacks)", deploying("storage", "streaming")),
    Stage("dimensions", "S3", put_dimensions, ("ingest",)),
    Stage(
        "build",
        "ECR, CodeBuild (stacks)",
        deploying("network", "api_image"),
        ("ingest",),
    ),
    Stage("image", "CodeBuild to ECR", build_image, ("build",)),
    Stage("api", "Fargate, ALB, API Gateway", deploying("api", "api_gateway"), ("image",)),
    Stage("produce", "Kinesis", produce, ("ingest",)),
    Stage(
        "compute",
        "Glue, Redshift, IAM (stacks)",
        deploying("lake", "warehouse", "training"),
        ("ingest",),
    ),
    Stage("land", "Lambda to S3", land, ("produce",)),
    Stage("crawl", "Glue crawler", crawl, ("land", "compute")),
    Stage("features", "Glue job (Spark)", build_features, ("land", "dimensions", "compute")),
    Stage("stream", "EMR Serverless (stack, job)", stream, ("features", "build")),
    Stage("warehouse", "Redshift Serverless", load_warehouse, ("features",)),
    Stage("train", "SageMaker training job", train_first, ("features",)),
    Stage("register", "SageMaker model registry", release, ("train",)),
    Stage("serve", "SageMaker endpoint (stack)", deploying("serving"), ("register",)),
    Stage("predict", "SageMaker endpoint", predict, ("serve",)),
    Stage("dashboards", "QuickSight, Lambda (stacks)", draw, ("warehouse", "serve")),
    Stage("consume", "EC2, DynamoDB (stack)", deploying("consumers"), ("serve",)),
    Stage("score", "EC2 workers to S3", score, ("consume", "land")),
)
"""In the order in which a reader understands them; each begins when what it needs is done."""


def stages_of(*names: str) -> list[Stage]:
    """Some of the stages, needing only each other."""
    return [
        replace(stage, needs=tuple(need for need in stage.needs if need in names))
        for stage in STAGES
        if stage.name in names
    ]
