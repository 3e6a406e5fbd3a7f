"""What can be wrong with a definition or with the data under it.

VisualError
  SyntaxMistake           an expression that cannot be read
  UnknownFunction         a function that is not computed here
  MissingColumn           a column that the data set does not have
  MissingParameter        a parameter that is not declared
  Mismatch                types or aggregations that do not go together
  NotDrawn                a part of a definition that is valid and not computed here
  DataError               the engine's refusal of a query
"""


class VisualError(Exception):
    """The root: its text is a sentence for whoever wrote the definition."""


class SyntaxMistake(VisualError):
    """An expression that cannot be read."""


class UnknownFunction(VisualError):
    """A function that is not computed here."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Function {name} is not computed here.")
        self.name = name


class MissingColumn(VisualError):
    """A column that the data set does not have."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Column {name} is not in the data set.")
        self.name = name


class MissingParameter(VisualError):
    """A parameter that is not declared."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Parameter {name} is not declared.")
        self.name = name


class Mismatch(VisualError):
    """Types or aggregations that do not go together."""


class NotDrawn(VisualError):
    """A part of a definition that is valid and not computed here."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is not computed here.")
        self.what = what


class DataError(VisualError):
    """The engine's refusal of a query."""
