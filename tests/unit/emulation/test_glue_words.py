"""Arguments, partition expressions and failure messages of Glue, and the `awsglue` that scripts
see.
"""

import importlib.util
from pathlib import Path

import pytest

from emulation.compute import maven, spark_jars
from emulation.compute.spark import Failure
from emulation.services.glue import failures, job_arguments
from emulation.services.glue.crawl_targets import glob
from emulation.services.glue.errors import InvalidInputError
from emulation.services.glue.partition_expressions import compile_expression

LIBRARY = Path(spark_jars.__file__).with_name("glue_runtime") / "awsglue"
KEYS = [{"Name": "month", "Type": "string"}, {"Name": "day", "Type": "int"}]


@pytest.fixture(scope="module")
def utils():
    spec = importlib.util.spec_from_file_location("utils", LIBRARY / "utils" / "__init__.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_resolved_options_have_what_was_asked_for_and_the_services_own(utils):
    argv = ["script.py", "--JOB_ID", "j", "--JOB_NAME", "n", "--lake", "s3://x", "--other", "1"]
    options = utils.getResolvedOptions(argv, ["JOB_NAME", "lake"])
    assert (options["JOB_NAME"], options["lake"], options["JOB_ID"]) == ("n", "s3://x", "j")
    assert options["job_bookmark_option"] == "job-bookmark-disable"
    assert "other" not in options


@pytest.mark.parametrize("argv", [["s.py"], ["s.py", "--lak", "x"], ["s.py", "--lake"]])
def test_missing_and_abbreviated_options_are_refused(utils, argv):
    with pytest.raises(utils.GlueArgumentError):
        utils.getResolvedOptions(argv, ["lake"])


def test_command_line_is_glues_own_and_then_the_users():
    line = job_arguments.command_line("job", "jr_ab", {"--x": "1", "--flag": ""})
    assert line[:6] == ["--JOB_ID", "j_ab", "--JOB_RUN_ID", "jr_ab", "--JOB_NAME", "job"]
    assert line[-4:] == ["--x", "1", "--flag", ""]


def test_conf_may_hold_several_settings():
    arguments = {"--conf": "spark.a=1 --conf spark.b=x=y"}
    assert job_arguments.spark_conf(arguments) == {"spark.a": "1", "spark.b": "x=y"}
    assert job_arguments.driver_environment({"--customer-driver-env-vars": "A=1,B=2"}) == {
        "A": "1",
        "B": "2",
    }


def test_fixed_arguments_cannot_be_overridden():
    assert job_arguments.merged({"--a": "1"}, {"--a": "2"}, {"--b": "3"}) == {
        "--a": "2",
        "--b": "3",
    }
    with pytest.raises(InvalidInputError):
        job_arguments.merged({}, {"--b": "2"}, {"--b": "3"})


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("", True),
        ("month = '2013-01' and day = 9", True),
        ("day > 10", False),
        ("not (day > 10)", True),
        ("month >= '2013-02' or day between 1 and 9", True),
        ("`month` like '2013%'", True),
        ("DAY IN (1, 2)", False),
    ],
)
def test_partition_expressions(expression, expected):
    assert compile_expression(expression, KEYS)(("2013-01", "9")) is expected


@pytest.mark.parametrize(
    "expression", ["day", "day >", "day > 'x'", "year = 1", "(day = 1", "day = 1 2"]
)
def test_partition_expressions_that_are_none(expression):
    with pytest.raises(InvalidInputError):
        compile_expression(expression, KEYS)


@pytest.mark.parametrize(
    ("failure", "code", "message"),
    [
        (None, 3, "Command failed with exit code 3"),
        (None, -9, "Command failed with exit code 137"),
        (
            Failure("KeyError", "'x'", 7),
            1,
            "Error Category: UNCLASSIFIED_ERROR; Failed Line Number: 7; KeyError: 'x'",
        ),
        (
            Failure("Py4JJavaError", "An error occurred while calling o1.save. Aborted."),
            1,
            "Error Category: UNCLASSIFIED_ERROR; An error occurred while calling o1.save. Aborted.",
        ),
    ],
)
def test_failures_in_glues_words(failure, code, message):
    assert failures.message(failure, code) == message


@pytest.mark.parametrize(
    ("pattern", "key", "matches"),
    [
        ("*.csv", "a.csv", True),
        ("*.csv", "b/a.csv", False),
        ("**.csv", "b/a.csv", True),
        ("old/**", "old/x/y", True),
        ("{a,b}?.json", "b1.json", True),
        ("[ab]*", "c", False),
    ],
)
def test_exclude_patterns(pattern, key, matches):
    assert bool(glob(pattern).fullmatch(key)) is matches


def test_locked_jars_are_of_one_hadoop_and_one_sdk():
    jars = spark_jars.locked()
    assert {jar.version for jar in jars if jar.group == "software.amazon.awssdk"} == {"2.29.52"}
    assert all(len(jar.sha256) == 64 for jar in jars)
    assert maven.ivy_module(jars).count('transitive="false"') == len(jars)
