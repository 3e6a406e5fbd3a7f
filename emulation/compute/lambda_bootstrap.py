"""What a function's process runs: AWS's own runtime client, told where the bundle and the layers
are.

Started by path with `python -P`, in the Lambda runtime's interpreter, so it imports nothing of
ours. It stands where `/var/runtime/bootstrap.py` stands on AWS and adds two things to the client's
output, both invisible to the function: a mark after each invocation, so that the other side knows
that it has read everything the handler printed, and line breaks inside one log message travel as
`LINE_BREAK`, so that a stack trace is one log event, as on AWS.
"""

import sys

FLUSHED = "\x1d\x1e\x1d"
LINE_BREAK = "\x1f"


def search_path(task_root: str, layers: str | None) -> list[str]:
    """AWS's order: the bundle, then the layers; the runtime's own packages come after both."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    below = (f"python/lib/{version}/site-packages", "python")
    return [task_root, *(f"{layers}/{folder}" for folder in below if layers)]


def main() -> None:
    """Serve invocations until killed."""
    address, handler, task_root, *layers = sys.argv[1:]
    del sys.argv[1:]
    sys.path[:0] = search_path(task_root, layers[0] if layers else None)
    from awslambdaric import (  # type: ignore[import-untyped]
        bootstrap,
        lambda_runtime_client,
    )

    class LogSink(bootstrap.StandardLogSink):
        """One log message, one line of output."""

        def log(self, msg: str, frame_type: object = None) -> None:
            sys.stdout.write(msg.rstrip("\n").replace("\n", LINE_BREAK) + "\n")

        def log_error(self, message_lines: list[str]) -> None:
            self.log("\n".join(message_lines))

    class Client(lambda_runtime_client.LambdaRuntimeClient):
        """Says that the output is complete before it asks for more work."""

        def wait_next_invocation(self) -> object:
            sys.stdout.write(FLUSHED + "\n")
            return super().wait_next_invocation()

    bootstrap.create_log_sink = LogSink
    bootstrap.run(handler, Client(address))


if __name__ == "__main__":
    main()
