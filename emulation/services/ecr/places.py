"""Where this emulator's images are, and what of the machine their builds use."""

from emulation.compute.once import once
from emulation.compute.process_images.housekeeping import tidy
from emulation.compute.process_images.library import Library
from emulation.compute.process_images.run_step import Workplace
from emulation.services import documents
from emulation.settings import registry_environment, settings, system_environment, uv_cache

CERTIFICATES = "SSL_CERT_FILE"


@once
def library() -> Library:
    """The images of this machine, tidied when it is first asked for."""
    found = Library(settings().folder("process-images"))
    files = (found.folder / "sessions").glob("*.json")
    images = [image["digest"] for file in files for image in documents.read(file)]
    tidy(found, images)
    return found


@once
def workplace() -> Workplace:
    """What RUN uses of this machine."""
    system = system_environment()
    trusted = {name: system[name] for name in (CERTIFICATES,) if name in system}
    caches = settings().folder("process-images", "caches")
    return Workplace({**trusted, **registry_environment()}, uv_cache(), caches)
