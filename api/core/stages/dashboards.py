"""QuickSight: the dashboard, and the copy of the warehouse's data that it keeps."""

from typing import Any

from api.core.clock import seconds_between, told
from api.core.deployment import Clients, Deployment
from api.core.stages.stage import Figure, Stage, State, absent

WHAT = "The dashboard"
COPIES = 5


def read_dashboards(clients: Clients, deployment: Deployment, endpoint: str | None) -> Stage:
    """The published version, and the imports into SPICE; `endpoint` stands in for AWS."""
    arn, copied = (deployment.outputs.get(key, "") for key in ("DashboardArn", "RoutesDataSetArn"))
    if not arn:
        return absent(WHAT)
    _, _, _, region, account, resource = arn.split(":", 5)
    name = resource.partition("/")[2]
    quicksight = clients("quicksight")
    found = quicksight.describe_dashboard(AwsAccountId=account, DashboardId=name)["Dashboard"]
    imports = _imports(quicksight, account, copied) if copied else []
    version = found["Version"]
    wrong = "; ".join(error.get("Message", "") for error in version.get("Errors", ()))
    place = endpoint or f"https://{region}.quicksight.aws.amazon.com"
    link = f"{place.rstrip('/')}/sn/dashboards/{name}"
    return Stage(
        state=_state(version["Status"], imports),
        resource=name,
        summary=wrong or f"{found['Name']}, version {version['VersionNumber']}{_copied(imports)}",
        figures=(
            Figure("sheets", "sheets", len(version.get("Sheets", ()))),
            Figure("rows", "rows in the newest copy", _rows(imports)),
        ),
        entries=tuple(map(_import, imports)),
        facts={"link": {"href": link, "text": "Open the dashboard"}},
    )


def _imports(quicksight: Any, account: str, arn: str) -> list[dict[str, Any]]:
    listed = quicksight.list_ingestions(
        AwsAccountId=account, DataSetId=arn.rpartition("/")[2], MaxResults=COPIES
    )["Ingestions"]
    return sorted(listed, key=lambda item: item["CreatedTime"], reverse=True)


def _state(status: str, imports: list[dict[str, Any]]) -> State:
    if status.endswith("FAILED") or (imports and imports[0]["IngestionStatus"] == "FAILED"):
        return State.FAILED
    moving = status.endswith("IN_PROGRESS") or any(
        item["IngestionStatus"] in {"INITIALIZED", "QUEUED", "RUNNING"} for item in imports
    )
    return State.BUSY if moving else State.DONE


def _copied(imports: list[dict[str, Any]]) -> str:
    if not imports:
        return ""
    reason = imports[0].get("ErrorInfo", {}).get("Message", "")
    return f", newest copy {imports[0]['IngestionStatus'].lower()}{f': {reason}' if reason else ''}"


def _rows(imports: list[dict[str, Any]]) -> int | None:
    whole = [item for item in imports if item["IngestionStatus"] == "COMPLETED"]
    return whole[0].get("RowInfo", {}).get("RowsIngested") if whole else None


def _import(item: dict[str, Any]) -> dict[str, Any]:
    seconds = item.get("IngestionTimeInSeconds")
    return {
        "id": item["IngestionId"],
        "state": item["IngestionStatus"],
        "started": told(item["CreatedTime"]),
        "seconds": seconds_between(item["CreatedTime"], None) if seconds is None else seconds,
    }
