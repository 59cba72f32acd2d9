"""TableIncrement: the rows that were added to a table since it was logged before, and the table of a chain of them.

Increment 0 has no `previous`; each later one names the file of the one before, by digest, in its descriptor and in its
own file. So the last descriptor alone (a run's summary has it) leads back to the first row, and no increment can be
missing, doubled or out of order without being noticed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import msgspec
from msgspec import UNSET, UnsetType

from medialog.datatypes import table_columns, table_file
from medialog.datatypes.base import Change, DataType
from medialog.datatypes.files import Sink, Source
from medialog.datatypes.table import TABLE_CHANGES, TABLE_RULES, Table, relaxed
from medialog.datatypes.table_columns import Column
from medialog.datatypes.table_schema import FileLink, TableIncrementDescriptor, merge
from medialog.validators import checks
from medialog.validators.descriptors import check_descriptor
from medialog.validators.errors import DamagedFile, InvalidDescriptor, InvalidInput, Violation
from medialog.wire.fileref import REFERENCE_KEYS, FileRef

if TYPE_CHECKING:
    from medialog.validators.rules import Rules, Strictness


HAVE_DTYPE = ("integer", "number", "timestamp", "timestamp_tz")


class TableIncrement(DataType, kind="incremental-table-file"):
    """The rows of `table` from `start` on, as the increment after `previous` (its descriptor; None for the first).

    `table`: the rows of this increment. `increment_num`: 0, 1, 2, ... under a key. `start`: the number of its first row
    in the whole table. Raises `InvalidInput` when `previous` is no increment, or one of other columns.
    """

    Descriptor = TableIncrementDescriptor
    documented_rules = TABLE_RULES
    documented_changes = TABLE_CHANGES

    def __init__(
        self,
        table: Table,
        start: int = 0,
        previous: Mapping[str, Any] | None = None,
        *,
        limits: Mapping[str, Any] | None = None,
        strict: Strictness | None = None,
    ) -> None:
        self._begin(limits, strict)
        if not isinstance(table, Table):
            raise checks.wrong_type("table", "table.data", "a Table", table)
        first = checks.whole_number(start)
        if first is None or not 0 <= first <= len(table):
            expected = f"a row number in 0..{len(table):,}"
            raise InvalidInput(Violation("start", "table.increment", expected, checks.show(start)))
        self.table = table.snapshot(first)
        self._rules, self._changes = table._rules, self.table._changes
        self.increment_num = self.start = 0
        self.previous: FileRef | None = None
        if previous is not None:
            self._continue(previous)

    def _continue(self, previous: Mapping[str, Any]) -> None:
        try:
            check_descriptor(previous, relaxed(previous))
            if previous["_type"] != self.kind:
                raise InvalidDescriptor(
                    Violation("$._type", "table.increment", repr(self.kind), checks.show(previous["_type"]))
                )
        except InvalidDescriptor as error:
            expected = "the descriptor of the increment before, or None"
            raise InvalidInput(
                Violation("previous", "table.increment", expected, str(error.violations[0])[:200])
            ) from error
        if previous["columns"] != self.table.columns:
            expected = (
                f"the columns that were logged ({', '.join(previous['columns'])}): an INCREMENTAL table keeps them"
            )
            raise InvalidInput(Violation("Table", "table.increment", expected, ", ".join(self.table.columns)[:160]))
        self.increment_num = previous["increment_num"] + 1
        self.start = previous["start"] + previous["nrows"]
        self.previous = FileRef(previous["path"], previous["sha256"], previous["size"])

    def build(self, sink: Sink) -> TableIncrementDescriptor:
        """Write the file of the new rows and return the descriptor's model."""
        extra: dict[str, Any] = {"increment_num": self.increment_num, "start": self.start}
        if self.previous is not None:
            extra["previous"] = table_file.link(self.previous)
        fields = table_file.write(self.table._columns, sink, extra)
        return TableIncrementDescriptor(
            **fields | self.table._stated(fields) | {"log_mode": "INCREMENTAL"},
            increment_num=self.increment_num,
            start=self.start,
            previous=UNSET if self.previous is None else FileLink(**table_file.link(self.previous)),
        )

    @classmethod
    def decode(cls, descriptor: Mapping[str, Any], source: Source) -> Self:
        """Return one increment; `Table.decode_increments` gives the whole table."""
        with relaxed(descriptor).use():
            model: TableIncrementDescriptor = cls.read_model(descriptor)
        self = cls.restore(UNSET, model.changes)
        columns, document = table_file.read(model, source)
        self.previous = None
        if not isinstance(model.previous, UnsetType):
            self.previous = table_file.follow(msgspec.to_builtins(model.previous))
        stated = (model.increment_num, model.start, None if self.previous is None else table_file.link(self.previous))
        if stated != (document.get("increment_num"), document.get("start"), document.get("previous")):
            raise DamagedFile(f"{model.path}: its place among the increments is not that of the descriptor")
        self.table = Table._of(columns, "INCREMENTAL")
        self.table._changes = self._changes
        if isinstance(model.key_column, str):
            self.table._restore_key(model.key_column)
        self.increment_num, self.start = model.increment_num, model.start
        return self

    @classmethod
    def decode_whole(cls, descriptor: Mapping[str, Any], source: Source) -> DataType:
        """Return the table up to and with this increment."""
        return Table.decode_increments([descriptor], source)

    @classmethod
    def descriptor_violations(cls, descriptor: Mapping[str, Any], rules: Rules) -> Iterator[Violation]:
        """Yield what a table's descriptor may not say, and a place in the chain that cannot be."""
        yield from Table.descriptor_violations(descriptor, rules)
        first = descriptor["increment_num"] == 0
        if first == ("previous" in descriptor) or (first and descriptor["start"] != 0):
            got = f"increment {descriptor['increment_num']} from row {descriptor['start']}"
            expected = "increment 0 from row 0 without previous, or a later one with it"
            yield Violation("$.increment_num", "table.increment", expected, got)
        if descriptor["log_mode"] != "INCREMENTAL":
            yield Violation("$.log_mode", "table.log_mode", "INCREMENTAL", descriptor["log_mode"])

    def _all_changes(self) -> Iterator[Change]:
        yield from self.table._all_changes()

    def advice(self) -> Iterator[tuple[str, str]]:
        """Yield what there is to say about media cells."""
        yield from self.table.advice()

    def describe(self) -> str:
        """Return the number and the rows."""
        return f"number {self.increment_num} from row {self.start:,}, {self.table.describe()}"


def join(descriptors: Sequence[Mapping[str, Any]], source: Source) -> tuple[list[Column], TableIncrement]:
    """Return the columns of the whole table, and its last increment.

    `descriptors` are all increments in order (repeats, as of steps without new rows, count once), or only the last of
    them: what comes before is then found through the files. `InvalidDescriptor` when they are no increments,
    `DamagedFile` when one is missing or not the one that the next one names.
    """
    if not descriptors:
        raise InvalidDescriptor(Violation("$", "table.increment", "at least one descriptor", "none"))
    pieces: list[tuple[list[Column], int]] = []
    last: tuple[Mapping[str, Any], TableIncrement] | None = None
    for descriptor in descriptors:
        if last is not None and descriptor == last[0]:
            continue
        piece = TableIncrement.decode(descriptor, source)
        if last is None and piece.previous is not None:
            pieces = _before(piece.previous, source)
        elif piece.previous != (None if last is None else FileRef(*(last[0][key] for key in REFERENCE_KEYS))):
            raise DamagedFile(f"{descriptor['path']}: increment {piece.increment_num} does not follow the one before")
        pieces.append((piece.table._columns, piece.start))
        last = descriptor, piece
    assert last is not None
    rows, names = 0, last[1].table.columns
    for columns, start in pieces:
        if start != rows or [column.name for column in columns] != names:
            raise DamagedFile(f"increments: row {rows} of {names} is not followed by row {start}"[:300])
        rows += len(columns[0]) if columns else 0
    return [_concatenate([columns[index] for columns, _ in pieces]) for index in range(len(names))], last[1]


def _before(reference: FileRef, source: Source) -> list[tuple[list[Column], int]]:
    """Return the increments up to the file of `reference`, following the links in the files backwards."""
    pieces: list[tuple[list[Column], int]] = []
    wanted: FileRef | None = reference
    while wanted is not None:
        columns, document = table_file.read_file(wanted, source)
        pieces.append((columns, document.get("start", -1)))
        linked = document.get("previous")
        wanted = None if linked is None else table_file.follow(linked)
    return pieces[::-1]


def _concatenate(parts: Sequence[Column]) -> Column:
    """Return one column of the rows of several; their kinds meet as if the rows had been added one after the other."""
    kind: str | None = "none"
    for part in parts:
        kind = None if kind is None else merge(kind, part.kind)
    optional = any(part.optional for part in parts)
    whole = Column(parts[0].name, kind or "any", optional=optional, fixed=kind in (None, "any"))
    types = [table_columns.column_type(part) for part in parts if part.kind != "none"]
    if len({(part.dtype, part.unit) for part in types}) == 1 and whole.kind in HAVE_DTYPE:
        whole.dtype = types[0].dtype if isinstance(types[0].dtype, str) else None
        whole.unit = types[0].unit if isinstance(types[0].unit, str) else None
    whole.values = [cell for part in parts for cell in part.cells()]
    return whole
