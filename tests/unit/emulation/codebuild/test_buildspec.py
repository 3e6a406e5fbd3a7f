"""Reading a buildspec."""

import pytest

from emulation.compute.builds.buildspec import BuildspecError, Files, Phase, parse


def phases(text: str) -> str:
    return f"version: 0.2\nphases:\n  build:\n{text}"


def test_whole_buildspec():
    spec = parse("""
version: 0.2
env:
  shell: bash
  variables: {A: 1, B: yes}
  parameter-store: {P: /p}
  secrets-manager: {S: "id:key"}
  exported-variables: [A]
phases:
  install:
    runtime-versions: {python: 3.13, nodejs: 20}
    on-failure: CONTINUE
    commands: [one, "two: 2"]
    finally: [three]
  post_build: {commands: last}
artifacts:
  files: ['**/*']
  base-directory: dist
  discard-paths: yes
  secondary-artifacts: {more: {files: x}}
reports: {unit: {files: [r.xml]}}
cache: {paths: [a/**/*]}
""")
    assert (spec.shell, spec.one_shell, spec.exported) == ("bash", True, ("A",))
    assert spec.variables == {"A": "1", "B": "true"}
    assert (spec.parameters, spec.secrets) == ({"P": "/p"}, {"S": "id:key"})
    assert spec.runtimes == {"python": "3.13", "nodejs": "20"}
    assert spec.phases == {
        "INSTALL": Phase(("one", "two: 2"), ("three",), "CONTINUE"),
        "POST_BUILD": Phase(("last",)),
    }
    assert spec.artifacts == Files(("**/*",), base="dist", discard_paths=True)
    assert spec.secondary_artifacts == {"more": Files(("x",))}
    assert spec.reports["unit"].file_format == "JUNITXML"
    assert spec.cached == ("a/**/*",)


def test_json_is_a_buildspec():
    spec = parse('{"version": "0.2", "phases": {"build": {"commands": ["ls"]}}}')
    assert spec.phases["BUILD"].commands == ("ls",)


@pytest.mark.parametrize(
    ("on_failure", "retries", "pattern"),
    [("RETRY", 3, ""), ("RETRY-5", 5, ""), ("RETRY-2-time.*", 2, "time.*"), ("RETRY-x+", 3, "x+")],
)
def test_retries(on_failure, retries, pattern):
    phase = parse(phases(f"    on-failure: {on_failure}\n    commands: [ls]")).phases["BUILD"]
    assert (phase.on_failure, phase.retries, phase.retry_pattern) == ("", retries, pattern)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "wrong number of container tags"),
        ("version: 0.3\nphases: {build: {}}", "0.1 or 0.2, not 0.3"),
        ("phases: {build: {}}", "not missing"),
        ("version: 0.2", "phases is missing"),
        (phases("    commands:\n      - a: b"), "Expected Commands[0] to be of string type"),
        (phases("    run-as: root"), "run-as in a buildspec is not emulated"),
        (phases("    on-failure: SHRUG"), "on-failure is ABORT, CONTINUE or RETRY, not SHRUG"),
        ("version: 0.2\nenv: {shell: fish}\nphases: {build: {}}", "the shell fish is not emulated"),
        ("version: 0.2\nphase: {build: {}}", "unknown key phase"),
        ("version: 0.2\nphases: {build: {commands: [a, 'b}", "at line"),
        (phases("    commands: [a]") + "\nartifacts: {secondary-artifacts: {x: {}}}", "files is"),
        (
            phases("    commands: [a]") + "\nreports: {x: {files: y, file-format: CSV}}",
            "unknown file-format CSV",
        ),
    ],
)
def test_wrong_buildspecs_say_why(text, message):
    with pytest.raises(BuildspecError) as wrong:
        parse(text)
    assert message in str(wrong.value)
