"""`python -m pipeline.consumers`: one worker, until SIGTERM."""

import logging
import signal
import sys

from pipeline import aws
from pipeline.consumers.logs import FORMAT, CloudWatchLog
from pipeline.consumers.settings import ConsumerSettings
from pipeline.consumers.worker import Worker
from pipeline.errors import SettingError


def main() -> int:
    """Work; the exit code."""
    try:
        settings = ConsumerSettings()
    except SettingError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    logging.basicConfig(level=logging.INFO, format=FORMAT)
    # The SDK's own notes would follow each other: its requests are what sends the log.
    logging.getLogger("botocore").setLevel(logging.WARNING)
    if settings.log_group:
        # A stream's name takes no colon.
        stream = settings.worker.replace(":", "/")
        told = CloudWatchLog(aws.client("logs"), settings.log_group, stream)
        told.setFormatter(logging.Formatter(FORMAT))
        logging.getLogger().addHandler(told)
    worker = Worker(settings, aws.client)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
    worker.run()
    logging.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
