"""The API's settings: one typed class, read from `API_*` environment variables."""

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ApiSettings(BaseSettings):
    """Which pipeline the API speaks for, and how often it looks at it."""

    model_config = SettingsConfigDict(env_prefix="API_", populate_by_name=True)

    pipeline_name: str = Field(
        "terrarium",
        validation_alias=AliasChoices("API_PIPELINE_NAME", "PIPELINE_NAME"),
        description="Prefix of the pipeline's stacks and name of its endpoint.",
    )
    max_flights: int = Field(1000, ge=1, description="Most flights of one request.")
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
    mlflow_url: str = Field(
        "",
        validation_alias=AliasChoices("API_MLFLOW_URL", "MLFLOW_TRACKING_URI"),
        description="Where the page finds MLflow; empty, or an ARN: it does not name it.",
    )
