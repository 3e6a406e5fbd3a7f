"""The Spark transforms on tiny frames: nulls, duplicates, late events, and ties at the score time.

One session, so one JVM, for the module.
"""

import json
from datetime import UTC, datetime, timedelta

import pytest
from pyspark.errors import AnalysisException
from pyspark.sql import Row

from pipeline.contracts import events, features
from spark_jobs import additions, flights, raw_events, rolling, weather
from spark_jobs import build_flight_features as job
from tests.contract.small_spark import small_spark

pytestmark = pytest.mark.filterwarnings(
    # py4j leaves its sockets to the collector.
    "ignore:.*unclosed <socket:ResourceWarning",
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning",
)

NOON = datetime(2013, 1, 10, 12, tzinfo=UTC)
"""The score time of the flight that the tests ask about; it leaves two hours later."""


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    session = small_spark(tmp_path_factory.mktemp("warehouse"), cores=1)
    yield session
    session.stop()


def minutes(number):
    return timedelta(minutes=number)


def text(instant):
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def naming(flight, leaves, *, carrier="UA", origin="EWR", dest="IAH"):
    """The fields that name a flight, as all its events have them."""
    day = leaves.date().isoformat()
    return {
        "flight_id": events.flight_id(
            flight_date=day, carrier=carrier, flight=flight, origin=origin
        ),
        "flight_date": day,
        "carrier": carrier,
        "flight": flight,
        "origin": origin,
        "dest": dest,
        "scheduled_departure": text(leaves),
    }


def planned(flight, leaves, *, known=None, **names):
    named = naming(flight, leaves, **names)
    known = known or leaves - timedelta(days=1)
    return {
        **events.envelope(named["flight_id"], "planned", text(known)),
        **named,
        "scheduled_arrival": text(leaves + minutes(227)),
        "sched_dep_time": 515,
        "sched_arr_time": 819,
        "distance": 1400,
    }


def departed(flight, leaves, delay, **names):
    named = naming(flight, leaves, **names)
    at = text(leaves + minutes(delay))
    return {
        **events.envelope(named["flight_id"], "departed", at),
        **named,
        "dep_delay": delay,
        "tailnum": "N14228",
    }


def arrived(flight, leaves, delay, *, at, **names):
    named = naming(flight, leaves, **names)
    return {
        **events.envelope(named["flight_id"], "arrived", text(at)),
        **named,
        "arr_delay": delay,
        "air_time": 190,
    }


def observed(known, origin="EWR", **values):
    at = text(known - timedelta(hours=1))
    nothing = dict.fromkeys(weather.NAMES)
    return {
        **events.envelope(events.weather_id(observed_at=at, origin=origin), "weather", text(known)),
        "origin": origin,
        "observed_at": at,
        **nothing,
        **values,
    }


@pytest.fixture
def lake(tmp_path, spark):
    """Write events as the ingest function does, and read them as the job does."""

    def write(told, folder="month=2013-01/part-0.jsonl"):
        for event in told:
            events.validate(event)
            path = tmp_path / "raw" / f"type={event['event_type']}" / folder
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a") as lines:
                lines.write(json.dumps(event) + "\n")

    def read(*kinds):
        frames = [raw_events.read(spark, str(tmp_path / "raw"), kind) for kind in kinds]
        pairs = zip(frames, kinds, strict=True)
        return [raw_events.once(raw_events.clean(frame, kind)) for frame, kind in pairs]

    write.read, write.folder = read, tmp_path
    return write


ASKED = planned(1, NOON + timedelta(hours=2))
ELSEWHERE = {"carrier": "XX", "origin": "LGA", "dest": "SFO"}
SOME = [
    ASKED,
    departed(2, NOON, 0, **ELSEWHERE),
    arrived(2, NOON, 0, at=NOON, **ELSEWHERE),
]
"""A file of each kind, with nothing in it that the asked flight counts."""


def rolled(lake, *told):
    """The rolling features of the asked flight."""
    lake([*SOME, *told])
    plans, departures, arrivals = lake.read("planned", "departed", "arrived")
    assembled = flights.assemble(plans, departures, arrivals)
    answered = rolling.with_rolling(assembled, rolling.ledger(assembled, departures, arrivals))
    found = answered.where(answered.flight_id == ASKED["flight_id"]).collect()
    assert len(found) == 1
    return found[0].asDict()


def picked(found, *names):
    return tuple(found[name] for name in names)


def test_events_are_read_once_in_any_order(lake):
    first, second = planned(1, NOON), planned(2, NOON)
    lake([second, first, second], "month=2013-01/part-1.jsonl")
    lake([first], "month=2013-01/part-0.jsonl")
    (found,) = lake.read("planned")
    assert sorted(row.event_id for row in found.collect()) == [
        "2013-01-10/UA/1/EWR#planned",
        "2013-01-10/UA/2/EWR#planned",
    ]


def test_of_two_tellings_of_one_event_the_later_stands(lake):
    old, new = planned(1, NOON, known=NOON - minutes(3000)), planned(1, NOON)
    lake([new], "month=2013-01/part-0.jsonl")
    lake([old], "month=2013-01/part-1.jsonl")
    (found,) = lake.read("planned")
    # Collected instants are naive, in the machine's zone; as text they are in the session's.
    known = found.selectExpr("string(event_time) AS known").collect()
    assert known == [Row(known="2013-01-09 12:00:00")]


def test_lines_that_are_no_whole_event_are_left_out(lake):
    lake([planned(1, NOON)])
    path = lake.folder / "raw/type=planned/month=2013-01/part-9.jsonl"
    incomplete = planned(2, NOON) | {"carrier": None}
    wrong = planned(3, NOON) | {"distance": "far"}
    newer = planned(4, NOON) | {"terminal": "C"}
    lines = [json.dumps(event) for event in (incomplete, wrong, newer)]
    path.write_text("\n".join([*lines, '{"event_id": "cut']))
    (found,) = lake.read("planned")
    assert sorted(row.flight for row in found.collect()) == [1, 4]


def test_schedule_features_are_those_of_the_contract(lake):
    lake(SOME)
    assembled = flights.assemble(*lake.read("planned", "departed", "arrived"))
    expected = features.schedule_features(ASKED)
    assert assembled.select(*expected).collect() == [Row(**expected)]


@pytest.mark.parametrize(("hhmm", "minute"), [(515, 315), (2400, 0), (2359, 1439), (5, 5)])
def test_clock_minute_is_that_of_the_contract(spark, hhmm, minute):
    frame = spark.sql(f"SELECT {hhmm} AS hhmm")
    assert frame.select(flights.clock_minute("hhmm").alias("minute")).collect() == [Row(minute)]
    assert features.clock_minute(hhmm) == minute


def test_a_flight_is_late_after_more_than_15_minutes(lake):
    later = NOON + timedelta(hours=9)
    lake([planned(number, NOON) for number in range(1, 5)])
    lake([departed(number, NOON, 0) for number in range(2, 5)])
    lake([arrived(3, NOON, 15, at=later), arrived(4, NOON, 16, at=later)])
    assembled = flights.assemble(*lake.read("planned", "departed", "arrived"))
    found = assembled.orderBy("flight").select("flight", "status", "late").collect()
    assert found == [
        Row(1, "planned", None),
        Row(2, "departed", None),
        Row(3, "arrived", False),
        Row(4, "arrived", True),
    ]


def test_departures_count_from_the_window_to_the_score_time(lake):
    found = rolled(
        lake,
        departed(10, NOON - minutes(20), 20),  # at the score time: known
        departed(11, NOON - minutes(110), 0),
        departed(12, NOON - minutes(121), 1),  # two hours ago to the minute: not any more
        departed(13, NOON, 1),  # a minute after the score time: not yet
        departed(14, NOON - minutes(60), 40, carrier="AA"),
        departed(15, NOON - minutes(60), 50, origin="JFK"),
        departed(16, NOON - minutes(362), 2),  # six hours ago to the minute
    )
    assert picked(found, "origin_departures_2h", "origin_mean_delay_2h") == (3, 20.0)
    assert picked(found, "origin_late_share_2h", "line_departures_2h") == (2 / 3, 2)
    assert picked(found, "line_mean_delay_2h", "line_late_share_2h") == (10.0, 0.5)
    assert picked(found, "origin_departures_6h", "origin_mean_delay_6h") == (4, 61 / 4)
    assert picked(found, "line_mean_delay_6h", "line_late_share_6h") == (7.0, 1 / 3)


def test_a_mean_of_nothing_is_null_and_a_count_of_nothing_is_0(lake):
    expected = {
        feature.name: 0 if feature.measure == features.COUNT else None
        for feature in features.ROLLING
    }
    expected["origin_scheduled"] = 1  # the flight itself
    assert rolled(lake) == {"flight_id": ASKED["flight_id"], **expected}


def test_arrivals_count_once_they_are_known(lake):
    yesterday = NOON - timedelta(days=1)
    old = NOON - timedelta(days=28)
    found = rolled(
        lake,
        arrived(1, yesterday, 30, at=NOON - minutes(1439)),  # the same flight number
        arrived(20, yesterday, 10, at=NOON),
        arrived(21, NOON - minutes(300), 90, at=NOON + minutes(1)),  # lands after the score time
        arrived(22, yesterday, -10, at=NOON - minutes(60), origin="JFK"),
        arrived(23, old, 500, at=old),  # 28 days ago to the minute
        arrived(24, old, 20, at=old + minutes(1), carrier="AA"),
    )
    assert picked(found, "flight_mean_delay_28d", "flight_late_share_28d") == (30.0, 1.0)
    assert picked(found, "route_mean_delay_28d", "route_late_share_28d") == (20.0, 2 / 3)
    assert picked(found, "carrier_late_share_28d", "carrier_mean_delay_6h") == (1 / 3, 0.0)
    assert picked(found, "origin_late_share_24h", "origin_mean_arrival_delay_6h") == (0.5, 10.0)
    assert picked(found, "dest_arrivals_6h", "dest_mean_delay_6h") == (2, 0.0)
    assert found["dest_late_share_6h"] == 0.0


def test_overdue_are_those_that_should_have_left(lake):
    hour_ago = NOON - minutes(60)
    found = rolled(
        lake,
        planned(30, hour_ago),  # never leaves
        planned(31, hour_ago, carrier="AA", dest="SFO"),
        departed(31, hour_ago, 61, carrier="AA", dest="SFO"),  # leaves after the score time
        planned(32, hour_ago),
        departed(32, hour_ago, 60),  # leaves at the score time
        planned(33, hour_ago),
        departed(33, hour_ago, 5),
        planned(34, NOON - minutes(15)),  # 15 minutes over at the score time
        planned(35, NOON - minutes(14)),
        planned(36, NOON - minutes(360)),  # forgotten
        planned(37, hour_ago, known=NOON + minutes(1)),  # nobody knew of it
        planned(38, NOON - minutes(10)),
        departed(38, NOON - minutes(10), 5),  # gone before it could be overdue
    )
    assert picked(found, "origin_overdue", "line_overdue", "dest_overdue") == (3, 2, 2)


def test_scheduled_are_the_plans_around_the_flight_that_were_known(lake):
    leaves = NOON + timedelta(hours=2)
    found = rolled(
        lake,
        planned(40, leaves - minutes(60)),  # an hour before: outside
        planned(41, leaves - minutes(59)),
        planned(42, leaves + minutes(60)),
        planned(43, leaves + minutes(61)),
        planned(44, leaves + minutes(10), known=NOON),
        planned(45, leaves + minutes(10), origin="JFK"),
    )
    assert found["origin_scheduled"] == 3


def test_weather_is_the_last_that_was_known(lake, spark):
    lake([*SOME, planned(50, NOON, origin="JFK"), planned(51, NOON, origin="LGA")])
    lake([observed(NOON - minutes(60), temp=30.0), observed(NOON, temp=40.0, wind_speed=1048.4)])
    lake([observed(NOON + minutes(60), temp=50.0)])
    lake([observed(NOON - minutes(480), origin="JFK", temp=10.0)])  # six hours old at ten
    plans, departures, arrivals, seen = lake.read("planned", "departed", "arrived", "weather")
    assembled = flights.assemble(plans, departures, arrivals)
    found = weather.with_weather(assembled, seen).select("flight_id", "temp", "wind_speed")
    assert sorted(found.collect()) == [
        Row("2013-01-10/UA/1/EWR", 40.0, None),
        Row("2013-01-10/UA/50/JFK", None, None),
        Row("2013-01-10/UA/51/LGA", None, None),
    ]


@pytest.fixture
def sources(lake, spark):
    """All the inputs of the job: two flights of two months, one of them with an unknown plane."""
    lake(SOME)
    lake([planned(60, NOON - timedelta(days=31)), departed(1, NOON + timedelta(hours=2), 4)])
    lake([observed(NOON, temp=40.0)])
    tables = {
        "planes": "SELECT 'N14228' AS tailnum, 1999D AS year, 'BOEING' AS manufacturer,"
        " '737-824' AS model, 149L AS seats",
        "airports": "SELECT 'IAH' AS faa, 'Houston' AS name",
    }
    for name, table in tables.items():
        spark.sql(table).write.parquet(f"{lake.folder}/dimensions/{name}")
    return lambda: job.extract(spark, f"{lake.folder}/raw", f"{lake.folder}/dimensions")


def test_the_table_has_the_columns_of_the_contract(sources):
    found = job.transform(sources())
    names = {"timestamp_ntz": "timestamp"}
    types = [(name, names.get(kind, kind)) for name, kind in found.dtypes]
    expected = [(column.name, column.type) for column in features.COLUMNS]
    assert types == [*expected, (features.PARTITION, "string")]


def test_the_table_joins_the_aircraft_and_the_destination(sources):
    found = job.transform(sources()).orderBy("flight")
    kept = ("flight", "departed_at", "aircraft_year", "aircraft_seats", "dest_name", "month")
    assert found.select(*kept).collect() == [
        Row(1, datetime(2013, 1, 10, 14, 4), 1999, 149, "Houston", "2013-01"),
        Row(60, None, None, None, "Houston", "2012-12"),
    ]


def test_what_producers_add_are_columns_behind_those_of_the_contract(sources, lake, spark):
    leaves, file = NOON + timedelta(hours=2), "month=2013-01/part-5.jsonl"
    spelled = planned(71, leaves) | {"gatenumber": 9, "late": "no"}
    dotted = planned(70, leaves) | {"gateNumber": 7, "a.b": [1, {"c": None}], "late": True}
    left = departed(70, leaves, 3) | {"gateNumber": "8"}
    lake([dotted, spelled, left, observed(NOON, temp=41.0) | {"sky": 0.5}], file)
    spark.conf.set("spark.sql.caseSensitive", "true")
    job.load(job.transform(sources()), f"{lake.folder}/processed/")
    found = spark.read.parquet(f"{lake.folder}/processed/").where("flight IN (1, 70, 71)")
    added = found.columns[len(features.COLUMNS) : -1]
    assert added == ["a.b", "gateNumber", "planned_late", "departed_gateNumber", "sky"]
    chosen = [additions.quoted(name) for name in added]
    assert found.orderBy("flight").select(chosen).collect() == [
        (None, None, None, None, 0.5),
        ('[1, {"c": null}]', 7, "true", "8", 0.5),
        (None, 9, "no", None, 0.5),
    ]


def test_a_second_run_writes_the_same(sources, lake, spark):
    target = f"{lake.folder}/processed/flights/"
    written = []
    for _ in range(2):
        job.load(job.transform(sources()), target)
        written.append(spark.read.parquet(target).orderBy("flight").collect())
    assert written[0] == written[1]
    assert [row.score_time for row in written[0]] == [
        datetime(2013, 1, 10, 12),
        datetime(2012, 12, 10, 10),
    ]
    files = [path.parent.name for path in lake.folder.glob("processed/flights/*/*.parquet")]
    assert sorted(files) == ["month=2012-12", "month=2013-01"]


def test_no_raw_events_fail_the_job_by_name(spark, tmp_path):
    with pytest.raises(AnalysisException, match="PATH_NOT_FOUND"):
        job.extract(spark, f"{tmp_path}/raw", f"{tmp_path}/dimensions")


def test_arguments_ignore_those_of_glue():
    found = job.arguments(["--JOB_NAME", "x", "--lake_bucket", "b", "--enable-metrics", "true"])
    assert (found.lake_bucket, found.raw_prefix) == ("b", "raw/")
