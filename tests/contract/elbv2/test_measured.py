"""What a load balancer measures and logs, as it is on AWS."""

import gzip
from datetime import UTC, datetime, timedelta

from tests.contract.refusals import refusal


def test_requests_are_counted_under_awss_names_and_dimensions(balancing, target, web, aws, waiting):
    server = target()
    server.statuses["/bad"] = 500
    url, listener, group = balancing.site(server)
    for path in ("/", "/", "/bad"):
        web.get(f"{url}{path}")
    balancer = "/".join(listener.split("/")[1:4])
    whole = {"LoadBalancer": balancer}
    behind = whole | {"TargetGroup": group.rpartition(":")[2]}
    cloudwatch = aws("cloudwatch")
    now = datetime.now(UTC)

    def found(metric: str, statistic: str, dimensions: dict[str, str]) -> float | None:
        points = cloudwatch.get_metric_statistics(
            Namespace="AWS/ApplicationELB",
            MetricName=metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            StartTime=now - timedelta(minutes=5),
            EndTime=now + timedelta(minutes=5),
            Period=3600,
            Statistics=[statistic],
        )["Datapoints"]
        return points[0][statistic] if points else None

    waiting("the requests", lambda: found("RequestCount", "Sum", whole) == 3)
    assert found("HTTPCode_Target_2XX_Count", "Sum", behind) == 2
    assert found("HTTPCode_Target_5XX_Count", "Sum", whole) == 1
    assert found("RequestCountPerTarget", "Sum", {"TargetGroup": behind["TargetGroup"]}) == 3
    assert found("HealthyHostCount", "Maximum", behind) == 1
    assert found("UnHealthyHostCount", "Maximum", behind) == 0
    assert 0 < found("TargetResponseTime", "Average", behind) < 60
    assert found("HTTPCode_ELB_5XX_Count", "Sum", whole) is None


def test_access_is_logged_in_a_bucket(balancing, target, web, aws, bucket, elbv2, waiting):
    url, listener, group = balancing.site(target())
    arn = listener.replace(":listener/", ":loadbalancer/").rpartition("/")[0]

    def logging(**changed: str) -> None:
        pairs = [{"Key": f"access_logs.s3.{n}", "Value": value} for n, value in changed.items()]
        elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=pairs)

    pairs = [
        {"Key": "access_logs.s3.enabled", "Value": "true"},
        {"Key": "access_logs.s3.bucket", "Value": f"{bucket}-absent"},
    ]
    assert refusal(
        elbv2.modify_load_balancer_attributes, LoadBalancerArn=arn, Attributes=pairs
    ) == ("InvalidConfigurationRequest", f"S3Bucket: {bucket}-absent not found")
    logging(enabled="true", bucket=bucket, prefix="alb")
    s3 = aws("s3")
    folder = "alb/AWSLogs/000000000000/"
    s3.head_object(Bucket=bucket, Key=f"{folder}ELBAccessLogTestFile")
    web.get(f"{url}/logged?x=1", headers={"User-Agent": "me", "Host": "example.com"})

    def lines() -> list[str]:
        # Lines are written each second, and are delivered when logging ends.
        logging(enabled="false")
        found = s3.list_objects_v2(Bucket=bucket, Prefix=f"{folder}elasticloadbalancing/")
        logging(enabled="true")
        keys = [item["Key"] for item in found.get("Contents", [])]
        bodies = [s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys]
        return [line for body in bodies for line in gzip.decompress(body).decode().splitlines()]

    (line,) = waiting("the log", lines)
    logging(enabled="false")
    fields = line.split(" ")
    assert fields[0] == "http"
    assert fields[2] == "/".join(arn.split("/")[1:])
    assert fields[8:10] == ["200", "200"]
    assert '"GET http://example.com:80/logged?x=1 HTTP/1.1" "me" - -' in line
    assert group in line
    assert '"forward"' in line
