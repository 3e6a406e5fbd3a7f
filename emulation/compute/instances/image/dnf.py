"""`dnf install`: says whether the image holds a package; others come from nowhere."""

import shutil
import sys

HELD_AS = {
    "python3.13": "python3.13",
    "python3.13-pip": "pip3.13",
    "awscli-2": "aws",
    "awscli": "aws",
    "curl-minimal": "curl",
    "shadow-utils": "useradd",
    "systemd": "systemctl",
    "coreutils": "ls",
    "gawk": "awk",
    "findutils": "find",
    "procps-ng": "ps",
    "util-linux": "unshare",
}
"""Packages whose program has another name."""

NOTHING = {"update", "upgrade", "makecache", "clean", "check-update"}


def main(arguments: list[str]) -> int:
    """Carry out one command line."""
    words = [word for word in arguments if not word.startswith("-")]
    if words and words[0] in NOTHING:
        sys.stdout.write("Dependencies resolved.\nNothing to do.\nComplete!\n")
        return 0
    if not words or words[0] != "install":
        sys.stderr.write(f"dnf {' '.join(words[:1])}: not emulated; only install is\n")
        return 1
    return install(words[1:])


def install(packages: list[str]) -> int:
    """Every package must be held already."""
    missing = [name for name in packages if not shutil.which(HELD_AS.get(name, name))]
    for name in packages:
        if name in missing:
            sys.stdout.write(f"No match for argument: {name}\n")
        else:
            sys.stdout.write(f"Package {name} is already installed.\n")
    if missing:
        sys.stderr.write(f"Error: Unable to find a match: {' '.join(missing)}\n")
        return 1
    sys.stdout.write("Dependencies resolved.\nNothing to do.\nComplete!\n")
    return 0


sys.exit(main(sys.argv[1:]))
