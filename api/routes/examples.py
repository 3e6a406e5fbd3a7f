"""Examples of the OpenAPI document, as the routes would answer them; a test holds them to that."""

from typing import Any

from api.core.explaining import METHOD
from api.schemas import EXAMPLE

FLIGHT_ID = "2013-03-15/UA/1545/EWR"
PACKAGE = "arn:aws:sagemaker:us-east-1:000000000000:model-package/terrarium-flight-delay/3"
MODEL_DATA = "s3://terrarium-artifacts/models/terrarium-1/output/model.tar.gz"

PREDICTION: dict[str, Any] = {
    "prediction_id": "3f6c0a1b2c4d-0",
    "predicted_at": "2013-03-15T19:15:00.123Z",
    "flight_id": FLIGHT_ID,
    "late": True,
    "probability": 0.6134,
    "variant": "live",
    "model_version": "3",
    "recorded": True,
    "warning": None,
    "features": {
        "given": 8,
        "looked_up": 31,
        "unknown": 4,
        "source": "settled",
        "as_of": "2013-03-15T19:15:00Z",
        "warning": None,
    },
    "explanation": None,
}
EXPLAINED = PREDICTION | {
    "explanation": {
        "method": METHOD,
        "effects": [
            {
                "feature": "origin_mean_delay_2h",
                "value": 32.5,
                "without": 0.4021,
                "effect": 0.2113,
            },
            {"feature": "visib", "value": 2.0, "without": 0.5507, "effect": 0.0627},
        ],
    }
}
ASKED = {
    "one": {"summary": "One flight", "value": EXAMPLE},
    "many": {
        "summary": "Several flights",
        "value": [
            EXAMPLE,
            {
                "carrier": "B6",
                "flight": 527,
                "origin": "JFK",
                "dest": "MCO",
                "scheduled_departure": "2013-03-15T21:00:00Z",
            },
        ],
    },
}
ANSWERED = {
    "one": {"summary": "One flight", "value": PREDICTION},
    "many": {"summary": "Several flights", "value": [PREDICTION, PREDICTION]},
    "explained": {"summary": "With explain=true", "value": EXPLAINED},
}
RECORD: dict[str, Any] = {
    "prediction_id": "3f6c0a1b2c4d-0",
    "predicted_at": "2013-03-15T19:15:00.123Z",
    "flight_id": FLIGHT_ID,
    "carrier": "UA",
    "flight": 1545,
    "origin": "EWR",
    "dest": "IAH",
    "scheduled_departure": "2013-03-15T21:15:00Z",
    "probability": 0.6134,
    "late": True,
    "endpoint": "terrarium",
    "variant": "live",
    "model_version": "3",
    "features": {"carrier": "UA", "origin": "EWR", "dest": "IAH", "distance": 1400},
}
FLIGHT: dict[str, Any] = {
    "flight_id": FLIGHT_ID,
    "source": "warehouse",
    "schedule": {
        "flight_date": "2013-03-15",
        "carrier": "UA",
        "carrier_name": "United Air Lines Inc.",
        "flight": 1545,
        "origin": "EWR",
        "origin_name": "Newark Liberty Intl",
        "dest": "IAH",
        "dest_name": "George Bush Intercontinental",
        "distance": 1400,
        "scheduled_departure": "2013-03-15T21:15:00Z",
        "scheduled_minutes": 244,
    },
    "outcome": {
        "status": "arrived",
        "departed_at": "2013-03-15T21:55:00Z",
        "arrived_at": "2013-03-16T01:42:00Z",
        "dep_delay": 40,
        "arr_delay": 23,
        "air_time": 201,
        "late": True,
        "tailnum": "N14228",
    },
    "predictions": [
        {
            "predicted_at": "2013-03-15T19:15:00.123Z",
            "probability": 0.6134,
            "late": True,
            "by": "api",
            "endpoint": "terrarium",
            "variant": "live",
            "model_version": "3",
        }
    ],
    "warnings": [],
}
MODELS: dict[str, Any] = {
    "group": "terrarium-flight-delay",
    "in_service": {
        "endpoint": "terrarium",
        "config": "EndpointConfig-Ab12Cd34Ef56",
        "model": "Model-Gh78Ij90Kl12",
        "package": PACKAGE,
        "version": 3,
        "model_data": MODEL_DATA,
    },
    "versions": [
        {
            "version": 3,
            "arn": PACKAGE,
            "approval": "Approved",
            "approval_reason": "gate: AUC 0.741 against 0.736",
            "created_at": "2013-10-01T06:00:00.000Z",
            "in_service": True,
            "training_job": "terrarium-1",
            "metrics": {"auc": 0.741, "brier": 0.151},
            "properties": {"reason": "drift"},
            "model_data": MODEL_DATA,
            "quality_report": "s3://terrarium-artifacts/gate/terrarium-1/report.json",
        }
    ],
}
METRICS: dict[str, Any] = {
    "quality": {
        "endpoint": "terrarium",
        "windows": [
            {
                "window": "2013-04-01-14d",
                "first": "2013-04-01",
                "until": "2013-04-15",
                "version": "3",
                "outcome": "ok",
                "flights": 12873,
                "auc": 0.7312,
                "calibration": 1.04,
                "violations": [],
            }
        ],
        "drift": [{"feature": "visib", "value": 0.08, "limit": 0.21, "violated": False}],
        "retrainings": [],
    },
    "quality_reason": "",
    "service": {
        "started_at": "2013-04-16T00:00:00.000Z",
        "uptime_seconds": 3600.0,
        "under_way": 1,
        "refused": 0,
        "predictions": 1200,
        "unrecorded_predictions": 0,
        "routes": {
            "POST /v1/predict": {
                "requests": 1200,
                "statuses": {"200": 1198, "422": 2},
                "latency_ms": {"p50": 21.4, "p90": 38.0, "p99": 77.2, "max": 120.9},
            }
        },
    },
}
LIVE: dict[str, Any] = {"status": "ok"}
READY: dict[str, Any] = {
    "ready": True,
    "checks": {
        "aws": {"ready": True, "reason": ""},
        "predictor": {"ready": True, "reason": ""},
    },
}
HEALTH: dict[str, Any] = {**LIVE, **READY, "unrecorded_predictions": 0}
