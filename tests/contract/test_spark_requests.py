"""What the Spark job leaves for whoever asks the endpoint."""

import gzip
import json
from datetime import date, datetime, timedelta

import pytest
from pyspark.sql import SparkSession, types

from pipeline.contracts import features
from spark_jobs import requests

pytestmark = pytest.mark.filterwarnings(
    # py4j leaves its sockets to the collector.
    "ignore:.*unclosed <socket:ResourceWarning",
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning",
)

TYPES = {
    features.TEXT: types.StringType(),
    features.WHOLE: types.IntegerType(),
    features.NUMBER: types.DoubleType(),
    features.FLAG: types.BooleanType(),
    features.DAY: types.DateType(),
    features.INSTANT: types.TimestampNTZType(),
}
COLUMNS = [*features.COLUMNS, features.Column(features.PARTITION, features.TEXT, "")]
SCHEMA = types.StructType([types.StructField(c.name, TYPES[c.type]) for c in COLUMNS])
NOW = datetime(2013, 4, 10, 12)
"""When the newest flight has arrived."""


@pytest.fixture(scope="module")
def spark():
    session = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.adaptive.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        .getOrCreate()
    )
    session.conf.set("spark.sql.session.timeZone", "UTC")
    session.conf.set("spark.sql.shuffle.partitions", "1")
    yield session
    session.stop()


def flight(name, score_time, **values):
    leaves = score_time + timedelta(hours=2)
    row = dict.fromkeys(column.name for column in COLUMNS)
    told = {
        "flight_id": name,
        "flight_date": date(leaves.year, leaves.month, leaves.day),
        "scheduled_departure": leaves,
        "score_time": score_time,
        "carrier": "UA",
        "month": f"{leaves:%Y-%m}",
        "status": "planned",
    }
    return tuple({**row, **told, **values}.values())


@pytest.fixture
def asked(spark, tmp_path):
    def write(*rows):
        table = spark.createDataFrame(rows, SCHEMA)
        table.write.mode("overwrite").partitionBy("month").parquet(str(tmp_path / "flights"))
        requests.write(spark, str(tmp_path / "flights"), str(tmp_path / "requests"))
        return {
            path.parent.name: [json.loads(line) for line in gzip.open(path, "rt")]
            for path in sorted((tmp_path / "requests").glob("month=*/*.json.gz"))
        }

    return write


def test_flights_whose_score_time_has_come_are_asked_for_in_its_order(asked):
    minute = timedelta(minutes=1)
    found = asked(
        flight("arrived", NOW - timedelta(hours=9), arrived_at=NOW, late=True, arr_delay=40),
        flight("b", NOW),
        flight("a", NOW),
        flight("early", NOW - minute, temp=41.5),
        flight("not yet", NOW + minute),
    )
    (flights,) = found.values()
    assert [item["flight_id"] for item in flights] == ["arrived", "early", "a", "b"]
    assert flights[1] == {
        "flight_id": "early",
        "flight_date": "2013-04-10",
        "scheduled_departure": "2013-04-10T13:59:00Z",
        "score_time": "2013-04-10T11:59:00Z",
        "carrier": "UA",
        "temp": 41.5,
    }


def test_months_that_were_asked_for_long_ago_are_left_out(asked):
    rows = [flight(f"{days}", NOW - timedelta(days=days)) for days in (69, 67, 40)]
    found = asked(flight("now", NOW, departed_at=NOW), *rows)
    # 62 days before is in February, of which nothing is left out.
    told = {month: [item["flight_id"] for item in flights] for month, flights in found.items()}
    assert told == {"month=2013-02": ["67"], "month=2013-03": ["40"], "month=2013-04": ["now"]}


def test_same_flights_make_the_same_object(asked, tmp_path):
    rows = [flight("a", NOW, arrived_at=NOW), flight("b", NOW, temp=1 / 3)]
    contents = []
    for _ in range(2):
        asked(*rows)
        (path,) = (tmp_path / "requests").glob("month=*/*.json.gz")
        contents.append(path.read_bytes())
    assert contents[0] == contents[1]
