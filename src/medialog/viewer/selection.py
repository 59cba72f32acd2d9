"""What goes into a report and what stays out: by steps and keys, then by size, and every omission counted."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from medialog.runtime import trees
from medialog.viewer import media, tables
from medialog.viewer.contents import Contents, Item, references
from medialog.viewer.media import Unusable
from medialog.viewer.options import ReportOptions, show_size
from medialog.wire import jsontext
from medialog.wire.fileref import FileRef
from medialog.wire.storage import Storage

BASE64 = 4 / 3
# Values that stand in the index itself, without a file, up to this size are not worth a decision.
INLINE = 4_096
# The posters of what is left out have this share of the limit.
POSTER_SHARE = 0.1


@dataclass
class Selection:
    """The entries and files of a report, and what was left out of it."""

    items: list[Item] = field(default_factory=list)
    files: dict[str, FileRef] = field(default_factory=dict)
    states: dict[str, Unusable] = field(default_factory=dict)
    left_entries: set[tuple[trees.Path, int]] = field(default_factory=set)
    keys: list[str] = field(default_factory=list)
    steps: int = 0
    bytes: int = 0
    reasons: dict[str, None] = field(default_factory=dict)

    def left_out(self) -> dict[str, Any] | None:
        """Return what was left out, as the report states it; None when it holds everything."""
        if not self.reasons:
            return None
        return {"steps": self.steps, "keys": self.keys, "bytes": self.bytes, "reason": ", ".join(self.reasons)}


def select(contents: Contents, summary: Any, storage: Storage, options: ReportOptions, base: int) -> Selection:
    """Return what a report holds. `base` is how many bytes of it are spoken for: the page, the columns."""
    chosen = Selection()
    for path in [*contents.series, *(path for path in contents.items if path not in contents.series)]:
        if not options.wants(trees.dotted(path)):
            chosen.keys.append(trees.dotted(path))
            chosen.reasons["--keys"] = None
    _take_steps(contents, options, chosen)
    _take_files(summary, storage, options, base, chosen)
    return chosen


def _take_steps(contents: Contents, options: ReportOptions, chosen: Selection) -> None:
    """Keep the values of the steps that were asked for, and always a key's last one; increments belong together."""
    for path, item in contents.items.items():
        if not options.wants(item.key):
            continue
        last = item.entries[-1]
        kept = [
            entry
            for entry in item.entries
            if entry is last
            or options.wants_step(int(contents.steps[entry.row]))
            or entry.kind == "incremental-table-file"
        ]
        chosen.items.append(Item(path, kept))
        if len(kept) < len(item.entries):
            chosen.steps += len(item.entries) - len(kept)
            chosen.reasons[f"--steps {options.steps}"] = None


def _take_files(summary: Any, storage: Storage, options: ReportOptions, base: int, chosen: Selection) -> None:
    """Take values and their files while there is room: of each key the last one first, then ever denser between."""
    room = float(options.max_size - base) * (1 - POSTER_SHARE)
    limit = f"--max-size {show_size(options.max_size)}"
    for reference in _sound(storage, summary, chosen):
        room -= reference.size * BASE64
        chosen.files[reference.path] = reference
    dropped: dict[int, set[int]] = {}
    for item, index in _by_importance(chosen.items):
        entry = item.entries[index]
        wanted = [each for each in _sound(storage, entry.value, chosen) if each.path not in chosen.files]
        inline = len(jsontext.dumps(entry.value)) if not isinstance(entry.value, str) else len(entry.value)
        files = sum(each.size for each in wanted) * BASE64
        views = files if entry.kind in tables.KINDS else 0.0  # a table comes as its file and as the rows to show
        cost = files + views + inline
        if cost <= max(room, 0.0) or (not wanted and inline <= INLINE and room > -(1 << 20)):
            room -= cost
            chosen.files.update((each.path, each) for each in wanted)
            continue
        chosen.reasons[limit] = None
        chosen.steps += 1
        chosen.bytes += int(files / BASE64) or inline
        if wanted:
            room -= inline  # its descriptor says what is not here
            chosen.left_entries.add((item.path, entry.row))
            for each in wanted:
                chosen.states.setdefault(each.path, Unusable("left-out", f"left out by {limit}"))
        else:
            dropped.setdefault(id(item), set()).add(index)
    for item in chosen.items:
        if id(item) in dropped:
            item.entries = [entry for index, entry in enumerate(item.entries) if index not in dropped[id(item)]]
    for path in chosen.files:
        if path in chosen.states and chosen.states[path].state == "left-out":
            del chosen.states[path]  # a smaller value that came later brought the file after all
    chosen.items = [item for item in chosen.items if item.entries]


def _sound(storage: Storage, value: Any, chosen: Selection) -> list[FileRef]:
    """Return a value's files, once each, those that refs files list too; what cannot be had is noted in `states`."""
    found: dict[str, FileRef] = {}
    pending = deque(references(value))
    while pending:
        reference = pending.popleft()
        state = chosen.states.get(reference.path)
        if reference.path in found or (state is not None and state.state != "left-out"):
            continue
        try:
            media.check_file(storage, reference)
            pending.extend(media.listed(storage, reference))
        except Unusable as error:
            chosen.states[reference.path] = error
            continue
        found[reference.path] = reference
    return list(found.values())


def _by_importance(items: list[Item]) -> Iterator[tuple[Item, int]]:
    """Yield every entry: all last ones, all first ones, then the middles of what lies between, and so on."""
    orders = [(item, _spread(len(item.entries))) for item in items]
    while orders:
        rest = []
        for item, order in orders:
            index = next(order, None)
            if index is not None:
                yield item, index
                rest.append((item, order))
        orders = rest


def _spread(count: int) -> Iterator[int]:
    """Yield 0..count-1: the last, the first, then the middle of each gap, widest gaps first."""
    if count:
        yield count - 1
    if count > 1:
        yield 0
    gaps = deque([(0, count - 1)])
    while gaps:
        low, high = gaps.popleft()
        if high - low > 1:
            middle = (low + high) // 2
            yield middle
            gaps += [(low, middle), (middle, high)]
