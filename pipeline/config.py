"""The operator's settings: one typed class, read from `PIPELINE_*` environment variables.

Only the command line reads them. What runs on AWS gets its settings from its template or its job's
arguments, and `pipeline/aws.py` needs none, so that no bundle carries pydantic.
"""

from functools import cache
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipeline.errors import SettingError


class Settings(BaseSettings):
    """What is deployed under which name, and where its parts are reached."""

    model_config = SettingsConfigDict(env_prefix="PIPELINE_", populate_by_name=True)

    name: str = Field(
        "terrarium",
        pattern=r"^[a-z][a-z0-9-]{1,20}$",
        description="Prefix of every stack, bucket, stream, job and endpoint.",
    )
    aws_endpoint: str = Field(
        "",
        validation_alias="AWS_ENDPOINT",
        description="Address that stands in for AWS; empty is AWS itself.",
    )
    mlflow_tracking_uri: str = Field(
        "",
        validation_alias="MLFLOW_TRACKING_URI",
        description="MLflow server that training reports to; empty tracks nothing.",
    )
    api_url: str = Field(
        "", description="Address of the page; empty is the load balancer's own of the API."
    )
    page_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="One more port that the API's load balancer listens on; 0: only 80.",
    )
    query_box: Literal["on", "off"] = Field(
        "off", description="Whether the page may ask the warehouse in SQL, read-only."
    )
    api_scheme: Literal["internal", "internet-facing"] = Field(
        "internal",
        description="Whether the API's load balancer, and with it the page, is reached from"
        " outside of its network.",
    )
    days: int = Field(90, ge=2, le=365, description="Days of 2013 that `up` tells as events.")
    training_instance: str = Field(
        "ml.m5.large", description="SageMaker instance that training runs on."
    )
    quicksight_user: str = Field(
        "",
        pattern=r"^(arn:[\w-]+:quicksight:.+:user/.+)?$",
        description="ARN of the QuickSight user who owns the dashboard; empty: see the next.",
    )
    quicksight_email: str = Field(
        "",
        description=(
            "Address by which a QuickSight user is registered when none is named, which QuickSight"
            " bills on AWS; empty too: no dashboard."
        ),
    )
    quicksight_connection: str = Field(
        "",
        description=(
            "ARN of the VPC connection by which QuickSight reaches the warehouse in its private"
            " network on AWS."
        ),
    )
    features_schedule: str = Field(
        "",
        description=(
            "How often features are built by themselves, as EventBridge Scheduler writes it, such"
            " as `rate(1 hour)`; empty: when `up` or a delivery builds them."
        ),
    )
    late_minutes: int = Field(
        10_080,
        ge=0,
        description=(
            "How late in event time the stream job takes an event: a week where the past is told"
            " at once, 15 where events come as they happen."
        ),
    )
    stream_python: str = Field(
        "",
        description=(
            "Key in the artifacts bucket, below `bundles/`, of the stream job's Python environment;"
            " empty: the Python of EMR's release."
        ),
    )
    approval: Literal["manual", "automatic"] = Field(
        "manual", description="Whether somebody has to approve a model that has won."
    )
    bake_seconds: int = Field(
        300,
        ge=0,
        le=3600,
        description="How long alarms watch a new model, as canary and as a whole.",
    )
    alarm_seconds: int = Field(
        60,
        ge=10,
        le=300,
        description="Period of these alarms; SageMaker's metrics come once a minute on AWS.",
    )
    new_data_days: int = Field(
        0,
        ge=0,
        description="Days of flights after which a model is trained without an alarm; 0: never.",
    )
    stack_seconds: int = Field(
        3600, description="Longest wait for one stack; Redshift and SageMaker take minutes on AWS."
    )
    stage_seconds: int = Field(7200, description="Longest wait for one job of the pipeline.")

    @property
    def is_private(self) -> bool:
        """Whether API Gateway needs a link to reach the API: locally nothing is in its way."""
        return not self.aws_endpoint and self.api_scheme == "internal"

    @property
    def parameters(self) -> dict[str, str]:
        """The stacks' parameters that are settings, by their names there."""
        return {
            "FeaturesSchedule": self.features_schedule,
            "MlflowTrackingUri": self.mlflow_tracking_uri,
            "TrainingInstanceType": self.training_instance,
            "PagePort": str(self.page_port),
            "QueryBox": self.query_box,
            "ApiPrivate": "true" if self.is_private else "false",
            "ApiScheme": self.api_scheme,
            "VpcConnectionArn": self.quicksight_connection,
            "Approval": self.approval,
            "StreamPythonKey": self.stream_python,
            "NewDataDays": str(self.new_data_days),
            "BakeSeconds": str(self.bake_seconds),
            "AlarmSeconds": str(self.alarm_seconds),
        }


@cache
def settings() -> Settings:
    """This process's settings, read once.

    Raises:
        SettingError: names the variable, and what it may be.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = f"PIPELINE_{first['loc'][0]}".upper()
        raise SettingError(f"{name} cannot be {first['input']!r}: {first['msg']}.") from error
