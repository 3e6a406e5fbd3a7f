"""The dashboard of flights and their model: its owner, what it looks at, its picture.

QuickSight makes a data set of tables that are there, so it comes after the load. On AWS a user
costs money and is somebody: a setting names one, or gives the address to register one with.
What keeps the warehouse new afterwards is a function, with QuickSight or without.
"""

from urllib.error import HTTPError
from urllib.request import urlopen

from botocore.exceptions import ClientError

from pipeline import aws
from pipeline.deploy.stacks import PICTURES
from pipeline.errors import JobFailedError, LateError
from pipeline.orchestration.confirm import account
from pipeline.orchestration.run import Run, Show
from pipeline.orchestration.warehouse import warehouse_of
from pipeline.polling import polls
from pipeline.warehouse import monitoring, spice
from pipeline.warehouse.load import ask, rows
from pipeline.warehouse.renewal import flights_version, is_loaded, renew_windows, stale

OWNER = "QuickSightUserArn"
NAMESPACE = "default"
RENEWAL_SECONDS = 900.0
"""The function's longest run; one that failed is tried again within minutes."""
PASSED_OVER = (
    "passed over: PIPELINE_QUICKSIGHT_USER names no owner, PIPELINE_QUICKSIGHT_EMAIL registers none"
)


def draw(run: Run, show: Show) -> str:
    """Bring the dashboard and what keeps it new where their templates want them."""
    show.say("loading what the monitor found")
    renew_windows(warehouse_of(run), run.output("EndpointName"), run.settings.stage_seconds)
    told = _drawn(run, show) if wanted(run) else PASSED_OVER
    run.deployer.deploy("renewal", show.say)
    return told


def wanted(run: Run) -> bool:
    """Whether somebody owns the dashboard, or is to be registered as its owner."""
    know_owner(run)
    return bool(run.deployer.known.get(OWNER) or run.settings.quicksight_email)


def know_owner(run: Run) -> None:
    """Tell the deployer who owns the dashboard: who is named, or who did so far."""
    run.deployer.learn("quicksight")
    if run.settings.quicksight_user:
        run.deployer.known[OWNER] = run.settings.quicksight_user


def waits_for(run: Run) -> str:
    """Why the dashboard cannot be deployed yet; empty when it can."""
    if not wanted(run):
        return PASSED_OVER
    if not is_loaded(warehouse_of(run)):
        return "there are no tables before `python -m pipeline up`"
    know_or_register(run)
    return ""


def know_or_register(run: Run) -> None:
    """Tell the deployer who owns the dashboard, registered if need be."""
    if OWNER not in run.deployer.known:
        run.deployer.known[OWNER] = register(run)


def _drawn(run: Run, show: Show) -> str:
    know_or_register(run)
    for stack in PICTURES:
        run.deployer.deploy(stack, show.say)
    show.say("importing the routes")
    spice.refresh(run.output("RoutesDataSetArn"), run.learned["loaded"])
    sheets, visuals = check(run)
    return f"{sheets} sheets, {visuals} visuals"


def register(run: Run) -> str:
    """The user of the pipeline's name, registered if QuickSight does not know him; his ARN."""
    name = {"AwsAccountId": account(), "Namespace": NAMESPACE, "UserName": run.settings.name}
    quicksight = aws.client("quicksight")
    try:
        return str(quicksight.describe_user(**name)["User"]["Arn"])
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
    user = quicksight.register_user(
        **name,
        IdentityType="QUICKSIGHT",
        Email=run.settings.quicksight_email,
        UserRole="AUTHOR",
    )["User"]
    return str(user["Arn"])


def check(run: Run) -> tuple[int, int]:
    """How many sheets and visuals the published version has, once it opens for its owner.

    Raises:
        JobFailedError: the version has errors, or does not open.
    """
    named = {"AwsAccountId": account(), "DashboardId": run.output("DashboardId")}
    quicksight = aws.client("quicksight")
    found = quicksight.describe_dashboard_definition(**named)
    if errors := found.get("Errors"):
        told = "; ".join(f"{error['Type']}: {error['Message']}" for error in errors)
        raise JobFailedError(f"Dashboard {named['DashboardId']} has errors: {told}")
    experience = {"Dashboard": {"InitialDashboardId": named["DashboardId"]}}
    url = quicksight.generate_embed_url_for_registered_user(
        AwsAccountId=named["AwsAccountId"],
        UserArn=run.deployer.known[OWNER],
        ExperienceConfiguration=experience,
    )["EmbedUrl"]
    _open(url)
    sheets = found["Definition"]["Sheets"]
    return len(sheets), sum(len(sheet.get("Visuals", ())) for sheet in sheets)


def _open(url: str) -> None:
    try:
        urlopen(url, timeout=30).close()
    except HTTPError as error:
        raise JobFailedError(f"The dashboard does not open: HTTP {error.code}.") from error


def follow(run: Run, show: Show) -> str:
    """Wait until the function has brought warehouse and copy where the lake is.

    Raises:
        LateError: it has not; its log says why.
    """
    function = run.output("RenewalFunctionName")
    for _ in polls(RENEWAL_SECONDS):
        behind = _behind(run)
        if not behind:
            where, data = warehouse_of(run), aws.client("redshift-data")
            flights = rows(data, where)["fact_flights"]
            windows = ask(data, where, f"SELECT COUNT(*) FROM {monitoring.TABLES[0]}")
            return f"{flights:,} flights, {windows[0][0]['longValue']} windows"
        show.say(f"waiting for {', '.join(behind)}")
    raise LateError(
        f"{', '.join(behind)}: not as new as the lake after {RENEWAL_SECONDS:.0f} s; see the log"
        f" group /aws/lambda/{function}."
    )


def _behind(run: Run) -> list[str]:
    """What people would look at in vain."""
    where = warehouse_of(run)
    behind = stale(where, run.output("EndpointName"))
    copied = run.deployer.known.get("RoutesDataSetArn")
    if copied and not spice.is_imported(copied, flights_version(where.lake_bucket)):
        behind.append("QuickSight's copy")
    return behind


def address(run: Run) -> str:
    """Where QuickSight shows the dashboard to its users; empty when there is none."""
    if "DashboardId" not in run.deployer.known:
        return ""
    where = aws.endpoint_url() or f"https://{aws.region()}.quicksight.aws.amazon.com"
    return f"{where}/sn/dashboards/{run.output('DashboardId')}"
