"""Glue's transforms as classes, for scripts that import them all; each is a method of
`DynamicFrame`.
"""

from typing import Any

from awsglue.dynamicframe import DynamicFrame  # type: ignore[import-not-found]


class ApplyMapping:
    """Columns chosen, renamed and cast."""

    @staticmethod
    def apply(frame: DynamicFrame, mappings: Any, **options: Any) -> DynamicFrame:
        """`frame.apply_mapping`."""
        return frame.apply_mapping(mappings)


class SelectFields:
    """Columns chosen."""

    @staticmethod
    def apply(frame: DynamicFrame, paths: Any, **options: Any) -> DynamicFrame:
        """`frame.select_fields`."""
        return frame.select_fields(paths)


class DropFields:
    """Columns dropped."""

    @staticmethod
    def apply(frame: DynamicFrame, paths: Any, **options: Any) -> DynamicFrame:
        """`frame.drop_fields`."""
        return frame.drop_fields(paths)


class RenameField:
    """A column renamed."""

    @staticmethod
    def apply(frame: DynamicFrame, old_name: str, new_name: str, **options: Any) -> DynamicFrame:
        """`frame.rename_field`."""
        return frame.rename_field(old_name, new_name)


class Filter:
    """Rows chosen."""

    @staticmethod
    def apply(frame: DynamicFrame, f: Any, **options: Any) -> DynamicFrame:
        """`frame.filter`."""
        return frame.filter(f)


def __getattr__(name: str) -> Any:
    raise AttributeError(f"The Glue transform {name} is not emulated")
