"""Gives a command an error output of its own, then becomes it: `redirect.py DESCRIPTOR COMMAND...`.

The supervisor reads one output of a process; EMR keeps two. Run by path with `python -I -S`. A
command that is not there is told as the Java program that runs commands on EMR tells it.
"""

import os
import sys


def main(descriptor: int, command: list[str]) -> None:
    """Become the command."""
    os.dup2(descriptor, 2)
    os.close(descriptor)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        sys.stderr.write(
            f'Exception in thread "main" java.io.IOException: Cannot run program "{command[0]}" '
            f'(in directory "."): error={error.errno}, {error.strerror}\n'
        )
        sys.exit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
