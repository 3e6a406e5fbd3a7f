"""EMR's words: the command line of spark-submit, sizes, hours, exceptions, and policies."""

import pytest

from emulation.compute.spark_submit import launcher
from emulation.compute.spark_submit.options import (
    mebibytes,
    parse,
    properties_text,
    read_properties,
)
from emulation.compute.spark_submit.processes import Exceptions
from emulation.compute.spark_submit.release import absent, located
from emulation.services.emr_serverless import submission
from emulation.services.emr_serverless.job_logs import Destination


def test_options_are_properties_and_go_over_conf():
    line = parse(
        ["--driver-memory", "2g", "--conf", "spark.driver.memory=1g", "-c", "a.b=c=d"]
        + ["--class=Main", "--verbose", "s3://b/app.jar", "--name", "x"]
    )
    assert line.properties == {"spark.driver.memory": "2g", "a.b": "c=d"}
    assert line.kept == ["--class", "Main", "--verbose"]
    assert line.rest == ["s3://b/app.jar", "--name", "x"]


@pytest.mark.parametrize("scheme", ["", "local://", "file://"])
def test_files_of_a_release_are_found_in_sparks_folder(tmp_path, scheme):
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "pi.py").touch()
    there = f"{scheme}/usr/lib/spark/examples/pi.py"
    assert located(there, tmp_path) == f"{tmp_path}/examples/pi.py"
    assert located("s3://b/usr/lib/spark/x.py", tmp_path) == "s3://b/usr/lib/spark/x.py"
    line = parse(["--jars", f"s3://b/a.jar,{scheme}/usr/share/aws/no/such.jar", there])
    assert list(absent(line, line.properties, tmp_path)) == ["/usr/share/aws/no/such.jar"]


def test_an_unknown_option_ends_the_reading():
    line = parse(["--name", "n", "--nonsense", "1", "app.py"])
    assert (line.properties, line.rest) == ({"spark.app.name": "n"}, ["--nonsense", "1", "app.py"])


def test_an_option_without_its_value_is_left_for_spark():
    assert parse(["--conf"]).rest == ["--conf"]


def test_properties_are_read_as_spark_defaults_are_written():
    text = "# no\nspark.a   1\nspark.b=2 = 3\nspark.c : x y\n\nspark.d\n"
    assert read_properties(text) == {
        "spark.a": "1",
        "spark.b": "2 = 3",
        "spark.c": "x y",
        "spark.d": "",
    }


def test_properties_are_written_as_java_reads_them():
    assert properties_text({"a b": "c:\\d\ne"}) == "a\\ b=c:\\\\d\\ne\n"


@pytest.mark.parametrize(
    ("size", "number"),
    [("512m", 512), ("2g", 2048), ("2GB", 2048), ("700", 700), ("1048576k", 1024)],
)
def test_sizes_are_in_mebibytes(size, number):
    assert mebibytes(size) == number


def test_what_is_no_size_is_refused():
    with pytest.raises(ValueError, match="lots is no size of memory"):
        mebibytes("lots")


def test_a_heap_is_capped_and_the_log_says_so(capsys):
    properties = {"spark.driver.memory": "14g"}
    launcher.cap(properties, "2g")
    assert properties == {"spark.driver.memory": "2g"}
    assert capsys.readouterr().err == "spark.driver.memory 14g was asked for; the driver gets 2g\n"


def test_a_drivers_environment_and_python_are_taken_from_its_properties(monkeypatch):
    monkeypatch.setattr(launcher, "ENVIRONMENT", found := {"PYSPARK_PYTHON": "./env/bin/python"})
    properties = {
        "spark.emr-serverless.driverEnv.A": "1",
        "spark.emr-serverless.executorEnv.B": "2",
        "spark.pyspark.python": "/usr/bin/python3.11",
    }
    launcher.environment(properties, "/runtime/python")
    assert found == {"PYSPARK_PYTHON": "./env/bin/python", "A": "1"}
    assert properties == {"spark.executorEnv.B": "2", "spark.pyspark.python": "/runtime/python"}


def test_a_default_driver_is_billed_as_its_worker():
    worker = submission.worker({})
    assert (worker.cores, worker.memory_gb, worker.disk_gb) == (4, 16, 20)
    assert worker.used(1800) == {"vCPUHour": 2.0, "memoryGBHour": 8.0, "storageGBHour": 10.0}
    assert worker.billed(1) == {"vCPUHour": 0.067, "memoryGBHour": 0.267, "storageGBHour": 0.0}


def test_storage_above_what_is_free_is_billed():
    worker = submission.worker({"spark.emr-serverless.driver.disk": "50G"})
    assert worker.billed(3600)["storageGBHour"] == 30.0


def test_a_runs_defaults_go_over_its_applications():
    def configured(**properties):
        return [{"classification": "spark-defaults", "properties": properties}]

    application = {"runtimeConfiguration": configured(a="1", b="1")}
    overrides = {"applicationConfiguration": configured(b="2")}
    assert submission.defaults(application, overrides) == {"a": "1", "b": "2"}


def test_the_last_exceptions_of_an_output_are_told():
    seen = Exceptions()
    for line in (
        "26/11/23 INFO SparkContext: no Exception here",
        "Traceback (most recent call last):",
        "py4j.protocol.Py4JJavaError: An error occurred while calling o1.load.",
        ": java.io.FileNotFoundException: No such file s3://b/x",
        "\tat java.base/java.lang.Thread.run",
        "ValueError: boom",
    ):
        seen.see(line)
    assert seen.last() == ("java.io.FileNotFoundException: No such file s3://b/x ValueError: boom")


def test_logs_go_below_an_address():
    place = Destination.of("s3://bucket/logs/", "applications/1")
    assert (place.bucket, place.prefix) == ("bucket", "logs/applications/1")
    assert Destination.of("s3://bucket", "x").prefix == "x"
