"""`useradd` and `groupadd`: an entry in the instance's own files. Processes keep the emulator's
user, so an entry gives a home and a name, not rights.
"""

import os
import sys
from pathlib import Path

ETC = Path(os.environ.get("INSTANCE_ROOT", "") + "/etc")
WITH_VALUE = {
    "-d": "home", "--home-dir": "home", "--home": "home", "-s": "shell", "--shell": "shell",
    "-u": "id", "--uid": "id", "-g": "group", "--gid": "group", "-c": "comment",
    "--comment": "comment", "-G": "groups", "--groups": "groups",
}  # fmt: skip
FLAGS = {
    "-r": "system", "--system": "system", "-M": "homeless", "--no-create-home": "homeless",
    "-m": "homely", "--create-home": "homely", "-U": "own", "--user-group": "own", "-f": "force",
    "-N": "groupless", "--no-user-group": "groupless",
}  # fmt: skip


def parsed(arguments: list[str]) -> tuple[dict[str, str], str]:
    """Options and the name."""
    options: dict[str, str] = {}
    names = []
    words = iter([part for word in arguments for part in split(word)])
    for word in words:
        if word in WITH_VALUE:
            options[WITH_VALUE[word]] = next(words, "")
        elif word in FLAGS:
            options[FLAGS[word]] = ""
        elif word.startswith("-"):
            sys.exit(f"useradd: the option {word} is not emulated")
        else:
            names.append(word)
    if len(names) != 1:
        sys.exit("Usage: useradd [options] LOGIN")
    return options, names[0]


def split(word: str) -> list[str]:
    """`--shell=/bin/sh` and `-rM` as their parts."""
    if word.startswith("--"):
        return word.split("=", 1)
    if word.startswith("-") and len(word) > 2:
        return [f"-{letter}" for letter in word[1:]]
    return [word]


def entries(file: str) -> list[list[str]]:
    """The lines of a file, in fields."""
    return [line.split(":") for line in (ETC / file).read_text().splitlines() if line]


def free_id(taken: list[list[str]], *, system: bool) -> int:
    """An id that nobody has: below 1000 for the system's own."""
    used = {int(fields[2]) for fields in taken if fields[2].isdigit()}
    ids = range(999, 200, -1) if system else range(1001, 60000)
    return next(number for number in ids if number not in used)


def append(file: str, fields: list[str]) -> None:
    """One more line."""
    with (ETC / file).open("a") as target:
        target.write(":".join(fields) + "\n")


def add_group(options: dict[str, str], name: str) -> str:
    """A group's id; it is made when there is none."""
    groups = entries("group")
    for fields in groups:
        if name in (fields[0], fields[2]):
            return fields[2]
    number = options.get("id") or str(free_id(groups, system="system" in options))
    append("group", [name, "x", number, ""])
    return number


def add_user(options: dict[str, str], name: str) -> int:
    """A user with a group of that name."""
    users = entries("passwd")
    if any(fields[0] == name for fields in users):
        sys.stderr.write(f"useradd: user '{name}' already exists\n")
        return 9
    number = options.get("id") or str(free_id(users, system="system" in options))
    group = add_group({"system": ""} if "system" in options else {}, options.get("group", name))
    home = options.get("home", f"/home/{name}")
    shell = options.get("shell", "/bin/bash")
    append("passwd", [name, "x", number, group, options.get("comment", ""), home, shell])
    if "homely" in options or not {"system", "homeless"} & options.keys():
        Path(os.environ.get("INSTANCE_ROOT", "") + home).mkdir(parents=True, exist_ok=True)
    return 0


def main() -> int:
    """Carry out one command line."""
    options, name = parsed(sys.argv[1:])
    if Path(sys.argv[0]).name != "groupadd":
        return add_user(options, name)
    if any(fields[0] == name for fields in entries("group")) and "force" not in options:
        sys.stderr.write(f"groupadd: group '{name}' already exists\n")
        return 9
    add_group(options, name)
    return 0


sys.exit(main())
