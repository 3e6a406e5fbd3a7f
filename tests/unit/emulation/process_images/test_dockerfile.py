"""Dockerfiles, read: instructions with their lines, here-documents, words, patterns."""

import pytest

from emulation.compute.process_images import settings_steps
from emulation.compute.process_images.dockerfile import DockerfileError, parse
from emulation.compute.process_images.image import ImageConfig
from emulation.compute.process_images.patterns import Ignored
from emulation.compute.process_images.plan import Arguments, stages_for
from emulation.compute.process_images.relocated_run import NotHonouredError, commands_of
from emulation.compute.process_images.run_step import mounts_of
from emulation.compute.process_images.settings_steps import STEPS, Words
from emulation.compute.process_images.words import WordError, expand, pairs


def test_stages_have_instructions_with_lines_flags_and_heredocs():
    text = (
        "# syntax=docker/dockerfile:1\n"
        "ARG BASE=python:3.13\n"
        "FROM ${BASE} AS Build\n"
        "RUN a && \\\n"
        "  # between\n"
        "\n"
        "  b\n"
        "COPY --chown=1:2 <<-'END' <<TWO /x/\n"
        "\tone $A\n"
        "END\n"
        "RUN not an instruction\n"
        "TWO\n"
        "FROM build\n"
        "user app\n"
    )
    file = parse(text)
    assert [item.value for item in file.arguments] == ["BASE=python:3.13"]
    build, last = file.stages
    assert (build.base, build.name, last.base) == ("${BASE}", "build", "build")
    run, copy = build.instructions
    assert (run.line, run.value.split()) == (4, ["a", "&&", "b"])
    assert (copy.line, copy.flag("chown")) == (8, "1:2")
    assert [(doc.name, doc.text, doc.literal) for doc in copy.heredocs] == [
        ("END", "one $A\n", True),
        ("TWO", "RUN not an instruction\n", False),
    ]
    assert [(item.name, item.value, item.line) for item in last.instructions] == [
        ("USER", "app", 14)
    ]


def test_what_cannot_be_read_is_refused_with_its_line():
    refused = {
        "FROM x\n\nFOO bar": "line 3: unknown instruction: FOO",
        "FROM x\nONBUILD RUN y": "line 2: ONBUILD is not emulated",
        "FROM x\nCOPY": "line 2: COPY requires at least one argument",
        "FROM x\nCOPY --parents a b": "line 2: the flag --parents of COPY is not emulated",
        "FROM x\nRUN <<EOF\necho": "line 2: unterminated heredoc: EOF",
        "FROM a b": "line 1: FROM requires either one or three arguments",
        "RUN x\nFROM y": "line 1: no build stage in current context: RUN",
        "# nothing": "line 1: file with no instructions",
    }
    for text, reason in refused.items():
        with pytest.raises(DockerfileError) as error:
            parse(text)
        assert str(error.value) == f"dockerfile parse error on {reason}"


def test_mounts_that_nobody_honours_are_refused_with_their_line():
    refused = {
        "--mount=type=secret,id=x": "--mount=type=secret",
        "--mount=type=cache,foo=1,target=/x": "--mount=foo",
        "--network=none": "--network=none",
    }
    for flag, named in refused.items():
        (stage,) = parse(f"FROM x\nRUN {flag} y").stages
        with pytest.raises(DockerfileError, match=f"line 2: RUN {named} is not emulated"):
            mounts_of(stage.instructions[0])
    (stage,) = parse("FROM x\nRUN --mount=type=cache,target=/c --mount=target=/s,rw y").stages
    cache, bind = mounts_of(stage.instructions[0])
    assert (cache.kind, cache.identifier, cache.writable) == ("cache", "/c", True)
    assert (bind.kind, bind.target, bind.writable) == ("bind", "/s", True)


def test_words_are_expanded_as_the_reference_says():
    known = {"A": "x", "EMPTY": ""}
    expected = {
        "$A-${A}": "x-x",
        "'$A'": "$A",
        '"$A \\$A"': "x $A",
        "\\$A": "$A",
        "${NO:-y$A}": "yx",
        "${EMPTY-y}": "",
        "${EMPTY:-y}": "y",
        "${A:+z}${NO:+z}": "z",
        "$": "$",
    }
    assert {text: expand(text, known) for text in expected} == expected
    for text in ("${A#x}", "${NO:?must}", "${A", "${}"):
        with pytest.raises(WordError):
            expand(text, known)


def test_pairs_have_two_forms():
    assert pairs('a=1 b="two words" c=$X', {"X": "3"}) == {"a": "1", "b": "two words", "c": "3"}
    assert pairs("a one  two", {}) == {"a": "one  two"}
    with pytest.raises(WordError, match="must have two arguments"):
        pairs("a", {})


def test_only_stages_that_the_target_needs_are_built():
    file = parse(
        "ARG FIRST=a\nFROM x AS a\nFROM y AS unused\nFROM $FIRST AS b\n"
        "FROM z AS c\nCOPY --from=b /x /y\nFROM w\n"
    )
    words = Arguments(file, {}).before_stages()
    assert [stage.name for stage in stages_for(file, "C", words)] == ["a", "b", "c"]
    assert [stage.base for stage in stages_for(file, "", words)] == ["w"]


def test_arguments_are_given_defaulted_or_inherited():
    file = parse("ARG A=1\nARG B=$A-b\nFROM x\nARG A\nARG B=c\nARG C\n")
    arguments = Arguments(file, {"A": "2", "Z": "9"})
    scope: dict[str, str] = {}
    for item in file.stages[0].instructions:
        scope |= arguments.declared(item, scope)
    assert scope == {"A": "2", "B": "c"}
    assert arguments.unused() == ["Z"]


def test_ignored_files_are_those_of_the_last_pattern_that_fits():
    ignored = Ignored(["# comment", "*.md", "!README.md", "**/__pycache__", "/build/", "a/*/c"])
    left_out = ["x.md", "a/__pycache__", "a/b/__pycache__/x.pyc", "build/x", "a/b/c"]
    kept = ["README.md", "docs/x.md", "a/b", "builder"]
    assert [path for path in (*left_out, *kept) if ignored(path)] == left_out


def configured(text: str) -> ImageConfig:
    """A configuration after these instructions."""
    config = ImageConfig()
    (stage,) = parse(f"FROM x\n{text}").stages
    for item in stage.instructions:
        step = STEPS.get(item.name) or settings_steps.set_folder
        config = step(config, item, Words({"V": "v"}, "\\"))
    return config


def test_settings_are_written_and_read_back():
    config = configured(
        'ENV A=$V B="b c"\nLABEL l=m\nCMD echo hi\nUSER app\nWORKDIR /a\nWORKDIR b/../c\n'
        "EXPOSE 80 8000-8001/udp\nVOLUME /data /other\nSTOPSIGNAL sigint\n"
        'HEALTHCHECK --interval=1m30s --retries=2 CMD ["curl", "x"]\n'
    )
    assert config.environment == {"A": "v", "B": "b c"}
    assert config.command == ("/bin/sh", "-c", "echo hi")
    assert (config.user, config.working_directory) == ("app", "/a/c")
    assert config.exposed_ports == ("80/tcp", "8000/udp", "8001/udp")
    assert config.health_check is not None
    assert (config.health_check.interval, config.health_check.retries) == (90.0, 2)
    assert ImageConfig.from_oci(config.to_oci()) == config


@pytest.mark.parametrize(
    "text",
    ["EXPOSE 99999", "STOPSIGNAL SIGNOPE", "HEALTHCHECK FOO", "SHELL sh -c", "HEALTHCHECK NONE x"],
)
def test_settings_that_make_no_sense_are_refused(text):
    with pytest.raises(WordError):
        configured(text)


def test_without_a_root_only_what_stays_in_the_image_is_run():
    lines = commands_of(["/bin/sh", "-c", "pip install 'x>1' && useradd -u 5 -m app"])
    assert [words[0] for words in lines] == ["pip", "useradd"]
    for line in ("rm -rf /x", "pip list | tee x", "uv cache clean", "mkdir -m 7 x", "echo $HOME"):
        with pytest.raises(NotHonouredError, match="not emulated on this system"):
            commands_of(["/bin/sh", "-c", line])
