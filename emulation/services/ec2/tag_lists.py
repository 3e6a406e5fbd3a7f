"""Tags as requests bring them and answers tell them."""

from emulation.services.ec2.store import Members


def tags_for(resource: str, request: Members) -> dict[str, str]:
    """The tags that a request gives to what it makes."""
    return {
        tag["Key"]: tag.get("Value", "")
        for specification in request.get("TagSpecifications") or []
        if specification.get("ResourceType") == resource
        for tag in specification.get("Tags") or []
    }


def told(tags: dict[str, str]) -> list[Members]:
    """Tags as the API lists them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
