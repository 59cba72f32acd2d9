"""The built page: the files of `static/`, and the libraries that are taken from where they are installed."""

from __future__ import annotations

import json
from functools import cache
from importlib import util
from pathlib import Path
from typing import Any

from medialog.validators.errors import Error

FOLDER = Path(__file__).resolve().parent / "static"
PLOTLY = "plotly-lib"
# A figure is drawn from what it holds: its picture, its plotly or vega form.
WITHOUT_RENDERER = frozenset(("figure",))


class PageMissing(Error):
    """The page is not built: a checkout without `src/medialog/viewer/static`."""


@cache
def read(name: str, folder: Path | None = None) -> bytes:
    """Return a file of the built page."""
    path = (folder or FOLDER) / name
    try:
        return path.read_bytes()
    except OSError as error:
        how = "build it, `npm ci && npm run build` in web/"
        raise PageMissing(f"{path.name} of the viewer's page cannot be read ({error.strerror}): {how}") from error


def manifest() -> dict[str, Any]:
    """Return what `manifest.json` says."""
    found: dict[str, Any] = json.loads(read("manifest.json", FOLDER))
    return found


def core_script() -> bytes:
    """Return the page's own script, with nothing in it that could end the element it stands in."""
    script = read("core.js", FOLDER)
    script = script.replace(b"\r\n", b"\n").replace(b"</script", b"<\\/script").replace(b"</SCRIPT", b"<\\/SCRIPT")
    return script.replace(b"<!--", b"\\x3c!--")


def core_style() -> bytes:
    """Return the page's style."""
    return read("core.css", FOLDER).replace(b"</", b"<\\/")


def renderers_for(kinds: set[str]) -> list[str]:
    """Return the renderers that values of these kinds need, by name."""
    table: dict[str, list[str]] = manifest().get("renderers", {})
    kinds = kinds - WITHOUT_RENDERER
    return sorted(name for name, drawn in table.items() if kinds & set(drawn))


def renderer(name: str) -> bytes | None:
    """Return a renderer's module; None for a library that is not installed here."""
    if name == "plotly":
        return plotly_library()
    return read(f"renderers/{name}.js", FOLDER)


@cache
def plotly_library() -> bytes | None:
    """Return plotly.js out of the installed `plotly` package, which is not imported for it."""
    found = util.find_spec("plotly")
    if found is None or not found.submodule_search_locations:
        return None
    path = Path(found.submodule_search_locations[0]) / "package_data" / "plotly.min.js"
    try:
        return path.read_bytes()
    except OSError:
        return None
