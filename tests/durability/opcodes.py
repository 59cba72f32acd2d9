"""Something that happens before a chosen op code of the writer: what a signal can do, and at more places."""

from __future__ import annotations

import dis
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

WATCHED = ("medialog.runtime.", "medialog.datatypes.files", "medialog.wire.storage")
_LOCKS = frozenset(("_call", "_log_numbers", "_write_queued", "_is_inside"))


def at_opcode(number: int, happen: Callable[[], object], call: Callable[[], object]) -> bool:
    """Make `call`; `happen` before op code `number` of the watched modules. Say whether there were so many."""
    left = number
    happened = False

    def in_frame(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left, happened
        if event == "opcode" and not happened and not _leaves_a_lock(frame):
            left -= 1
            if left == 0:
                happened = True
                happen()
        return in_frame

    def in_call(frame: FrameType, event: str, _: Any) -> Any:
        if not frame.f_globals.get("__name__", "").startswith(WATCHED):
            return None
        frame.f_trace_opcodes = True
        return in_frame

    before = sys.gettrace()
    sys.settrace(in_call)
    try:
        call()
    finally:
        sys.settrace(before)
    return happened


def _leaves_a_lock(frame: FrameType) -> bool:
    """Say whether the next op code is one of those that enter or leave a `with`, or that say that a call is at its end.

    No signal is handled there: CPython looks for one after calls, and where loops jump back.
    """
    return frame.f_code.co_name in _LOCKS and frame.f_lasti in _unsafe(frame)


_known: dict[Any, frozenset[int]] = {}


def _unsafe(frame: FrameType) -> frozenset[int]:
    code = frame.f_code
    if code not in _known:
        instructions = list(dis.get_instructions(code))
        found: set[int] = set()
        for place, instruction in enumerate(instructions):
            if instruction.opname == "BEFORE_WITH":
                found.add(instructions[place + 1].offset)
            if (
                instruction.opname == "LOAD_CONST"
                and [(each.opname, each.argval) for each in instructions[place : place + 3]]
                == [("LOAD_CONST", None)] * 3
            ):
                first = place - 1 if instructions[place - 1].opname == "SWAP" else place
                found.update(each.offset for each in instructions[first : place + 6])
            if instruction.opname == "STORE_ATTR" and instruction.argval == "_is_at_work":
                first = place - 2
                if instructions[first].argval is not False:
                    continue  # it begins
                while instructions[first - 1].opname == "PUSH_EXC_INFO":
                    first -= 1
                found.update(each.offset for each in instructions[first : place + 1])
        _known[code] = frozenset(found)
    return _known[code]
