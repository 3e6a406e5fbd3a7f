"""The end of the emulator: whoever is told to end is still answered.

LocalStack refuses every request with 503 from the first moment of its end. The programs that run
here are ended then, and what they do last needs an answer: they hand back their leases, tell what
they have counted and finish what they write, as they would where AWS stays.
"""

from localstack.aws.api import RequestContext
from localstack.aws.chain import HandlerChain
from localstack.aws.handlers import handle_runtime_shutdown
from localstack.http import Response
from rolo.gateway import Gateway

from emulation.compute.processes import SUPERVISOR


def answer_to_the_end(gateway: Gateway) -> None:
    """Let a gateway refuse nobody before the processes have ended."""
    handlers = gateway.request_handlers
    handlers[handlers.index(handle_runtime_shutdown)] = refuse_at_the_end


def refuse_at_the_end(chain: HandlerChain, context: RequestContext, response: Response) -> None:
    """A request handler in the place of LocalStack's."""
    if SUPERVISOR.stopped.is_set():
        handle_runtime_shutdown(chain, context, response)
