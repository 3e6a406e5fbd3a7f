"""The proxy as a process: `python -m emulation.compute.load_balancing FD`.

Plans come and reports go by the socket that the number names; its end is the process's.
"""

import asyncio
import logging
import socket
import sys

import msgspec
import uvloop

from emulation.compute.load_balancing.plan import Plan
from emulation.compute.load_balancing.proxy import run

LONGEST_PLAN = 64 * 2**20


async def main(number: int) -> None:
    """Serve until the socket ends."""
    control = socket.socket(fileno=number)
    reader, writer = await asyncio.open_connection(sock=control, limit=LONGEST_PLAN)
    decoder = msgspec.json.Decoder(Plan)
    await run(reader, writer, decoder.decode, msgspec.json.Encoder().encode)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    logging.getLogger("aiohttp").setLevel(logging.CRITICAL)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(int(sys.argv[1])))
