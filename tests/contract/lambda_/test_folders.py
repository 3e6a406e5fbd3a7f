"""A function's folders: bundle, layers, /tmp; in a mount namespace where the system has one."""

import pytest

from tests.contract.lambda_.functions import bundle

CALL = "import os, shutil, subprocess\ndef handler(event, context):\n    return eval(event)\n"

FILES = "[name for name in os.listdir('/tmp') if os.path.isfile(f'/tmp/{name}')]"
"""A folder stands there, too, where the emulator's own programs are below the machine's /tmp."""


@pytest.fixture
def evaluate(functions, invoke):
    """`evaluate(options)(expression)`: its value inside one function."""

    def create(files=None, **options):
        name = functions({"main.py": CALL, **(files or {})}, **options)

        def call(expression: str):
            payload, error, _ = invoke(name, expression)
            assert error is None, payload
            return payload

        return call

    return create


@pytest.fixture
def rooted(evaluate):
    """An evaluating function, on a system where functions have mounts of their own."""
    call = evaluate()
    if call("os.environ['LAMBDA_TASK_ROOT']") != "/var/task":
        pytest.skip("this system lets no process have mounts of its own")
    return call


@pytest.fixture
def layer(aws, unique):
    """`layer(files)`: the ARN of a new layer version."""
    made = []

    def publish(files: dict[str, str]) -> str:
        made.append(files)
        return aws("lambda").publish_layer_version(
            LayerName=f"{unique}-{len(made)}", Content={"ZipFile": bundle(files)}
        )["LayerVersionArn"]

    return publish


def test_function_is_at_home_in_var_task(rooted):
    assert rooted("[os.getcwd(), __file__]") == ["/var/task", "/var/task/main.py"]
    assert rooted("os.environ['LAMBDA_RUNTIME_DIR']") == "/var/runtime"
    assert rooted("__import__('boto3').__file__").startswith("/var/runtime/")


@pytest.mark.parametrize("path", ["/var/task/new", "/etc/new", "/opt/new", "/var/new", "/new"])
def test_everything_but_tmp_is_read_only(rooted, functions, invoke, path):
    name = functions(f"def handler(event, context):\n    open('{path}', 'w')\n")
    payload = invoke(name)[0]
    assert payload["errorMessage"] == f"[Errno 30] Read-only file system: '{path}'"


def test_tmp_is_private_and_as_large_as_the_function_says(rooted, evaluate):
    small, large = rooted, evaluate(EphemeralStorage={"Size": 1024})
    small("open('/tmp/mine', 'w').write('x')")
    assert small(FILES) == ["mine"]
    assert large(FILES) == []
    sizes = [call("shutil.disk_usage('/tmp').total // 2**20") for call in (small, large)]
    assert sizes == [512, 1024]


def test_full_tmp_is_told_as_on_aws(rooted, functions, invoke):
    code = (
        "def handler(event, context):\n"
        "    with open('/tmp/full', 'wb') as file:\n"
        "        for _ in range(600):\n            file.write(bytes(2**20))\n"
    )
    payload = invoke(functions(code, Timeout=60, MemorySize=512))[0]
    assert payload["errorMessage"] == "[Errno 28] No space left on device"


def test_tmp_outlives_a_crash_of_the_process(rooted, functions, invoke):
    code = (
        "import os\n"
        "def handler(event, context):\n"
        "    if event:\n        open('/tmp/kept', 'w').close()\n        os._exit(1)\n"
        f"    return {FILES}\n"
    )
    name = functions(code)
    invoke(name, 1)
    assert invoke(name, 0)[0] == ["kept"]


def test_later_layer_hides_the_earlier_one_s_file(evaluate, layer):
    first = layer({"python/a.py": "word = 'first'\n", "python/b.py": "word = 'first'\n", "f": "1"})
    second = layer({"python/b.py": "word = 'second'\n", "bin/tool": "#!/bin/sh\necho tool\n"})
    call = evaluate(Layers=[first, second])
    assert call("[__import__(name).word for name in 'ab']") == ["first", "second"]
    assert call("subprocess.check_output(['tool'], text=True)") == "tool\n"


def test_bundle_hides_a_layer_and_both_hide_the_runtime(evaluate, layer):
    arn = layer({"python/a.py": "word = 'layer'\n", "python/six.py": "word = 'layer'\n"})
    call = evaluate({"a.py": "word = 'bundle'\n"}, Layers=[arn])
    assert call("[__import__(name).word for name in ('a', 'six')]") == ["bundle", "layer"]


def test_site_packages_of_a_layer_are_found(evaluate, layer):
    arn = layer({"python/lib/python3.13/site-packages/deep.py": "word = 'deep'\n"})
    assert evaluate(Layers=[arn])("__import__('deep').word") == "deep"


def test_wrapper_script_starts_the_runtime(rooted, evaluate, layer):
    wrapper = '#!/bin/sh\nexport WRAPPED="by $0"\nexec "$@"\n'
    call = evaluate(
        Layers=[layer({"wrapper": wrapper})],
        Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrapper"}},
    )
    assert call("os.environ['WRAPPED']") == "by /opt/wrapper"
