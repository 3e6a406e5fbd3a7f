"""CloudFormation types of CloudWatch Logs: made, changed in place, deleted."""

import json

from tests.contract.logs.conftest import now

ROLE = "arn:aws:iam::000000000000:role/logs"


def template(unique: str, days: str, pattern: str, query: str) -> str:
    resources = {
        "Group": {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {
                "LogGroupName": unique,
                "RetentionInDays": days,
                "Tags": [{"Key": "days", "Value": days}],
            },
        },
        "Filter": {
            "Type": "AWS::Logs::MetricFilter",
            "Properties": {
                "LogGroupName": {"Ref": "Group"},
                "FilterPattern": pattern,
                "MetricTransformations": [
                    {
                        "MetricName": "m",
                        "MetricNamespace": unique,
                        "MetricValue": "1",
                        "DefaultValue": "0",
                    }
                ],
            },
        },
        "Query": {
            "Type": "AWS::Logs::QueryDefinition",
            "Properties": {"Name": unique, "QueryString": query, "LogGroupNames": [unique]},
        },
    }
    outputs = {"Arn": {"Value": {"Fn::GetAtt": ["Group", "Arn"]}}}
    return json.dumps({"Resources": resources, "Outputs": outputs})


def test_group_filter_and_query_of_a_stack(aws, logs, unique):
    stacks = aws("cloudformation")
    wait = {"StackName": unique, "WaiterConfig": {"Delay": 1}}
    stacks.create_stack(StackName=unique, TemplateBody=template(unique, "7", "one", "limit 1"))
    stacks.get_waiter("stack_create_complete").wait(**wait)
    logs.create_log_stream(logGroupName=unique, logStreamName="s")
    logs.put_log_events(
        logGroupName=unique,
        logStreamName="s",
        logEvents=[{"timestamp": now(), "message": "kept through the update"}],
    )
    stacks.update_stack(StackName=unique, TemplateBody=template(unique, "14", "two", "limit 2"))
    stacks.get_waiter("stack_update_complete").wait(**wait)
    (group,) = logs.describe_log_groups(logGroupNamePrefix=unique)["logGroups"]
    assert (group["retentionInDays"], group["metricFilterCount"]) == (14, 1)
    assert logs.list_tags_log_group(logGroupName=unique)["tags"] == {"days": "14"}
    (found,) = logs.describe_metric_filters(logGroupName=unique)["metricFilters"]
    assert found["filterPattern"] == "two"
    definitions = logs.describe_query_definitions(queryDefinitionNamePrefix=unique)
    assert [d["queryString"] for d in definitions["queryDefinitions"]] == ["limit 2"]
    assert len(logs.filter_log_events(logGroupName=unique)["events"]) == 1
    (stack,) = stacks.describe_stacks(StackName=unique)["Stacks"]
    assert stack["Outputs"][0]["OutputValue"] == group["arn"]
    stacks.delete_stack(StackName=unique)
    stacks.get_waiter("stack_delete_complete").wait(**wait)
    assert logs.describe_log_groups(logGroupNamePrefix=unique)["logGroups"] == []
    definitions = logs.describe_query_definitions(queryDefinitionNamePrefix=unique)
    assert definitions["queryDefinitions"] == []
