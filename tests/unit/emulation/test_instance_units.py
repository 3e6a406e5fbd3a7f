"""Units as systemd reads them, and the refusal of what nobody carries out."""

import signal

import pytest

from emulation.compute.instances.guest import unit_text, units
from emulation.compute.instances.guest.unit_text import UnitError


def unit(*lines, section="Service"):
    text = "\n".join(["[Service]", "ExecStart=/bin/true", f"[{section}]", *lines])
    return units.parse("a.service", text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/bin/a b  c", ["/bin/a", "b", "c"]),
        (r"""/bin/a "b c" 'd "e"' f'g'""", ["/bin/a", "b c", 'd "e"', "fg"]),
        (r'/bin/a "b\nc" \x41 \d', ["/bin/a", "b\nc", "A", r"\d"]),
        ("/bin/a ''", ["/bin/a", ""]),
    ],
)
def test_words(text, words):
    assert unit_text.words(text) == words


def test_open_quote_is_refused():
    with pytest.raises(UnitError, match="quote"):
        unit_text.words("a 'b")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5", 5), ("500ms", 0.5), ("1min 30s", 90), ("2h", 7200), ("infinity", float("inf"))],
)
def test_time_spans(text, seconds):
    assert unit_text.seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "soon", "5 parsecs"])
def test_no_time_span(text):
    with pytest.raises(UnitError, match="no time span"):
        unit_text.seconds(text)


def test_variables_are_put_in_place():
    command = unit_text.command("/bin/a $WORDS ${ONE}x $$HOME $ABSENT")
    found = unit_text.substituted(command, {"WORDS": "b c", "ONE": "1"})
    assert found == ["/bin/a", "b", "c", "1x", "$HOME"]
    raw = unit_text.command(":/bin/a $WORDS")
    assert unit_text.substituted(raw, {"WORDS": "b"}) == ["/bin/a", "$WORDS"]


def test_prefixes_of_commands():
    command = unit_text.command("-@/bin/a name b")
    assert (command.may_fail, command.first_argument, command.words) == (
        True,
        "name",
        ("/bin/a", "b"),
    )


def test_environment_file():
    text = "# comment\nA=1\nB='two words'\nexport C=3\\\n4\n"
    assert unit_text.environment_file(text) == {"A": "1", "B": "two words", "C": "3 4"}


def test_empty_assignment_takes_back_what_was_said():
    found = unit("Environment=A=1", "Environment=", "Environment=B=2 C=3")
    assert found.environment == {"B": "2", "C": "3"}


def test_defaults_are_systemds():
    found = unit()
    assert (found.kind, found.restart, found.restart_seconds) == ("simple", "no", 0.1)
    assert (found.stop_timeout, found.kill_signal) == (90, signal.SIGTERM)
    assert (found.limit_seconds, found.limit_starts) == (10, 5)
    assert -signal.SIGTERM in found.success


def test_specifiers_name_the_unit():
    assert unit("WorkingDirectory=/opt/%p/%n").working_directory == "/opt/a/a.service"


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("MemoryMax=1G", "MemoryMax="),
        ("Type=notify", "Type=notify"),
        ("ExecStartPre=+/bin/a", "prefix"),
        ("ExecStart=/bin/b", "more than one ExecStart="),
        ("StandardOutput=socket", "socket"),
        ("KillSignal=SIGNOTHING", "SIGNOTHING"),
        ("WorkingDirectory=%h", "%h"),
    ],
)
def test_what_nobody_carries_out_is_refused(line, named):
    with pytest.raises(UnitError, match=named.replace("+", r"\+")):
        unit(line)


def test_other_sections_are_refused():
    with pytest.raises(UnitError, match=r"\[Timer\]"):
        unit("OnBootSec=1", section="Timer")
