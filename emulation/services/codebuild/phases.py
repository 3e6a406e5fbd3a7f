"""The phases of one build as they begin and end: written down, and told to EventBridge."""

import time

from emulation.services.codebuild.build_view import logs, told_moment
from emulation.services.codebuild.store import LOCK, Build, Members
from emulation.services.service_events import put_event

SOURCE = "aws.codebuild"
WITHOUT_CONTEXTS = ("SUBMITTED", "QUEUED")
"""Phases before the build has a container say nothing when they succeed."""


def enter(build: Build, phase: str) -> None:
    """A phase begins."""
    with LOCK:
        build.phase = phase
        build.phases.append({"phaseType": phase, "startTime": time.time()})
        build.save()


def leave(build: Build, status: str, code: str = "", message: str = "") -> None:
    """The phase that runs has ended."""
    with LOCK:
        phase = build.phases[-1]
        phase["endTime"] = time.time()
        phase["phaseStatus"] = status
        phase["durationInSeconds"] = int(phase["endTime"] - phase["startTime"])
        if code or phase["phaseType"] not in WITHOUT_CONTEXTS:
            phase["contexts"] = [{"statusCode": code, "message": message}]
        build.save()
    tell_phase(build, phase)


def complete(build: Build, status: str) -> None:
    """The build has ended."""
    enter(build, "COMPLETED")
    with LOCK:
        build.status = status
        build.ended = time.time()
        build.save()
    tell_state(build)


def tell_state(build: Build) -> None:
    """CodeBuild Build State Change."""
    detail = {
        "build-status": build.status,
        "project-name": build.project,
        "build-id": build.arn,
        "current-phase": build.phase,
        "current-phase-context": _context(build.phases[-1]),
        "version": "1",
        "additional-information": _information(build),
    }
    _put(build, "CodeBuild Build State Change", detail)


def tell_phase(build: Build, phase: Members) -> None:
    """CodeBuild Build Phase Change."""
    detail = {
        "completed-phase": phase["phaseType"],
        "project-name": build.project,
        "build-id": build.arn,
        "completed-phase-context": _context(phase),
        "completed-phase-status": phase["phaseStatus"],
        "completed-phase-duration-seconds": phase["durationInSeconds"],
        "version": "1",
        "completed-phase-start": told_moment(phase["startTime"]),
        "completed-phase-end": told_moment(phase["endTime"]),
        "additional-information": _information(build),
    }
    _put(build, "CodeBuild Build Phase Change", detail)


def _put(build: Build, detail_type: str, detail: Members) -> None:
    put_event(build.account, build.region, SOURCE, detail_type, detail, [build.arn])


def _information(build: Build) -> Members:
    environment = build.members["environment"]
    places = logs(build)
    primary = next((item for item in build.artifacts if "artifactIdentifier" not in item), {})
    told = ("location", "sha256sum", "md5sum")
    return {
        "artifact": {name: primary[name] for name in told if name in primary} or {"location": ""},
        "environment": {
            "image": environment["image"],
            "privileged-mode": False,
            "image-pull-credentials-type": environment["imagePullCredentialsType"],
            "compute-type": environment["computeType"],
            "type": environment["type"],
            "environment-variables": environment["environmentVariables"],
        },
        "timeout-in-minutes": build.members["timeoutInMinutes"],
        "queued-timeout-in-minutes": build.members["queuedTimeoutInMinutes"],
        "build-complete": build.complete,
        "build-number": build.number,
        "initiator": build.members["initiator"],
        "build-start-time": told_moment(build.started),
        "source": {
            name: build.members["source"][name]
            for name in ("type", "location", "buildspec")
            if name in build.members["source"]
        },
        "source-version": build.members.get("sourceVersion", ""),
        "logs": {name: places[member] for name, member in LOG_NAMES.items() if member in places},
        "phases": [_phase(phase) for phase in build.phases],
    }


LOG_NAMES = {"group-name": "groupName", "stream-name": "streamName", "deep-link": "deepLink"}


def _phase(phase: Members) -> Members:
    told: Members = {
        "phase-type": phase["phaseType"],
        "start-time": told_moment(phase["startTime"]),
    }
    if "endTime" in phase:
        told |= {
            "end-time": told_moment(phase["endTime"]),
            "duration-in-seconds": phase["durationInSeconds"],
            "phase-status": phase["phaseStatus"],
        }
    if "contexts" in phase:
        told["phase-context"] = [_text(context) for context in phase["contexts"]]
    return told


def _context(phase: Members) -> str:
    return f"[{', '.join(_text(context) for context in phase.get('contexts', []))}]"


def _text(context: Members) -> str:
    return f"{context['statusCode']}: {context['message']}"
