"""Dashboards: kept, refused with what is wrong, drawn."""

import base64
import io
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from botocore.exceptions import ClientError
from PIL import Image

RED, BLUE = 0, 2


@pytest.fixture
def dashboard(cloudwatch, unique):
    def put(*widgets, **body):
        text = json.dumps({"widgets": widgets, **body})
        return cloudwatch.put_dashboard(DashboardName=unique, DashboardBody=text)

    yield put
    if cloudwatch.list_dashboards(DashboardNamePrefix=unique)["DashboardEntries"]:
        cloudwatch.delete_dashboards(DashboardNames=[unique])


def test_dashboard_is_kept_as_it_was_put(dashboard, cloudwatch, unique):
    widget = {"type": "text", "properties": {"markdown": "# Hello"}}
    assert dashboard(widget)["DashboardValidationMessages"] == []
    found = cloudwatch.get_dashboard(DashboardName=unique)
    arn = f"arn:aws:cloudwatch::000000000000:dashboard/{unique}"
    assert json.loads(found["DashboardBody"]) == {"widgets": [widget]}
    assert (found["DashboardName"], found["DashboardArn"]) == (unique, arn)
    (entry,) = cloudwatch.list_dashboards(DashboardNamePrefix=unique)["DashboardEntries"]
    assert (entry["DashboardArn"], entry["Size"]) == (arn, len(found["DashboardBody"]))


def test_dashboard_that_is_deleted_is_gone(dashboard, cloudwatch, unique):
    dashboard()
    with pytest.raises(ClientError, match="ResourceNotFound"):
        cloudwatch.delete_dashboards(DashboardNames=[unique, "no-such-dashboard"])
    cloudwatch.delete_dashboards(DashboardNames=[unique])
    with pytest.raises(ClientError) as caught:
        cloudwatch.get_dashboard(DashboardName=unique)
    error = caught.value.response["Error"]
    assert error["Code"] == "ResourceNotFound"
    assert error["Message"] == f"Dashboard {unique} does not exist"


def test_body_is_refused_with_what_is_wrong(dashboard):
    with pytest.raises(ClientError) as caught:
        dashboard({"type": "metric", "x": 24, "properties": {"annotations": {}}})
    response = caught.value.response
    assert response["Error"]["Code"] == "InvalidParameterInput"
    assert response["Error"]["Message"].startswith(
        "The dashboard body is invalid, there are 3 validation errors:\n"
    )
    assert response["dashboardValidationMessages"] == [
        {"DataPath": "/widgets/0/x", "Message": "Should be <= 23"},
        {
            "DataPath": "/widgets/0/properties",
            "Message": "Should have required property 'metrics'",
        },
        {
            "DataPath": "/widgets/0/properties",
            "Message": "The metric widget should have specified a region and a data source or an "
            "alarm annotation",
        },
    ]


@pytest.mark.parametrize("body", ["nope", "[]"])
def test_body_that_is_no_json_object_is_refused(cloudwatch, unique, body):
    with pytest.raises(ClientError) as caught:
        cloudwatch.put_dashboard(DashboardName=unique, DashboardBody=body)
    error = caught.value.response["Error"]
    assert error["Code"] == "InvalidParameterInput"
    assert error["Message"] == "The field DashboardBody must be a valid JSON object"


def test_name_is_refused(cloudwatch):
    with pytest.raises(ClientError) as caught:
        cloudwatch.put_dashboard(DashboardName="a b", DashboardBody='{"widgets": []}')
    error = caught.value.response["Error"]
    assert error["Code"] == "InvalidParameterValue"
    assert error["Message"].startswith("The value for field DashboardName contains invalid")


@pytest.fixture
def minutes(cloudwatch, unique):
    """`minutes(1, 2, 3)`: values of the metric `m`, one a minute, up to the last one."""

    def put(*values):
        now = datetime.now(UTC)
        data = [
            {"MetricName": "m", "Value": value, "Timestamp": now - timedelta(minutes=back)}
            for back, value in enumerate(reversed(values), 1)
        ]
        cloudwatch.put_metric_data(Namespace=unique, MetricData=data)

    return put


@pytest.fixture
def image(cloudwatch, unique):
    """A graph of the metric `m` in red, as a picture."""

    def draw(**properties):
        widget = {
            "metrics": [[unique, "m", {"color": "#ff0000"}]],
            "period": 60,
            "stat": "Sum",
            "start": "-PT10M",
            "legend": {"position": "hidden"},
            **properties,
        }
        picture = cloudwatch.get_metric_widget_image(MetricWidget=json.dumps(widget))
        return Image.open(io.BytesIO(picture["MetricWidgetImage"])).convert("RGB")

    return draw


def rows_with(picture, channel):
    """The heights in a picture, from below, where there is (nearly) only this one color."""
    others = [each for each in range(3) if each != channel]

    def has_color(x, y):
        pixel = picture.getpixel((x, y))
        return pixel[channel] > 200 and all(pixel[other] < 120 for other in others)

    height, width = picture.height, picture.width
    return sorted(height - y for y in range(height) if any(has_color(x, y) for x in range(width)))


def test_picture_has_the_size_and_paper_that_is_asked_for(image):
    picture = image(width=300, height=120)
    assert (picture.format, picture.size) == (None, (300, 120))
    assert picture.getpixel((0, 0)) == (255, 255, 255)
    assert image(theme="dark", width=300, height=120).getpixel((0, 0)) == (22, 29, 38)


def test_picture_shows_what_the_metric_was(image, minutes):
    small = {"width": 300, "height": 200, "yAxis": {"left": {"min": 0, "max": 100}}}
    assert rows_with(image(**small), RED) == []
    minutes(*[20] * 8)
    low = rows_with(image(**small), RED)
    minutes(*[60] * 8)
    high = rows_with(image(**small), RED)
    # 20 and then 20 + 60 of 100, on a plot that takes up most of the height.
    assert 0 < len(low) < 6
    assert 90 < high[0] - low[0] < 120


def test_picture_has_the_line_of_an_annotation(image, minutes):
    minutes(*[20] * 8)
    lines = {"horizontal": [{"value": 90, "color": "#0000ff"}]}
    bounds = {"left": {"min": 0, "max": 100}}
    picture = image(width=300, height=200, yAxis=bounds, annotations=lines)
    assert rows_with(picture, BLUE)[0] > rows_with(picture, RED)[-1] + 80


@pytest.mark.parametrize("view", ["singleValue", "bar", "pie", "gauge", "table"])
def test_every_view_is_drawn_from_the_data(image, minutes, view):
    settings = {"view": view, "width": 300, "height": 200}
    if view == "gauge":
        settings["yAxis"] = {"left": {"min": 0, "max": 100}}
    empty = image(**settings).tobytes()
    minutes(*[20] * 8)
    twenty = image(**settings).tobytes()
    minutes(*[60] * 8)
    assert len({empty, twenty, image(**settings).tobytes()}) == 3


@pytest.mark.parametrize(
    ("widget", "message"),
    [
        ("nope", "Invalid MetricWidget: it is not valid JSON"),
        ("{}", "Invalid MetricWidget: Should have required property 'metrics'"),
        ('{"width": 5000}', "Invalid MetricWidget: width and height must be between 1 and 2000"),
        (
            '{"metrics": [[{"expression": "m1 *"}]]}',
            "Invalid MetricWidget: Error in expression 'q1': Unexpected 'end of the expression'",
        ),
    ],
)
def test_widget_is_refused(cloudwatch, widget, message):
    with pytest.raises(ClientError) as caught:
        cloudwatch.get_metric_widget_image(MetricWidget=widget)
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("ValidationError", message)


@pytest.fixture
def page(endpoint_url):
    with httpx.Client(trust_env=False, timeout=60, base_url=endpoint_url) as client:
        yield lambda path="": client.get(f"/_terrarium/cloudwatch/dashboards{path}")


def test_page_draws_the_widgets_of_a_dashboard(dashboard, page, minutes, alarm, reaches, unique):
    minutes(1, 2, 3)
    arn = reaches(alarm("quiet", TreatMissingData="notBreaching"), "OK")["AlarmArn"]
    graph = {"metrics": [[unique, "m", {"color": "#ff0000", "period": 60}]], "region": "us-east-1"}
    dashboard(
        {"type": "metric", "x": 2, "width": 10, "properties": {**graph, "title": "<Graph>"}},
        {"type": "text", "properties": {"markdown": "**bold** <script>"}},
        {"type": "alarm", "properties": {"alarms": [arn]}},
        {"type": "explorer", "properties": {}},
        {"type": "metric", "properties": {**graph, "metrics": [[{"expression": "NO()"}]]}},
    )
    assert f">{unique}</a>" in page().text
    whole = page(f"/{unique}").text
    assert "&lt;Graph&gt;" in whole
    assert "grid-column:3/span 10" in whole
    drawn = [page(f"/{unique}/widgets/{number}").text for number in range(5)]
    assert drawn[0].startswith("<svg")
    assert "#ff0000" in drawn[0]
    assert drawn[1] == ("<div class=text><p><strong>bold</strong> &lt;script&gt;</p>\n</div>")
    assert "<li class=OK" in drawn[2]
    assert "Widgets of type explorer are not drawn." in drawn[3]
    assert "Unknown function &#x27;NO&#x27;" in drawn[4]


def test_page_of_no_dashboard_is_not_found(page, unique):
    assert page(f"/{unique}").status_code == 404
    assert page(f"/{unique}/widgets/0").status_code == 404


def test_picture_comes_over_the_query_protocol(endpoint_url, unique):
    """What the AWS CLI and older SDKs speak."""
    widget = json.dumps({"metrics": [[unique, "m"]], "width": 100, "height": 80})
    credential = "Credential=test/20260101/us-east-1/monitoring/aws4_request"
    authorization = f"AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=x"
    form = {"Action": "GetMetricWidgetImage", "Version": "2010-08-01", "MetricWidget": widget}
    with httpx.Client(trust_env=False, timeout=60) as client:
        answer = client.post(endpoint_url, data=form, headers={"Authorization": authorization})
    text = answer.text.split("<MetricWidgetImage>")[1].split("</MetricWidgetImage>")[0]
    assert base64.b64decode(text).startswith(b"\x89PNG")
