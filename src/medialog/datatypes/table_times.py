"""Times in a column: zones and their names, and datetime64 as Python's datetimes."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from typing import Any

_OFFSET = re.compile(r"[+-]\d\d:\d\d")


def zone_text(zone: Any) -> str | None:
    """Return the name of a zone (`Europe/Paris`, `UTC`) or its offset (`+02:00`); None where there is none."""
    if zone is None:
        return None
    for attribute in ("key", "zone"):
        name = getattr(zone, attribute, None)
        if isinstance(name, str) and name:
            return name
    text = str(zone)
    if text == "UTC" or _OFFSET.fullmatch(text) or (isinstance(zone, str) and text):
        return text
    if _OFFSET.fullmatch(text.removeprefix("UTC")):
        return text.removeprefix("UTC")
    return None


def zone_info(text: str) -> datetime.tzinfo | None:
    """Return the zone of such a text; None where this machine does not know it."""
    from zoneinfo import ZoneInfo

    if text == "UTC":
        return datetime.UTC
    if _OFFSET.fullmatch(text):
        sign = -1 if text[0] == "-" else 1
        return datetime.timezone(sign * datetime.timedelta(hours=int(text[1:3]), minutes=int(text[4:6])))
    try:
        return ZoneInfo(text)
    except (ValueError, OSError, KeyError):
        return None


def common_zone(cells: Iterable[Any]) -> str | None:
    """Return the zone that all datetimes share, or None."""
    zones: dict[int, Any] = {id(cell.tzinfo): cell.tzinfo for cell in cells if cell is not None}
    names = {zone_text(zone) for zone in zones.values()}
    return names.pop() if len(names) == 1 else None


def has_nanoseconds(array: Any) -> bool:
    """Say whether a datetime64 array has digits that Python's datetime has not."""
    return bool(to_microseconds(array)[1])


def to_datetimes(array: Any, zone: str | None) -> list[Any]:
    """Return datetime objects, or numpy.datetime64 (in UTC where there is a zone) where they cannot hold the times."""
    import numpy as np

    cells: list[Any] = array.astype("datetime64[us]").tolist()
    if has_nanoseconds(array) or int in set(map(type, cells)):  # an int is a year beyond datetime's
        return [None if missing else cell for cell, missing in zip(array, np.isnat(array), strict=True)]
    if zone is None:
        return cells
    info = zone_info(zone)
    return [None if cell is None else cell.replace(tzinfo=datetime.UTC).astimezone(info) for cell in cells]


def to_microseconds(array: Any) -> tuple[Any, int]:
    """Return datetime64 or timedelta64 in microseconds (dates stay dates), and how many elements lost digits."""
    import numpy as np

    if np.datetime_data(array.dtype)[0] == "D" and array.dtype.kind == "M":
        return array, 0
    rounded = array.astype(f"{array.dtype.kind}8[us]")
    lost = (rounded.astype(array.dtype) != array) & ~np.isnat(array)
    return rounded, int(lost.sum())
