"""State that survives a restart."""


def load_state() -> None:
    """Load."""


def save_state() -> None:
    """Save."""
