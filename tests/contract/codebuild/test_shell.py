"""A build's shell with real processes, where the API has no way to hurry: its time runs out."""

import time
from pathlib import Path

import pytest

from emulation.compute.builds.places import Machine, Place, can_isolate
from emulation.compute.builds.shell import Shell, ShellEndedError
from emulation.compute.processes import Status, Supervisor


@pytest.fixture
def supervisor():
    started = Supervisor()
    yield started
    started.stop_all()


@pytest.fixture
def machine(tmp_path):
    path = "/usr/local/bin:/usr/bin:/bin"
    return Machine(path, Path.home(), tmp_path / "cache", [tmp_path / "hidden"])


@pytest.fixture(params=["own root", "no root"])
def shell(request, tmp_path, supervisor, machine):
    isolated = request.param == "own root"
    if isolated and not can_isolate(supervisor, machine):
        pytest.skip("this system gives a process no root of its own")
    place = Place(tmp_path / "build", machine, isolated=isolated)
    place.make()
    lines: list[str] = []
    folder = place.seen(place.codebuild)
    made = Shell(supervisor, place, "sh", place.environment(), folder, lines.append)
    made.lines = lines
    yield made
    made.close()


def soon() -> float:
    return time.monotonic() + 60


def test_time_that_runs_out_ends_everything(shell):
    with pytest.raises(ShellEndedError) as ended:
        shell.run("echo begun; sleep 1000 & wait", time.monotonic() + 0.5)
    assert ended.value.cause is Status.TIMED_OUT
    with pytest.raises(ShellEndedError):
        shell.run("echo never", soon())
    assert "never" not in shell.lines


def test_shell_that_was_ended_goes_on_where_it_was(shell):
    assert shell.run("A=1; export B='two words'; cd /", soon()) == 0
    assert shell.run("exit 7", soon()) == 7
    assert shell.run("kill -9 $$", soon()) == -9
    assert shell.run('echo "$A $B $(pwd)"', soon()) == 0
    assert shell.lines[-1] == "1 two words /"


def test_status_comes_after_the_output_and_with_a_part_of_a_line(shell):
    assert shell.run("printf 'no end of line'; (exit 3)", soon()) == 3
    assert shell.lines == ["no end of line"]


def test_output_sent_elsewhere_does_not_hide_the_status(shell):
    assert shell.run("exec >/dev/null", soon()) == 0
    assert shell.run("echo unseen; false", soon()) == 1
    assert shell.lines == []


def test_syntax_error_is_a_status(shell):
    assert shell.run("if then", soon()) == 2
    assert shell.run("true", soon()) == 0
