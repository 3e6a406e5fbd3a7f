"""Dashboards, analyses, embed URLs, snapshots, and what the page draws of them."""

import json

import httpx
import pytest
from botocore.exceptions import ClientError

SIGHT = ["quicksight:DescribeDashboard", "quicksight:QueryDashboard"]
RATE = {"DataSetIdentifier": "trips", "Name": "rate", "Expression": "sum({late}) / count({late})"}


def get(url: str) -> httpx.Response:
    with httpx.Client(trust_env=False, timeout=60) as client:
        return client.get(url)


def marks(found: dict) -> dict:
    return {mark["_c"]: mark["v"] for mark in found["spec"]["data"]["values"]}


def test_dashboard_draws_what_the_warehouse_holds(quicksight, definition, parts, drawn):
    name = quicksight.name("drawn")
    made = definition([parts["bar"]("b", "carrier", "rate")], CalculatedFields=[RATE])

    found = quicksight.dashboard(name, made)

    assert found["Version"]["Status"] == "CREATION_SUCCESSFUL"
    assert marks(drawn(name, "b")) == {"UA": 1 / 3, "B6": 0.5, "DL": None}


def test_definition_comes_back_as_it_was_given(quicksight, definition, parts):
    name = quicksight.name("same")
    made = definition([parts["bar"]("b", "carrier", "delay")])
    quicksight.dashboard(name, made)

    found = quicksight("describe_dashboard_definition", DashboardId=name)

    assert found["Definition"] == made
    assert (found["ResourceStatus"], found["Errors"]) == ("CREATION_SUCCESSFUL", [])


def test_parameter_filters_what_is_drawn(quicksight, definition, parts, drawn):
    name = quicksight.name("parameter")
    declared = {"Name": "Carrier", "ParameterValueType": "MULTI_VALUED"}
    asked = {"MatchOperator": "EQUALS", "ParameterName": "Carrier", "NullOption": "NON_NULLS_ONLY"}
    filter_ = {
        "FilterId": "f",
        "Column": parts["column"]("carrier"),
        "Configuration": {"CustomFilterConfiguration": asked},
    }
    group = {
        "FilterGroupId": "g",
        "Filters": [{"CategoryFilter": filter_}],
        "ScopeConfiguration": {"AllSheets": {}},
        "CrossDataset": "SINGLE_DATASET",
    }
    quicksight.dashboard(
        name,
        definition(
            [parts["bar"]("b", "carrier", "delay")],
            ParameterDeclarations=[{"StringParameterDeclaration": declared}],
            FilterGroups=[group],
        ),
    )

    assert marks(drawn(name, "b")) == {"UA": 22, "B6": 40, "DL": None}
    assert marks(drawn(name, "b", parameters={"Carrier": ["B6"]})) == {"B6": 40}


def test_visual_that_is_not_drawn_says_so_in_its_place(quicksight, definition, parts, drawn):
    name = quicksight.name("insight")
    insight = {"InsightVisual": {"VisualId": "i", "DataSetIdentifier": "trips"}}
    found = quicksight.dashboard(name, definition([insight]))

    assert found["Version"]["Status"] == "CREATION_SUCCESSFUL"
    assert "InsightVisual is not drawn here" in drawn(name, "i")["refused"]


def test_refused_query_is_told_in_the_visuals_place(quicksight, definition, parts, drawn):
    data_set, name = quicksight.name("gone"), quicksight.name("gone")
    tables = {"t": quicksight.table("nowhere")}
    quicksight.data_set(data_set, PhysicalTableMap=tables)
    arn = quicksight.arn("dataset", data_set)
    made = definition([parts["bar"]("b", "carrier", "delay")])
    made["DataSetIdentifierDeclarations"] = [{"Identifier": "trips", "DataSetArn": arn}]
    quicksight.dashboard(name, made)

    assert 'relation "public.nowhere" does not exist' in drawn(name, "b")["refused"]


MISTAKES = {
    "a": ("{nothing} + 1", "COLUMN_REPLACEMENT_MISSING", "Required column 'nothing' is missing"),
    "b": ("sum({delay}) + {delay}", "COLUMN_TYPE_MISMATCH", "Mismatched aggregation"),
    "c": ("{delay} + ${Nothing}", "PARAMETER_NOT_FOUND", "Parameter Nothing is not declared."),
    "d": ("conjure({delay})", "INTERNAL_FAILURE", "Function conjure is not computed here."),
}


def test_definition_with_mistakes_fails_with_all_of_them(quicksight, definition, parts):
    fields = [
        {"DataSetIdentifier": "trips", "Name": name, "Expression": expression}
        for name, (expression, _, _) in MISTAKES.items()
    ]
    made = definition([parts["bar"]("b", "carrier", "delay")], CalculatedFields=fields)

    version = quicksight.dashboard(quicksight.name("mistake"), made)["Version"]

    assert version["Status"] == "CREATION_FAILED"
    for error, (name, (_, kind, sentence)) in zip(version["Errors"], MISTAKES.items(), strict=True):
        path = [{"Path": f"calculated-field/{name}"}]
        assert (error["Type"], error["ViolatedEntities"]) == (kind, path)
        assert sentence in error["Message"]


def test_lenient_definition_passes_with_its_errors(quicksight, definition, parts):
    name = quicksight.name("lenient")
    made = definition([parts["bar"]("b", "nothing", "delay")])

    found = quicksight.dashboard(name, made, ValidationStrategy={"Mode": "LENIENT"})

    assert found["Version"]["Status"] == "CREATION_SUCCESSFUL"
    assert found["Version"]["Errors"][0]["ViolatedEntities"] == [{"Path": "sheet/s/visual/b"}]


def test_update_is_seen_when_it_is_published(quicksight, definition, parts, drawn):
    name = quicksight.name("version")
    quicksight.dashboard(name, definition([parts["bar"]("b", "carrier", "delay")]))
    changed = definition([parts["bar"]("b", "origin", "delay")])
    quicksight("update_dashboard", DashboardId=name, Name="new", Definition=changed)
    described = quicksight("describe_dashboard", DashboardId=name)["Dashboard"]["Version"]
    assert described["VersionNumber"] == 1
    before = set(marks(drawn(name, "b")))

    quicksight("update_dashboard_published_version", DashboardId=name, VersionNumber=2)

    assert (before, set(marks(drawn(name, "b")))) == ({"UA", "B6", "DL"}, {"EWR", "JFK", "LGA"})
    listed = quicksight("list_dashboard_versions", DashboardId=name)
    assert [one["VersionNumber"] for one in listed["DashboardVersionSummaryList"]] == [2, 1]
    with pytest.raises(ClientError, match="is published and cannot be deleted"):
        quicksight("delete_dashboard", DashboardId=name, VersionNumber=2)


def test_dashboard_that_is_not_there_is_not_found(quicksight):
    with pytest.raises(ClientError, match="Dashboard nothing is not found") as error:
        quicksight("describe_dashboard", DashboardId="nothing")

    response = error.value.response
    assert response["Error"]["Code"] == "ResourceNotFoundException"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_dashboard_from_a_template_is_refused_by_name(quicksight):
    template = {"Arn": quicksight.arn("template", "t"), "DataSetReferences": []}
    template["DataSetReferences"] = [{"DataSetPlaceholder": "x", "DataSetArn": "arn"}]
    with pytest.raises(ClientError, match="from a SourceEntity is not emulated"):
        quicksight(
            "create_dashboard",
            DashboardId="t",
            Name="t",
            SourceEntity={"SourceTemplate": template},
        )


def test_embed_url_opens_once_for_a_user_who_may_look(quicksight, definition, parts):
    name = quicksight.name("embed")
    permissions = [{"Principal": quicksight.user, "Actions": SIGHT}]
    made = definition([parts["bar"]("b", "carrier", "delay")])
    quicksight.dashboard(name, made, Permissions=permissions)
    url = quicksight(
        "generate_embed_url_for_registered_user",
        UserArn=quicksight.user,
        ExperienceConfiguration={"Dashboard": {"InitialDashboardId": name}},
    )["EmbedUrl"]
    part = f"{url.partition('?')[0]}/draw?sheet=s&element=b&state={json.dumps({})}"

    unopened, first, second = get(part), get(url), get(url)

    assert (unopened.status_code, first.status_code, second.status_code) == (403, 200, 403)
    assert "frame-ancestors" in first.headers["content-security-policy"]
    assert get(part).json()["spec"]


def test_embed_url_does_not_open_what_is_not_shared(quicksight, definition, parts):
    name = quicksight.name("private")
    quicksight.dashboard(name, definition([parts["bar"]("b", "carrier", "delay")]))
    url = quicksight(
        "generate_embed_url_for_registered_user",
        UserArn=quicksight.user,
        ExperienceConfiguration={"Dashboard": {"InitialDashboardId": name}},
    )["EmbedUrl"]

    page = get(url)

    assert (page.status_code, "is not shared with" in page.text) == (403, True)


def test_embed_url_of_nobody_is_refused(quicksight):
    with pytest.raises(ClientError) as error:
        quicksight(
            "generate_embed_url_for_registered_user",
            UserArn=quicksight.arn("user", "default/nobody"),
            ExperienceConfiguration={"Dashboard": {"InitialDashboardId": "any"}},
        )

    assert error.value.response["Error"]["Code"] == "QuickSightUserNotFoundException"


def test_snapshot_writes_a_table_as_csv(quicksight, definition, parts, aws, bucket, waiting):
    name = quicksight.name("snapshot")
    quicksight.dashboard(name, definition([parts["table"]("t", ["carrier"], ["delay"])]))
    selection = {"SheetId": "s", "SelectionScope": "SELECTED_VISUALS", "VisualIds": ["t"]}
    place = {"BucketName": bucket, "BucketPrefix": "out", "BucketRegion": "us-east-1"}
    quicksight(
        "start_dashboard_snapshot_job",
        DashboardId=name,
        SnapshotJobId="job",
        UserConfiguration={"AnonymousUsers": [{}]},
        SnapshotConfiguration={
            "FileGroups": [{"Files": [{"SheetSelections": [selection], "FormatType": "CSV"}]}],
            "DestinationConfiguration": {"S3Destinations": [{"BucketConfiguration": place}]},
        },
    )

    def ended() -> bool:
        found = quicksight("describe_dashboard_snapshot_job", DashboardId=name, SnapshotJobId="job")
        return found["JobStatus"] in {"COMPLETED", "FAILED"}

    waiting("the snapshot", ended)
    result = quicksight(
        "describe_dashboard_snapshot_job_result", DashboardId=name, SnapshotJobId="job"
    )["Result"]["AnonymousUsers"][0]["FileGroups"][0]
    key = result["S3Results"][0]["S3Uri"].partition(f"{bucket}/")[2]
    text = aws("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    assert text.split() == ["carrier,delay", "(Sum)", "B6,40", "DL,", "UA,22"]


def test_analysis_is_deleted_for_a_while_and_restored(quicksight, definition, parts):
    name = quicksight.name("analysis")
    made = definition([parts["bar"]("b", "carrier", "delay")])
    quicksight("create_analysis", AnalysisId=name, Name=name, Definition=made)
    quicksight("delete_analysis", AnalysisId=name)
    deleted = quicksight("describe_analysis", AnalysisId=name)["Analysis"]["Status"]

    quicksight("restore_analysis", AnalysisId=name)

    restored = quicksight("describe_analysis", AnalysisId=name)["Analysis"]["Status"]
    assert (deleted, restored) == ("DELETED", "CREATION_SUCCESSFUL")
    quicksight("delete_analysis", AnalysisId=name, ForceDeleteWithoutRecovery=True)
