"""The API's settings: one typed class, read from `API_*` environment variables."""

from typing import Literal

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ApiSettings(BaseSettings):
    """Which pipeline the API speaks for, who predicts, and how much it takes upon itself."""

    model_config = SettingsConfigDict(env_prefix="API_", populate_by_name=True)

    pipeline_name: str = Field(
        "terrarium",
        validation_alias=AliasChoices("API_PIPELINE_NAME", "PIPELINE_NAME"),
        description="Prefix of the pipeline's stacks and name of its endpoint.",
    )
    predictor: Literal["endpoint", "artifact"] = Field(
        "endpoint",
        description="Who predicts: the SageMaker endpoint, or the archive of the model that it "
        "serves, beside the API itself (this needs scikit-learn).",
    )
    model_data: str = Field(
        "",
        pattern=r"^(s3://[^/]+/.+)?$",
        description="Of the artifact predictor: an archive in S3 instead of the endpoint's.",
    )
    model_seconds: float = Field(
        10.0,
        ge=0,
        description="How often the artifact predictor looks whether the endpoint has a new model.",
    )
    stream_features: bool = Field(
        True,
        description="Whether features that a request does not give are looked up in what the "
        "stream job has left in the lake.",
    )
    max_flights: int = Field(1000, ge=1, description="Most flights of one request.")
    max_explained: int = Field(20, ge=1, description="Most flights of one explained request.")
    max_body_bytes: int = Field(2 * 1024 * 1024, ge=1024, description="Longest body of a request.")
    max_concurrent: int = Field(
        100, ge=1, description="Most requests at the same time; the next one is told to come again."
    )
    idempotency_seconds: float = Field(
        120.0,
        ge=1,
        description="A request with an idempotency key that has not ended after this is taken for "
        "lost, and its repetition is carried out.",
    )
    drain_seconds: float = Field(
        2.0,
        ge=0,
        description="After SIGTERM, how long health checks are answered by 503 before the API "
        "closes its port and ends with its last request.",
    )
    warehouse_patience_seconds: float = Field(
        8.0, ge=0, description="Longest wait for a flight from the warehouse, before the lake."
    )
    fresh_seconds: float = Field(
        4.0, ge=0, description="A stage that was read within this is not read again."
    )
    patience_seconds: float = Field(
        2.5, ge=0, description="Longest wait for stages that are being read, before the last known."
    )
    warehouse_seconds: float = Field(
        600.0,
        ge=0,
        description="Rows are counted again after this even when no statement ran; "
        "a query wakes a paused workgroup on AWS, which costs money.",
    )
    query_box: bool = Field(
        False,
        description="Whether the page may ask the warehouse in SQL, read-only; off where whoever "
        "reaches the page may not know all that the warehouse holds.",
    )
    mlflow_url: str = Field(
        "",
        validation_alias=AliasChoices("API_MLFLOW_URL", "MLFLOW_TRACKING_URI"),
        description="Where the page finds MLflow; empty, or an ARN: it does not name it.",
    )
