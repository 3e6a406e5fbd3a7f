"""What a build leaves behind when its commands have run: variables, reports, artifacts, a cache."""

from pathlib import Path

from emulation.compute.builds.buildspec import Buildspec, Files, Reports
from emulation.compute.builds.files import FilesError, Selected, select
from emulation.compute.builds.junit import ReportError, read
from emulation.compute.builds.places import Place
from emulation.services.codebuild import caches, reports
from emulation.services.codebuild.build_environment import exported, exporting
from emulation.services.codebuild.build_log import BuildLog
from emulation.services.codebuild.commands import Commands
from emulation.services.codebuild.failures import CLIENT_ERROR, PhaseError
from emulation.services.codebuild.report_export import export
from emulation.services.codebuild.report_groups import ensure
from emulation.services.codebuild.store import Build
from emulation.services.codebuild.uploads import Uploads


class Departures:
    """Of one build."""

    def __init__(
        self,
        build: Build,
        spec: Buildspec,
        place: Place,
        source: Path,
        commands: Commands,
        log: BuildLog,
    ) -> None:
        self._build = build
        self._spec = spec
        self._place = place
        self._source = source
        self._commands = commands
        self._log = log

    def _ask(self, command: str, name: str) -> str:
        """What a command has written to a file of this name; `{}` in it is the file."""
        file = self._place.scratch / name
        self._commands.run_quietly(command.replace("{}", self._place.seen(file)))
        return file.read_text(errors="replace") if file.exists() else ""

    def export_variables(self) -> None:
        """The values that the variables of `exported-variables` have now."""
        if self._spec.exported:
            text = self._ask(exporting(self._spec.exported, "{}"), "exported")
            self._build.exported = exported(text)

    def upload(self) -> None:
        """Artifacts to S3."""
        uploads = Uploads(self._build, self._spec, self._source, self._place.scratch)
        if self._spec.artifacts is not None:
            self._log.container(f"Expanding base directory path: {self._spec.artifacts.base}")
        self._build.artifacts = uploads.upload(self._names())

    def _names(self) -> dict[str, str]:
        """The names of the buildspec's artifacts, which may hold variables and commands."""
        every: dict[str, Files | None] = {"": self._spec.artifacts}
        every |= self._spec.secondary_artifacts
        return {
            key: self._ask(f"printf '%s' \"{files.name}\" >'{{}}'", "name").strip()
            for key, files in every.items()
            if files is not None and files.name
        }

    def report(self) -> None:
        """Test reports. What is wrong with them fails the phase; tests that failed do not."""
        for name, section in self._spec.reports.items():
            self._report(name, section)

    def _report(self, name: str, section: Reports) -> None:
        if section.file_format != "JUNITXML":
            raise PhaseError(
                CLIENT_ERROR, f"the report file-format {section.file_format} is not emulated"
            )
        self._log.container(f"Preparing to copy TEST report {name}")
        try:
            files = select(self._source, section.files)
        except FilesError:
            self._log.container(f"No matching report paths found for {name}")
            return
        group_name = name if name.startswith("arn:") else f"{self._build.project}-{name}"
        group = ensure(self._build.scope, group_name)
        try:
            cases = [(file.name, case) for file in files for case in read(file.path)]
        except ReportError as error:
            raise PhaseError(CLIENT_ERROR, f"Error parsing report file {error}") from error
        report = reports.add(self._build.scope, group, self._build.arn, cases)
        self._build.reports.append(report.members["arn"])
        self._export(report.members["arn"], group.members["exportConfig"], files)
        self._log.container(f"{len(cases)} test cases of {name}: {report.members['status']}")

    def _export(self, arn: str, config: dict[str, object], files: list[Selected]) -> None:
        if config.get("exportConfigType") == "S3":
            export(self._build.scope, arn, config, files, self._place.scratch)

    def restore_cache(self) -> None:
        """Put back what an earlier build of the project left."""
        cache = caches.Cache(self._build, self._place.scratch)
        if not (cache.wanted and self._spec.cached):
            return
        if cache.fetch():
            self._commands.run_quietly(caches.unpacking(self._place.seen(cache.archive)))
            self._log.container("Cache is restored")

    def save_cache(self) -> None:
        """Keep what the buildspec names for the next build."""
        cache = caches.Cache(self._build, self._place.scratch)
        if not (cache.wanted and self._spec.cached):
            return
        cache.archive.unlink(missing_ok=True)
        seen = self._place.seen(cache.archive)
        self._commands.run_quietly(caches.packing(self._spec.cached, seen))
        problem = cache.keep()
        self._log.container(f"Cache is not kept: {problem}" if problem else "Cache is kept")
