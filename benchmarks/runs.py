"""Several runs of each peer, in turns, so that a noisy minute does not fall on one of them."""

import argparse
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.progress import track

from benchmarks.peers import Peer, PeerMissing
from benchmarks.raw_client import Failed
from benchmarks.report import Figures

PORT = 14566


def asked_repeats(about: str | None) -> int:
    """How often the command line wants each peer measured."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--repeats", type=int, default=3, help="runs of each peer")
    return int(parser.parse_args().repeats)


def measured(
    peers: Sequence[Peer], repeats: int, measure: Callable[[int], Figures]
) -> dict[str, list[Figures]]:
    """Each peer's figures, each time on an empty folder; what cannot run here is left out."""
    found: dict[str, list[Figures]] = {peer.name: [] for peer in peers}
    missing: list[str] = []
    turns = [peer for _ in range(repeats) for peer in peers]
    for peer in track(turns, description="measuring"):
        try:
            with peer.running(PORT):
                found[peer.name].append(measure(PORT))
        except (PeerMissing, Failed, OSError) as error:
            missing.append(f"{peer.name}: {error}")
    for line in missing:
        Console().print(line)
    return {name: figures for name, figures in found.items() if figures}
