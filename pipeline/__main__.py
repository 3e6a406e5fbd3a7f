"""`python -m pipeline`: the operator's command line. `AWS_ENDPOINT` says where; empty is AWS."""

import argparse
import logging
import sys
import time
import webbrowser
from collections.abc import Sequence

from botocore.exceptions import BotoCoreError, ClientError
from rich.progress import MofNCompleteColumn, Progress

from pipeline.config import Settings, settings
from pipeline.deploy import source
from pipeline.deploy.destroy import destroy
from pipeline.deploy.execute import Deployer
from pipeline.deploy.stacks import PICTURES, STACKS
from pipeline.errors import PipelineError, SettingError, StillRefusedError, UnreachableError
from pipeline.orchestration import backup, dashboards, loop
from pipeline.orchestration.addresses import page_url, show_addresses
from pipeline.orchestration.archives import TIERS
from pipeline.orchestration.confirm import account, confirm, show_target
from pipeline.orchestration.consumers import show_consumers
from pipeline.orchestration.display import (
    Lines,
    Screen,
    console,
    show_error,
    show_poison,
    show_rows,
    show_stages,
)
from pipeline.orchestration.events import tell
from pipeline.orchestration.image import build_image, know_image
from pipeline.orchestration.poison import Aside, Changes
from pipeline.orchestration.release import know_model
from pipeline.orchestration.restore import Options, restore
from pipeline.orchestration.run import Run
from pipeline.orchestration.runner import run_stages, sentence_of
from pipeline.orchestration.statements import query
from pipeline.orchestration.status import show_status
from pipeline.orchestration.story import STAGES, stages_of
from pipeline.orchestration.year import close_the_loop, tell_year
from pipeline.producers.backfill import expected_events

API = "api"
"""Runs the image that its sources are built to."""
DELIVERY = "delivery"
"""Runs once when it is created, with the source that is there by then."""
AFTER_TRAINING = {"serving", "consumers", "renewal", DELIVERY, "monitoring"}
SPINE = tuple(stack for stack in STACKS if stack not in loop.STACKS)
INTERRUPTED = 130
"""What a shell gives a program that SIGINT ended."""


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m pipeline", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    days = argparse.ArgumentParser(add_help=False)
    days.add_argument("--days", type=int, help="days of 2013, from 2 to 365")
    yes = argparse.ArgumentParser(add_help=False)
    yes.add_argument("--yes", action="store_true", help="do not ask before AWS itself is changed")

    add = commands.add_parser
    add("up", parents=[days, yes], help="deploy, tell the flights, train, serve: the whole story")
    add("deploy", parents=[yes], help="bring every stack where its template wants it")
    add("destroy", parents=[yes], help="delete the stacks and everything in their buckets")
    add("train", parents=[days, yes], help="train on the processed flights and serve the model")
    add("loop", parents=[yes], help="deploy what monitors, retrains and delivers")
    replaying = add("replay", parents=[yes], help="tell the rest of the year, with the loop on")
    replaying.add_argument("--until", type=int, default=365, help="the last day of 2013 to tell")
    add("status", help="how the pipeline stands")
    add("open", help="open the page in the browser")
    add("source", help="upload what is deployed; another source starts the delivery")
    producing = add("produce", parents=[days], help="tell flights as events")
    producing.add_argument("--speed", type=float, default=0, help="times real time; 0 is at once")
    asking = add("query", help="ask the warehouse in SQL")
    asking.add_argument("sql")
    about = add("consumers", help="the workers that score flights live").add_subparsers(
        dest="asked", required=True, metavar="command"
    )
    about.add_parser("status", help="who reads which shard, and how far behind")
    add_poison(add("poison", help="records that the lake could not take"))
    add_backup(add("backup", parents=[yes], help="copy a folder of the lake into the archive"))
    add_restore(add("restore", parents=[yes], help="bring a backup back into the lake"))
    return parser.parse_args(arguments)


def add_poison(parser: argparse.ArgumentParser) -> None:
    """The commands about what was set aside."""
    add = parser.add_subparsers(dest="asked", required=True, metavar="command").add_parser
    reason = argparse.ArgumentParser(add_help=False)
    reason.add_argument("--reason", default="", metavar="WORD", help="only these, as in `list`")
    add("list", parents=[reason], help="what waits, and why")
    add("show", help="one record, whole").add_argument("id", help="as `list` tells it")
    again = add("redrive", parents=[reason], help="send into the stream again what is valid now")
    again.add_argument("id", nargs="*", help="as `list` tells it")
    again.add_argument("--all", action="store_true", help="everything that waits")
    again.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a field")
    again.add_argument("--unset", action="append", default=[], metavar="NAME", help="leave it out")


def add_backup(parser: argparse.ArgumentParser) -> None:
    """What of the lake, and where to."""
    parser.add_argument("--prefix", default=backup.DEFAULT_PREFIX, help="a folder of the lake")
    parser.add_argument("--to", choices=backup.PLACES, default=backup.PLACES[0])
    parser.add_argument("--list", action="store_true", help="the backups that there are")


def add_restore(parser: argparse.ArgumentParser) -> None:
    """Which backup, and how soon."""
    parser.add_argument("--prefix", default=backup.DEFAULT_PREFIX, help="a folder of the lake")
    parser.add_argument("--backup", default="", metavar="ID", help="as `backup --list` tells it")
    parser.add_argument("--tier", choices=TIERS, default="standard", help="sooner costs more")
    parser.add_argument("--overwrite", action="store_true", help="also what differs from it")


def new_run(options: argparse.Namespace, config: Settings) -> Run:
    """A run with the days of the command line or of the settings."""
    days = getattr(options, "days", None) or config.days
    # The earlier days train the model and the later ones test it.
    fewest = 2 if options.command in {"up", "train"} else 1
    if not fewest <= days <= 365:
        raise SettingError(f"--days must be from {fewest} to 365, not {days}.")
    return Run(config, days, Deployer(config.name, config.stack_seconds, config.parameters))


def up(options: argparse.Namespace, run: Run) -> None:
    """The whole story; what is done already is passed over."""
    run.deployer.learn("api_image")
    know_image(run)
    drawn = dashboards.wanted(run)
    stacks = [stack for stack in SPINE if drawn or stack not in PICTURES]
    confirm("Deploy and run this?", run.settings, run.deployer.plan(*stacks), yes=options.yes)
    started = time.monotonic()
    with Screen() as screen:
        done = run_stages(STAGES, run, screen)
    show_stages(done, time.monotonic() - started)
    show_addresses(run)


def train(options: argparse.Namespace, run: Run) -> None:
    """The stages from the processed flights on."""
    run.deployer.learn(*STACKS)
    confirm("Train and serve?", run.settings, (), yes=options.yes)
    started = time.monotonic()
    with Screen() as screen:
        done = run_stages(stages_of("train", "register", "serve", "predict"), run, screen)
    show_stages(done, time.monotonic() - started)


def deploy(options: argparse.Namespace, run: Run) -> None:
    """Every stack; the one that serves only when there is a model."""
    run.deployer.learn(*STACKS)
    know_model(run)
    know_image(run)
    plans = run.deployer.plan(*STACKS)
    confirm("Deploy this?", run.settings, plans, yes=options.yes)
    for plan in plans:
        if plan.stack in AFTER_TRAINING and "ModelDataUrl" not in run.deployer.known:
            console.print(f"{plan.stack}: there is no model before `python -m pipeline train`")
            continue
        if plan.stack in PICTURES and (reason := dashboards.waits_for(run)):
            console.print(f"{plan.stack}: {reason}")
            continue
        if plan.stack == DELIVERY:
            deliver(run)
        if plan.stack == API:
            build_image(run, Lines(plan.name))
        done = run.deployer.deploy(plan.stack, Lines(plan.name), plan)
        console.print(f"[green]✓[/] {plan.name} {done.plan.past} in {done.seconds:.1f} s")


def produce(options: argparse.Namespace, run: Run) -> None:
    """Tell flights to the stream: at once, or the whole year at its own pace times the speed."""
    run.deployer.learn("storage", "streaming")
    days = options.days or (365 if options.speed else run.days)
    with Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=console) as bar:
        task = bar.add_task("events", total=expected_events(days))
        sent = tell(run, days, options.speed, lambda done: bar.update(task, completed=done))
    console.print(f"{sent:,} events sent, {days} days are told")


def poison(options: argparse.Namespace, run: Run) -> None:
    """Look at what the lake could not take, or send it again."""
    run.deployer.learn("storage", "streaming")
    aside = Aside(run.output("LakeBucket"), run.output("EventStreamName"))
    match options.asked:
        case "list":
            show_poison(aside.look(kind=options.reason))
        case "show":
            (waiting,) = aside.look(ids=[options.id])
            content = aside.read(waiting.key) or b""
            console.print(content.decode(), markup=False, soft_wrap=True)
        case "redrive":
            redrive(options, aside)


def redrive(options: argparse.Namespace, aside: Aside) -> None:
    """Send again what is named.

    Raises:
        StillRefusedError: something stays.
    """
    if not (options.id or options.reason or options.all):
        raise SettingError("Say which: ids, --reason WORD, or --all.")
    changes = Changes.parse(options.set, options.unset)
    waiting = aside.look(ids=options.id, kind=options.reason)
    stays = [outcome for outcome in aside.redrive(waiting, changes) if outcome.stays]
    console.print(f"{len(waiting) - len(stays):,} sent again, {len(stays):,} stay")
    for outcome in stays:
        told = f"{outcome.waiting.id}  {outcome.stays}"
        console.print(told, markup=False, soft_wrap=True)
    if stays:
        raise StillRefusedError("What stays needs another change, or a contract that takes it.")


def deliver(run: Run) -> None:
    """Upload the source, which starts the delivery when it is another one."""
    run.deployer.learn("storage")
    packed = source.Source()
    changed = source.upload(run.output("ArtifactsBucket"), packed)
    said = "is uploaded: the delivery starts" if changed else "is there already: nothing starts"
    console.print(f"source {packed.digest} {said}")


def take_down(options: argparse.Namespace, run: Run) -> None:
    """Delete everything that was deployed, and what its buckets hold."""
    name = run.settings.name
    confirm(f"Delete {name} and all of its data?", run.settings, (), yes=options.yes)
    gone = destroy(name, run.settings.stack_seconds, Lines("destroy"))
    console.print(f"deleted: {', '.join(gone) or 'nothing was there'}")


def back_up(options: argparse.Namespace, run: Run) -> None:
    """Copy into the archive, or tell what is there."""
    if options.list:
        backup.show_backups(run, options.prefix)
    else:
        backup.back_up(run, options.prefix, options.to, yes=options.yes)


def bring_back(options: argparse.Namespace, run: Run) -> None:
    """Restore a backup."""
    names = ("prefix", "backup", "tier", "overwrite", "yes")
    restore(run, Options(**{name: getattr(options, name) for name in names}))


COMMANDS = {
    "up": up,
    "deploy": deploy,
    "destroy": take_down,
    "train": train,
    "produce": produce,
    "poison": poison,
    "backup": back_up,
    "restore": bring_back,
}


def execute(options: argparse.Namespace) -> None:
    """One command."""
    run = new_run(options, settings())
    account()
    if command := COMMANDS.get(options.command):
        command(options, run)
        return
    match options.command:
        case "loop":
            close_the_loop(run, yes=options.yes)
        case "replay":
            tell_year(run, options.until, yes=options.yes)
        case "source":
            deliver(run)
        case _:
            look(options, run)


def look(options: argparse.Namespace, run: Run) -> None:
    """One command that changes nothing."""
    match options.command:
        case "status":
            show_target()
            show_status(run)
        case "open":
            run.deployer.learn("api")
            webbrowser.open(page_url(run))
        case "query":
            run.deployer.learn("warehouse")
            show_rows(*query(run, options.sql))
        case "consumers":
            run.deployer.learn(*STACKS)
            show_consumers(run)


def main(arguments: Sequence[str]) -> int:
    """Run a command; the exit code."""
    logging.basicConfig(level=logging.WARNING)
    options = parse_arguments(arguments)
    try:
        execute(options)
    except PipelineError as error:
        show_error(error)
        return 1
    except (ClientError, BotoCoreError) as error:
        show_error(UnreachableError(sentence_of(error)))
        return 1
    except KeyboardInterrupt:
        console.print("\ninterrupted: run it again to go on from here")
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
