"""Load balancers come back on their ports, whatever ended."""

import os
import signal

import httpx
import psutil


def test_a_killed_emulator_and_a_killed_proxy_come_back(
    own_emulator, balancing_with, target, web, waiting, forward
):
    balancing = balancing_with(own_emulator.aws)
    url, _, group = balancing.site(target("kept"))
    own_emulator.end(signal.SIGKILL)
    own_emulator.start()
    balancing = balancing_with(own_emulator.aws)
    balancing.healthy(group)
    assert web.get(url).json()["name"] == "kept"
    (proxy,) = [
        process
        for process in psutil.Process(own_emulator.process.pid).children(recursive=True)
        if "emulation.compute.load_balancing" in " ".join(process.cmdline())
    ]
    os.kill(proxy.pid, signal.SIGKILL)

    def answers() -> bool:
        try:
            return web.get(url).json()["name"] == "kept"
        except httpx.TransportError:
            return False

    waiting("the proxy to be back", answers)
