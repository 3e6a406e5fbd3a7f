"""Which functions run here."""

from pathlib import Path

import pytest

from emulation.compute.lambda_languages import Python
from emulation.services.lambda_ import supported


@pytest.mark.parametrize(
    ("package", "runtime", "named"),
    [("Image", None, "PackageType Image"), ("Zip", "java21", "runtime java21")],
)
def test_what_cannot_run_is_refused_by_name(package, runtime, named):
    with pytest.raises(NotImplementedError, match=named):
        supported.check(package, runtime)


def test_runtime_that_is_emulated_by_another_version_says_so():
    runtime = Python("python3.12", Path("/runtime/bin/python"), "3.13.0")
    assert runtime.description == "python:3.12 (emulated by Python 3.13.0)"
