"""The published schemas of descriptors: those of the models, with the reason of each limit where it holds."""

from __future__ import annotations

from typing import Any

from medialog.validators.limits import LIMITS
from medialog.wire import schemas


def build(kind: str, model: Any) -> dict[str, Any]:
    """Return the JSON Schema of a descriptor model, as published."""
    schema = schemas.build_published(kind, model)
    _give_reasons(schema)
    return schema


def _give_reasons(node: Any) -> None:
    if isinstance(node, dict):
        limit = node.get("x-medialog-limit")
        if isinstance(limit, str):
            reason = f"limit {limit} ({LIMITS[limit].unit}): {LIMITS[limit].why}"
            node["description"] = f"{node['description']}; {reason}" if "description" in node else reason
        for value in node.values():
            _give_reasons(value)
    elif isinstance(node, list):
        for value in node:
            _give_reasons(value)
