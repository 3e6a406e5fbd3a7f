"""Which functions run here."""

import pytest

from emulation.services.lambda_ import supported


@pytest.mark.parametrize(
    ("package", "runtime", "named"),
    [("Image", None, "PackageType Image"), ("Zip", "java21", "runtime java21")],
)
def test_what_cannot_run_is_refused_by_name(package, runtime, named):
    with pytest.raises(NotImplementedError, match=named):
        supported.check(package, runtime)


def test_runtime_that_is_emulated_by_another_version_says_so():
    assert supported.description("python3.12").startswith("python:3.12 (emulated by Python 3.13.")
