"""How Glue words the failure of a script in `ErrorMessage`."""

from emulation.compute.spark import Failure

CATEGORIES = (
    ("IMPORT_ERROR", ("ModuleNotFoundError", "ImportError")),
    ("SYNTAX_ERROR", ("SyntaxError", "IndentationError")),
    ("OUT_OF_MEMORY_ERROR", ("MemoryError",)),
    ("QUERY_ERROR", ("AnalysisException", "ParseException")),
    ("INVALID_ARGUMENT_ERROR", ("IllegalArgumentException", "GlueArgumentError")),
)
UNCLASSIFIED = "UNCLASSIFIED_ERROR"
CALL = "An error occurred while calling"
"""Failures in the JVM begin with the call, without the exception's class."""

MAX_CHARACTERS = 2048


def message(failure: Failure | None, exit_code: int) -> str:
    """The message: category, line of the script, class and text; a process that left no word has
    its exit code.
    """
    if failure is None:
        # A signal's number is negative; a shell would tell 128 more than it.
        return f"Command failed with exit code {exit_code if exit_code >= 0 else 128 - exit_code}"
    parts = [f"Error Category: {category(failure.kind)}"]
    if failure.line is not None:
        parts.append(f"Failed Line Number: {failure.line}")
    text = failure.message if failure.message.startswith(CALL) else described(failure)
    return "; ".join([*parts, text])[:MAX_CHARACTERS]


def described(failure: Failure) -> str:
    """Class and text, as Python's traceback ends."""
    return f"{failure.kind}: {failure.message}" if failure.message else failure.kind


def category(kind: str) -> str:
    """Glue's word for a class of exceptions."""
    return next((name for name, kinds in CATEGORIES if kind in kinds), UNCLASSIFIED)
