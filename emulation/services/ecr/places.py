"""Where this emulator's images are, and what of the machine their builds use."""

from functools import cache

from emulation.compute.process_images.library import Library
from emulation.compute.process_images.run_step import Workplace
from emulation.settings import registry_environment, settings, system_environment, uv_cache

CERTIFICATES = "SSL_CERT_FILE"


@cache
def library() -> Library:
    """The images of this machine."""
    return Library(settings().folder("process-images"))


@cache
def workplace() -> Workplace:
    """What RUN uses of this machine."""
    system = system_environment()
    trusted = {name: system[name] for name in (CERTIFICATES,) if name in system}
    caches = settings().folder("process-images", "caches")
    return Workplace({**trusted, **registry_environment()}, uv_cache(), caches)
