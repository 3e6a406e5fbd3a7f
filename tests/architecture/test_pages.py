"""The pages that list what the code does: the coverage table and the settings.

`TERRARIUM_WRITE_PAGES=1 pytest tests/architecture/test_pages.py` writes the settings page anew;
`python -m emulation.coverage` writes the coverage table.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from pydantic import AliasChoices
from pydantic_settings import BaseSettings

from api.settings import ApiSettings
from emulation.laptop.settings import LaptopSettings
from emulation.settings import EmulationSettings
from pipeline.config import Settings

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/settings.md"
WRITE = os.environ.get("TERRARIUM_WRITE_PAGES")

CLASSES: dict[str, type[BaseSettings]] = {
    "pipeline": Settings,
    "api": ApiSettings,
    "emulation": EmulationSettings,
    "emulation.laptop": LaptopSettings,
}

HEAD = """# Settings

Each is an environment variable with a default. `AWS_ENDPOINT` is the one switch: an address means
the emulator, empty means AWS itself.
"""


def variable(name: str, settings: type[BaseSettings]) -> str:
    field = settings.model_fields[name]
    alias = field.validation_alias
    if isinstance(alias, AliasChoices):
        return "`, `".join(str(choice) for choice in alias.choices)
    return (
        alias if isinstance(alias, str) else f"{settings.model_config['env_prefix']}{name}".upper()
    )


def settings_page() -> str:
    parts = [HEAD]
    for package, settings in CLASSES.items():
        parts.append(f"## {package}\n\n| Variable | Default | Meaning |\n|---|---|---|")
        for name, field in settings.model_fields.items():
            shown = f"`{field.default}`" if field.default not in ("", None) else ""
            assert field.description, f"{name} of {package} says nothing"
            parts.append(f"| `{variable(name, settings)}` | {shown} | {field.description} |")
        parts.append("")
    return "\n".join(parts)


def test_settings_page_lists_every_setting():
    if WRITE:
        PAGE.write_text(settings_page())
    assert PAGE.read_text() == settings_page()


def test_coverage_table_is_what_the_providers_answer():
    """In a process of its own: importing LocalStack leaves a socket open."""
    command = [sys.executable, "-m", "emulation.coverage", "--check"]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def test_makefile_targets_of_the_readme_exist():
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"make ([a-z0-9-]+)", (ROOT / "README.md").read_text()))
    assert named <= targets


def test_links_between_pages_lead_somewhere():
    assert not {str(page): links for page in pages() if (links := broken_links(page))}


def pages() -> list[Path]:
    """The READMEs of the folders that are ours."""
    folders = [path for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")]
    nested = [page for folder in folders for page in folder.rglob("README.md")]
    return sorted([ROOT / "README.md", *nested])


def broken_links(page: Path) -> list[str]:
    links = re.findall(r"\]\((?!http)([^)#]+)", page.read_text())
    return [link for link in links if not (page.parent / link).exists()]
