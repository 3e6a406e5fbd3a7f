"""Images for the runners: what an image URI means here, unpacked and ready to run.

    image = pull("000000000000.dkr.ecr.us-east-1.localhost:4566/api:1", account, region)

A URI names a repository of this ECR - as `ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME`, as
`ACCOUNT.dkr.ecr.REGION.localhost:PORT/NAME`, or as `localhost:PORT/NAME`, which is the caller's
own - or a known public base.
"""

from emulation.compute.process_images import bases
from emulation.compute.process_images.image import ImageError, ProcessImage
from emulation.settings import settings


class ImageNotFound(ImageError):
    """There is no such image, or it cannot run here; in the words of ECS."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"CannotPullContainerError: {reason}")


def pull(image_uri: str, account: str, region: str) -> ProcessImage:
    """An image, unpacked; a second pull of the same is quick. `account` and `region` are the
    caller's.

    Raises:
        ImageNotFound: there is none, or it cannot run on this machine.
    """
    try:
        base = bases.find(image_uri)
    except bases.UnknownBaseError as error:
        raise ImageNotFound(str(error)) from error
    folder = settings().folder("process-images")
    root = folder / "empty"
    root.mkdir(exist_ok=True)
    return ProcessImage(image_uri, root, base.config, base.files(folder / "bases"))
