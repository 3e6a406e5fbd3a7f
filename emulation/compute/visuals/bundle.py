"""Vega-Lite for a browser: one file of JavaScript with all that it needs, made once."""

import threading

import vl_convert

LIBRARY = "window.vegaEmbed = vegaEmbed;"
_LOCK = threading.Lock()
_MADE: list[str] = []


def vega_bundle() -> str:
    """The library, which sets `window.vegaEmbed`."""
    with _LOCK:
        if not _MADE:
            _MADE.append(vl_convert.javascript_bundle(LIBRARY))
        return _MADE[0]
