"""Where a redirect leads: what its action leaves out is as the request has it."""

from emulation.services.elbv2.store import Members

PARTS = {
    "Protocol": "#{protocol}",
    "Host": "#{host}",
    "Port": "#{port}",
    "Path": "/#{path}",
    "Query": "#{query}",
}


def pattern(config: Members) -> str:
    """A URL with `#{...}` in it."""
    part = {name: config.get(name) or default for name, default in PARTS.items()}
    scheme = part["Protocol"].lower()
    query = config.get("Query", PARTS["Query"])
    tail = f"?{query}" if query else ""
    return f"{scheme}://{part['Host']}:{part['Port']}{part['Path']}{tail}"
