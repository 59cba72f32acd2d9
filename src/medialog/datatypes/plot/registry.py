"""The presets by name: W&B's own, and those that `register` adds."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

from medialog.datatypes.plot import template
from medialog.datatypes.plot.drawing import Preset
from medialog.validators.errors import InvalidName, Violation

_HERE = "medialog.datatypes.plot"
BUILT_IN = MappingProxyType(
    {
        "wandb/area-under-curve/v0": f"{_HERE}.classifier:AREA_UNDER_CURVE",
        "wandb/bar/v0": f"{_HERE}.bars:BAR",
        "wandb/confusion_matrix/v1": f"{_HERE}.confusion_chart:CONFUSION_MATRIX",
        "wandb/histogram/v0": f"{_HERE}.bars:HISTOGRAM",
        "wandb/line/v0": f"{_HERE}.points:LINE",
        "wandb/lineseries/v0": f"{_HERE}.points:LINE_SERIES",
        "wandb/scatter/v0": f"{_HERE}.points:SCATTER",
    }
)

_registered: dict[str, dict[str, Any]] = {}


def register(name: str, spec: Mapping[str, Any]) -> None:
    """Make `spec` the chart that `plot_table(name, ...)` draws, in this process; a second call replaces the first.

    `name` is what W&B calls a preset, `"carey/new_chart"`. `spec` is a Vega-Lite spec of version 5 or 6 as W&B's
    chart editor has it: without data or with `"data": {"name": "wandb"}`, `${field:x}` where the column of field x
    goes and `${string:title}` where a text goes. Raises `InvalidName`, or `InvalidInput` for a spec that is none or
    that refers to a URL.
    """
    template.check_name(name)
    if name in BUILT_IN:
        raise InvalidName(
            Violation("vega_spec_name", "plot.preset_name", "a name that no built-in preset has", repr(name))
        )
    _registered[name] = template.check_spec(spec)


def unregister(name: str) -> None:
    """Forget a registered preset; no error when there is none."""
    _registered.pop(name, None)


def built_in(name: str) -> Preset | None:
    """Return the built-in preset of that name, or None."""
    location = BUILT_IN.get(name)
    if location is None:
        return None
    module, _, attribute = location.partition(":")
    preset: Preset = getattr(import_module(module), attribute)
    return preset


def registered(name: str) -> dict[str, Any] | None:
    """Return the registered spec of that name, or None."""
    return _registered.get(name)
