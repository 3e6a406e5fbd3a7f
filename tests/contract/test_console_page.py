"""The console in a headless Chromium, over an AWS of small stacks and a few objects: every panel
shows what was put there, nothing complains, and keys and narrow windows work.
"""

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.browser import Browser, installed
from tests.waiting import free_ports, wait_until

ROOT = Path(__file__).parents[2]
FLIGHT = "2013-04-20/UA/1545/EWR"
OUTPUTS = {
    "serving": {"EndpointName": "{name}"},
    "monitoring": {"MonitorTopicArn": "{name}-topic"},
    "delivery": {"DeliveryPipelineName": "{name}-delivery"},
}
WINDOWS = [("2013-04-01", "2013-04-15", "2"), ("2013-04-15", "2013-04-29", "3")]

pytestmark = pytest.mark.skipif(installed() is None, reason="there is no Chromium here")


def put(s3, bucket, key, *lines):
    s3.put_object(Bucket=bucket, Key=key, Body="\n".join(json.dumps(line) for line in lines))


def report(first, until, version):
    finding = {"check": "DataDrift", "feature": "visib", "value": 0.5, "limit": 0.25}
    finding |= {"outcome": "violated", "sentence": "PSI 0.500, allowed 0.250"}
    return {
        "window": f"{first}-14d",
        "first": first,
        "until": until,
        "model_version": version,
        "outcome": "violated",
        "summary": {"flights": 12898, "auc": 0.712, "calibration": 0.91},
        "violations": [finding],
        "findings": [finding],
    }


@pytest.fixture(scope="module")
def name():
    return "shown"


@pytest.fixture(scope="module")
def lake(aws, name):
    """A pipeline of outputs only, with two windows and one flight in its lake."""
    bucket, cloudformation, s3 = f"{name}-lake", aws("cloudformation"), aws("s3")
    s3.create_bucket(Bucket=bucket)
    outputs = OUTPUTS | {"storage": {"LakeBucket": bucket}}
    for stack, values in outputs.items():
        template = {
            "Resources": {"Nothing": {"Type": "AWS::CloudFormation::WaitConditionHandle"}},
            "Outputs": {key: {"Value": value.format(name=name)} for key, value in values.items()},
        }
        cloudformation.create_stack(StackName=f"{name}-{stack}", TemplateBody=json.dumps(template))
        cloudformation.get_waiter("stack_create_complete").wait(
            StackName=f"{name}-{stack}", WaiterConfig={"Delay": 1}
        )
    for window in WINDOWS:
        key = f"monitoring/{name}/reports/{window[0]}-14d/report.json"
        put(s3, bucket, key, report(*window))
    flight = {"flight_id": FLIGHT, "carrier": "UA", "flight": 1545, "origin": "EWR", "dest": "IAH"}
    flight |= {
        "scheduled_departure": "2013-04-20T21:00:00Z",
        "predicted_at": "2026-01-01T00:00:00Z",
    }
    prediction = flight | {"probability": 0.8, "late": True}
    put(s3, bucket, "predictions/date=2013-04-20/a.jsonl", prediction)
    arrival = flight | {"event_time": "2013-04-21T01:00:00Z", "arr_delay": 41}
    put(s3, bucket, "raw/type=arrived/month=2013-04/2013-04-20.jsonl", arrival)
    alarm = {"Namespace": "T", "MetricName": "M", "Statistic": "Sum", "Period": 60}
    alarm |= {"EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"}
    aws("cloudwatch").put_metric_alarm(AlarmName=f"{name}-poison", **alarm)
    yield bucket
    for stack in outputs:
        cloudformation.delete_stack(StackName=f"{name}-{stack}")
    aws("cloudwatch").delete_alarms(AlarmNames=[f"{name}-poison"])


@pytest.fixture(scope="module")
def page(endpoint_url, name, lake, tmp_path_factory):
    """The API as its own process, as people start it; where its page is."""
    (port,) = free_ports(1)
    log = (tmp_path_factory.mktemp("api") / "log").open("wb")
    environment = {"AWS_ENDPOINT": endpoint_url, "PIPELINE_NAME": name, "AWS_REGION": "us-east-1"}
    environment |= {"API_QUERY_BOX": "on"}
    command = [sys.executable, "-m", "uvicorn", "--factory", "api.app:create_app"]
    process = subprocess.Popen(
        [*command, f"--port={port}"], cwd=ROOT, env=environment, stdout=log, stderr=log
    )
    url = f"http://127.0.0.1:{port}"
    wait_until("the API", lambda: answers(f"{url}/v1/console") or process.poll() is not None)
    yield url
    process.terminate()
    # Open event streams must not hold the server back.
    process.wait(timeout=60)
    log.close()


def answers(url):
    try:
        return httpx.get(url, timeout=20).is_success
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def browser():
    opened = Browser(installed())
    yield opened
    opened.close()


@pytest.fixture(params=[(1440, False), (420, True)], ids=["wide-light", "narrow-dark"])
def opened(request, browser, page):
    width, dark = request.param
    browser.events.clear()
    browser.show(page, width=width, height=900, dark=dark)
    wait_until("the truth", lambda: browser.value("!!document.querySelector('#truth table')"))
    wait_until("the chart", lambda: browser.value("!!document.querySelector('#quality .chart')"))
    return browser


def text(browser, selector):
    return browser.value(f"document.querySelector({json.dumps(selector)}).innerText")


def test_every_panel_shows_what_aws_tells(opened):
    assert text(opened, "#live") == "live"
    assert opened.value("document.querySelectorAll('.chart .point').length") == 2 * len(WINDOWS)
    assert "0.712" in text(opened, "#quality")
    assert "visib" in text(opened, "#drift-body")
    assert "41 min late" in text(opened, "#truth")
    assert "100 % right" in text(opened, "#truth")
    assert "poison" in opened.value("document.querySelector('#alarms').textContent")
    assert "glue" in text(opened, "#place")
    assert opened.value(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )
    assert opened.complaints == []


def test_keys_reach_the_panels(opened):
    opened.press("w")
    assert opened.value("document.activeElement.id") == "sql"
    opened.value("document.activeElement.blur()")
    opened.press("m")
    opened.press("ArrowLeft")
    assert text(opened, "#quality .said").startswith("Apr 1")
    opened.press("?")
    assert opened.value("document.querySelector('#keys').open")


def test_query_that_writes_is_refused_by_the_server(opened):
    opened.value("document.querySelector('#sql').value = 'DROP TABLE flights'")
    opened.value("document.querySelector('#query').requestSubmit()")
    said = wait_until(
        "the refusal", lambda: opened.value("document.querySelector('#result .failed')?.innerText")
    )
    assert said == "Only queries are taken here, SELECT or WITH: this begins with DROP."
