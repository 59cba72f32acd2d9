"""Table: rows of typed cells, media among them.

Source: "Logging Text / Tables" of the guides: columns Input, Output and Expected by default, 10,000 rows at most.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from msgspec import UNSET, UnsetType

from medialog.datatypes import table_cells, table_columns, table_file, table_input, table_schema
from medialog.datatypes.base import Change, ChangeLog, DataType
from medialog.datatypes.files import MemorySink, Sink, Source
from medialog.datatypes.table_cells import CellReader
from medialog.datatypes.table_checks import check_length, check_names, key_violations, refuse_cells
from medialog.datatypes.table_columns import Column
from medialog.datatypes.table_schema import LOG_MODES, LogMode, TableDescriptor
from medialog.validators import checks
from medialog.validators import rules as rulebook
from medialog.validators.errors import Advice, DamagedFile, InvalidInput, Violation

if TYPE_CHECKING:
    from medialog.validators.rules import Rules, Strictness

TABLE_RULES = {
    "table.cell": "a cell is of a kind that tables hold, and of its column's kind (allow_mixed_types takes any)",
    "table.column": "a column is named once, and is one of the table's",
    "table.columns": "columns are text (or whole numbers, stored as text), each name once",
    "table.data": "data are rows, a 2-D array, a mapping of columns, or a DataFrame",
    "table.dtype": "dtype= names kinds of cells: one for all columns, or one for each",
    "table.format": "the format in a descriptor is that of its file",
    "table.immutable": "what is added to an IMMUTABLE table after a log is not logged (a warning; strict: error)",
    "table.increment": "an increment continues the one before: same columns, next row, next number",
    "table.input": "data, rows or dataframe, one of them",
    "table.json_rows": "a JSON file has at most `table.json_rows` rows (the file of more is Parquet)",
    "table.key": "the cells of the key column are text or whole numbers, none missing, none twice",
    "table.length": "every column has one cell for each row",
    "table.log_mode": "log_mode is IMMUTABLE, MUTABLE or INCREMENTAL",
    "table.optional": "a column that is not optional has no missing cells",
    "table.rows": "a table has at most `table.rows` rows",
    "table.text": "text has no lone surrogates",
    "table.width": "a row has one cell for each column",
}
TABLE_CHANGES = {
    **table_cells.CELL_CHANGES,
    "table.absent": "keys that a row given as a mapping does not have, stored as missing cells",
    "table.dtype": "a pandas dtype without a column type (category, period, interval, sparse), stored by value",
    "table.index": "the index of a DataFrame stored as a column",
    "table.names": "column names that are whole numbers stored as text",
}


_PLAIN_CELLS = frozenset((bool, int, float, str, type(None)))
_WIDE = 2**63


class Table(DataType, kind="table-file"):
    """Rows of typed cells: `Table(columns=["Text", "Label"], data=[["I love my phone", 1]])`.

    `data` (or its older name `rows`) is a list of rows, of mappings, or any iterable of them; an array of rows x
    columns; a mapping of columns; a DataFrame. `dataframe` is a DataFrame of pandas or polars, a pyarrow Table, or what
    has Arrow's `__arrow_c_stream__`; an index that is not 0, 1, 2, ... becomes a column. Without `columns`: those of
    the data, else Input, Output, Expected.

    Cells: text, numbers (NaN, infinities and integers of any size among them), booleans, dates and times, Decimal,
    bytes, lists, dicts, arrays, None, and media: any medialog object, or what becomes one (a Pillow image, a figure).
    A column has one kind, that of its first cell; integers and floats together are numbers. `dtype` says the kind
    instead, for all columns, in a list or by name: a Python type, a numpy dtype, a medialog class or a kind's name.
    `optional=False` (or a list of bools) forbids missing cells, `allow_mixed_types=True` allows anything anywhere.

    `log_mode`: an IMMUTABLE table is stored as it was when it was first logged (rows added later warn), a MUTABLE one
    is stored whole each time, of an INCREMENTAL one each `log` stores the rows added since (see `encode_rows`).
    `key_column` names a column of text or whole numbers that identifies a row: no cell missing, none twice.

    Raises `InvalidInput` with every violation; `WrongType` with row, column, expected and got for a wrong cell. More
    rows than `table.rows` (10,000) are an error, never a silent cut; `limits={"table.rows": n}` raises it.
    """

    Descriptor = TableDescriptor
    increment_kind = "incremental-table-file"
    documented_rules = TABLE_RULES
    documented_changes = TABLE_CHANGES

    def __init__(
        self,
        columns: Sequence[str | int] | None = None,
        data: Any = None,
        rows: Any = None,
        dataframe: Any = None,
        dtype: Any = None,
        optional: bool | Sequence[bool] = True,
        allow_mixed_types: bool = False,
        log_mode: LogMode | str = "IMMUTABLE",
        key_column: str | int | None = None,
        *,
        limits: Mapping[str, Any] | None = None,
        strict: Strictness | None = None,
    ) -> None:
        log = self._begin(limits, strict)
        self._restart(log_mode)
        checks.refuse([checks.one_of(log_mode, LOG_MODES, "log_mode", "table.log_mode")])
        given = self._read_input(columns, data, rows, dataframe, log)
        names = self._names(given, columns, log)
        kinds = table_schema.check_dtype(dtype, names)
        missing = table_schema.check_optional(optional, names)
        for name in names:
            kind = "any" if allow_mixed_types else kinds.get(name, "none")
            self._columns.append(Column(name, kind, optional=missing[name], fixed=kind != "none"))
        self._fill(given)
        if key_column is not None:
            self.set_pk(key_column)

    def _restart(self, log_mode: Any) -> None:
        self.log_mode: LogMode = log_mode
        self._columns: list[Column] = []
        self._keys: set[Any] = set()
        self.key_column: str | None = None
        self._logged = False
        self._frozen: Table | None = None
        # The types of a row that needs no other check; where in it there are texts, and where integers.
        self._plain_row: list[type] | None = None
        self._plain_texts: list[int] = []
        self._plain_integers: list[int] = []

    def _read_input(
        self, columns: Any, data: Any, rows: Any, dataframe: Any, log: ChangeLog
    ) -> table_input.Given | None:
        inputs = {"data": data, "rows": rows, "dataframe": dataframe}
        given = [name for name, value in inputs.items() if value is not None]
        if len(given) > 1:
            raise InvalidInput(
                Violation("Table", "table.input", "data, rows or dataframe, one of them", " and ".join(given))
            )
        if not given:
            return None
        at, value = given[0], inputs[given[0]]
        if at == "dataframe" and not table_input.is_frame(value):
            expected = "a DataFrame of pandas or polars, or an Arrow table (data= takes rows and columns)"
            raise checks.wrong_type("dataframe", "table.data", expected, value)
        names = None if columns is None or table_input.is_frame(value) else check_names(columns, self._rules)
        found = table_input.read(value, names, self._rules, at)
        for note in found.notes:
            log.record(*note)
        return found

    def _names(self, given: table_input.Given | None, columns: Any, log: ChangeLog) -> list[str]:
        """Return the names of the columns: the caller's, the data's, or the default ones."""
        own = None if given is None else given.names
        if own is None:
            default = self._rules.limit("table.columns_default")
            names = check_names(default if columns is None else columns, self._rules, log)
            if given is not None and len(given.columns) != len(names):
                got = f"{len(given.columns)} columns"
                expected = f"{len(names)} columns ({', '.join(names)}; columns= names others)"[:200]
                raise InvalidInput(Violation("data", "table.width", expected, got))
            return names
        found = check_names(own, self._rules, log)
        if columns is not None and given is not None:
            wanted = check_names(columns, self._rules)
            if wanted != found:
                expected = f"the columns of the data ({', '.join(found)})"[:160] + "; without columns= they are taken"
                raise InvalidInput(Violation("columns", "table.columns", expected, ", ".join(wanted)[:100]))
        return found

    def _fill(self, given: table_input.Given | None) -> None:
        if given is None:
            return
        reader, found = CellReader(self._rules), []  # type: ignore[var-annotated]
        for column, values in zip(self._columns, given.columns, strict=True):
            table_input.fill(column, values, reader, found)
        refuse_cells(found)
        self._absorb(reader)

    # --- changing ---

    def add_data(self, *row: Any) -> None:
        """Add a row: one cell for each column. `InvalidInput` for a wrong one, and then nothing is added."""
        if [*map(type, row)] == self._plain_row and self._add_plain(row):
            return
        if len(row) != len(self._columns):
            listed = ", ".join(self.columns)
            hint = "; add_data takes one argument for each cell" if len(row) == 1 else ""
            expected = f"{len(self._columns)} cells ({listed})"[:160] + hint
            raise InvalidInput(Violation(f"row {len(self)}", "table.width", expected, f"{len(row)}"))
        table_input.check_rows(len(self) + 1, self._rules)
        reader, found = CellReader(self._rules), []  # type: ignore[var-annotated]
        ready: list[tuple[Column, str, Any, str]] = []
        for column, value in zip(self._columns, row, strict=True):
            try:
                kind, cell = reader.read(value, "")
            except InvalidInput as error:
                found.extend(error.within(table_columns.place(len(self), column.name)).violations)
                continue
            merged = column.fits(kind, cell)
            if merged is None:
                found.append(table_columns.wrong_cell(column, len(self), kind, cell))
            else:
                ready.append((column, kind, cell, merged))
        key = None
        if self.key_column is not None and not found:
            key = next(cell for column, _, cell, _ in ready if column.name == self.key_column)
            found.extend(key_violations(self.key_column, [key], self._keys, len(self)))
        refuse_cells(found)
        self._before_change()
        self._absorb(reader)
        for column, kind, cell, merged in ready:
            column.append(kind, cell, merged, reader)
        self._absorb(reader)
        if self.key_column is not None:
            self._keys.add(key)
        types = [*map(type, row)]
        # A NaN in a column of other cells became a missing one: what is of its type there is not taken as it is.
        fit = all(
            column.grows_freely and (kind != "number" or merged in ("number", "any"))
            for column, kind, _, merged in ready
        )
        self._plain_row = types if fit and types and _PLAIN_CELLS.issuperset(types) else None
        self._plain_texts = [place for place, kind in enumerate(types) if kind is str]
        self._plain_integers = [place for place, kind in enumerate(types) if kind is int]

    def _add_plain(self, row: tuple[Any, ...]) -> bool:
        """Add a row of the types of the one before it; False when it has to be looked at more closely."""
        if self.key_column is not None or (self._logged and self.log_mode == "IMMUTABLE"):
            return False
        columns = self._columns
        if len(columns[0].values) >= self._rules.limit("table.rows"):
            return False
        for place in self._plain_texts:
            if not row[place].isascii():
                return False
        for place in self._plain_integers:
            if not -_WIDE <= row[place] < _WIDE:
                return False
        for column, cell in zip(columns, row):  # noqa: B905 - as many types as columns
            column.values.append(cell)
        return True

    add_row = add_data

    def add_column(self, name: str | int, data: Any, optional: bool | None = None) -> None:
        """Add a column of one cell for each row, at the end. To a table without columns it gives the rows."""
        (text,) = check_names([name], self._rules)
        if text in self.columns:
            raise InvalidInput(Violation("name", "table.column", "a name that is not taken", checks.show(text)))
        values = table_input.sequence(data, f"column {checks.show(text, 40)}", self._rules.limit("table.rows"))
        rows = table_input.length(values)
        if self._columns and rows != len(self):
            got = f"{rows:,}"
            raise InvalidInput(
                Violation(f"column {checks.show(text, 40)}", "table.length", f"{len(self):,} cells", got)
            )
        table_input.check_rows(rows, self._rules)
        column = Column(text, optional=True if optional is None else optional)
        if self._columns and all(column.kind == "any" and column.fixed for column in self._columns):
            column.kind, column.fixed = "any", True
        reader, found = CellReader(self._rules), []  # type: ignore[var-annotated]
        table_input.fill(column, values, reader, found)
        refuse_cells(found)
        self._before_change()
        self._absorb(reader)
        self._plain_row = None
        self._columns.append(column)

    def add_computed_columns(self, fn: Callable[[int, dict[str, Any]], Mapping[str, Any]]) -> None:
        """Add columns computed from each row: `fn(index, row)` takes a mapping and returns new cells by name."""
        new: dict[str, list[Any]] = {}
        for index, row in enumerate(self.data):
            for name, cell in fn(index, dict(zip(self.columns, row, strict=True))).items():
                new.setdefault(name, [None] * index).append(cell)
        for name, cells in new.items():
            self.add_column(name, cells + [None] * (len(self) - len(cells)))

    def set_pk(self, name: str | int) -> None:
        """Make a column the key column: text or whole numbers, none missing, none twice."""
        column = self._find(name)
        cells = column.cells()
        keys: set[Any] = set()
        refuse_cells(key_violations(column.name, cells, keys, 0))
        self._before_change()
        self.key_column, self._keys = column.name, set(cells)

    def _before_change(self) -> None:
        """Keep what an IMMUTABLE table was when it was logged, and say so once."""
        if not self._logged or self.log_mode != "IMMUTABLE" or self._frozen is not None:
            return
        sentence = "an IMMUTABLE table was logged: what is added now is not (log_mode='MUTABLE' or 'INCREMENTAL')"
        if self._rules.strict == "error":
            raise InvalidInput(Violation("Table", "table.immutable", sentence, "a change after it was logged"))
        self._frozen = self.snapshot()
        if self._rules.strict == "warn":
            warnings.warn(f"Table: {sentence} [table.immutable]", Advice, stacklevel=3)

    def _absorb(self, reader: CellReader) -> None:
        """Add the conversions of some cells to the changes: one entry each, with its count."""
        if not reader.counts:
            return
        log = ChangeLog(self._rules, "Table")
        reader.record(log)
        for change in log.changes:
            old = next((index for index, seen in enumerate(self._changes) if seen.id == change.id), None)
            if old is None:
                self._changes.append(change)
            else:
                count = sum(c.count for c in (self._changes[old], change) if not isinstance(c.count, UnsetType))
                self._changes[old] = Change(id=change.id, detail=change.detail, lossy=change.lossy, count=count)

    # --- reading ---

    @property
    def columns(self) -> list[str]:
        """Return the names of the columns."""
        return [column.name for column in self._columns]

    @property
    def column_types(self) -> dict[str, table_schema.ColumnType]:
        """Return name -> type of each column."""
        return {column.name: table_columns.column_type(column) for column in self._columns}

    @property
    def data(self) -> list[list[Any]]:
        """Return the rows as lists of cells; media as objects. A copy: changing it does not change the table."""
        return [list(row) for row in zip(*(column.look() for column in self._columns), strict=True)]

    def __len__(self) -> int:
        return len(self._columns[0]) if self._columns else 0

    def get_column(self, name: str | int, convert_to: str | None = None) -> Any:
        """Return the cells of a column as a list, or with `convert_to="numpy"` as an array.

        Arrays of equal shape are stacked; missing numbers are NaN; text is an array of strings where none is missing;
        anything else gives an array of objects. `InvalidInput` for a name that is no column.
        """
        checks.refuse([checks.one_of(convert_to, (None, "numpy"), "convert_to", "table.column")])
        column = self._find(name)
        if convert_to is None:
            return column.look()
        from medialog.datatypes.table_frames import to_numpy

        return to_numpy(column)

    def _find(self, name: str | int) -> Column:
        for column in self._columns:
            if column.name == name or (not isinstance(name, str) and column.name == str(name)):
                return column
        expected = f"one of {', '.join(self.columns)}"[:200]
        raise InvalidInput(Violation("name", "table.column", expected, checks.show(name)))

    def get_index(self) -> list[int]:
        """Return the row numbers."""
        return list(range(len(self)))

    def iterrows(self) -> Iterator[tuple[int, list[Any]]]:
        """Yield `(index, row)`."""
        yield from enumerate(self.data)

    def to_pandas(self) -> Any:
        """Return a pandas DataFrame. Integers and booleans with missing cells have pandas' nullable dtypes."""
        from medialog.datatypes.table_frames import to_pandas

        return to_pandas(self._columns)

    get_dataframe = to_pandas

    def to_arrow(self, sink: Sink | None = None) -> Any:
        """Return a pyarrow Table, its columns as in the Parquet form.

        Media cells are the JSON of their descriptors; `sink` gets their files (without it they are dropped).
        """
        from medialog.datatypes.table_frames import to_arrow

        return to_arrow(self._columns, sink)

    # --- storing ---

    def encode_into(self, sink: Sink) -> dict[str, Any]:
        """Write the table and the files of its cells, and return the descriptor. An IMMUTABLE one is then as it is."""
        descriptor = super().encode_into(sink)
        self._logged = True
        return descriptor

    def frozen(self) -> Table:
        """Return the table as it is now, for a caller that encodes it later. An IMMUTABLE one is then as it is."""
        self._logged = True
        return self.snapshot() if self._frozen is None else self._frozen

    def build(self, sink: Sink) -> TableDescriptor:
        """Write the file and return the descriptor's model."""
        table = self if self._frozen is None else self._frozen
        fields = table_file.write(table._columns, sink, {})
        return TableDescriptor(**fields | table._stated(fields))

    def _stated(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "log_mode": self.log_mode,
            "key_column": UNSET if self.key_column is None else self.key_column,
            "changes": self._changes or UNSET,
            "lossless": fields["lossless"] and not any(change.lossy for change in self._changes),
        }

    @property
    def is_incremental(self) -> bool:
        """Say whether a run logs this table with `encode_rows`."""
        return self.log_mode == "INCREMENTAL"

    def encode_rows(self, sink: Sink, start: int = 0, previous: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Write the rows from `start` on and return the increment's descriptor: how an INCREMENTAL table is logged.

        Pure: the table does not know what was logged. The caller (the run) keeps a cursor for each key: the table
        object, how many of its rows are committed, and the descriptor of the last committed increment. It calls
        `encode_rows(sink, start=rows, previous=descriptor)`, and only when the step is committed moves the cursor: rows
        to `start + result["nrows"]`, descriptor to the result. For the first increment under a key `previous` is None;
        for another table object under the same key (after a resume) `start` is 0 and `previous` is the last descriptor
        in the history. Without new rows the result is `previous` itself: there is nothing to write.

        The result's `start` counts in the whole table, over all increments. `InvalidInput` when `previous` has other
        columns. `decode_increments` is the way back.
        """
        from medialog.datatypes.table_increment import TableIncrement

        if previous is not None and start == len(self) and previous.get("columns") == self.columns:
            return dict(previous)
        return TableIncrement(self, start, previous).encode_into(sink)

    @classmethod
    def decode_increments(cls, descriptors: Sequence[Mapping[str, Any]], source: Source) -> Self:
        """Return the whole table of increments given in order. See `table_increment.join`."""
        from medialog.datatypes.table_increment import join

        columns, last = join(descriptors, source)
        self = cls._of(columns, "INCREMENTAL")
        self._changes = list(last.changes)
        if last.table.key_column is not None:
            self._restore_key(last.table.key_column)
        return self

    @classmethod
    def decode(cls, descriptor: Mapping[str, Any], source: Source) -> Self:
        """Return the table of a descriptor. Media cells are decoded when they are looked at."""
        # What was stored under a higher limit can be read without raising it again.
        with relaxed(descriptor).use():
            model: TableDescriptor = cls.read_model(descriptor)
        self = cls._of(table_file.read(model, source)[0], model.log_mode)
        self._changes = [] if isinstance(model.changes, UnsetType) else list(model.changes)
        if isinstance(model.key_column, str):
            self._restore_key(model.key_column)
        return self

    def _restore_key(self, name: str) -> None:
        keys: set[Any] = set()
        if key_violations(name, self._find(name).cells(), keys, 0):
            raise DamagedFile(f"column {checks.show(name, 40)} is the key column, and its cells are no keys")
        self.key_column, self._keys = name, keys

    @classmethod
    def _of(cls, columns: list[Column], log_mode: Any) -> Self:
        self = cls.restore(UNSET, UNSET)
        self._restart(log_mode)
        self._columns = columns
        return self

    def snapshot(self, start: int = 0, stop: int | None = None) -> Self:
        """Return the rows `start` to `stop` as a table of its own, as they are now."""
        other = type(self)._of([column.part(start, stop) for column in self._columns], self.log_mode)
        other._rules, other._changes = self._rules, list(self._changes)
        other.key_column, other._keys = self.key_column, set(self._keys)
        return other

    @classmethod
    def descriptor_violations(cls, descriptor: Mapping[str, Any], rules: Rules) -> Iterator[Violation]:
        """Yield what the keys of a table's descriptor say differently from each other."""
        columns, types = descriptor["columns"], descriptor["column_types"]
        if not descriptor["ncols"] == len(columns) == len(types):
            got = f"{descriptor['ncols']} ncols, {len(columns)} columns, {len(types)} types"
            yield Violation("$.ncols", "table.columns", "as many columns as types, and that number", got)
        if len(set(columns)) != len(columns):
            yield Violation("$.columns", "table.columns", "each name once", checks.show(columns))
        for index, column_type in enumerate(types):
            if not table_schema.is_known(column_type["type"]):
                yield Violation(
                    f"$.column_types[{index}].type", "table.dtype", "a known kind", checks.show(column_type["type"])
                )
        if "key_column" in descriptor and descriptor["key_column"] not in columns:
            yield Violation("$.key_column", "table.key", "one of the columns", checks.show(descriptor["key_column"]))
        if not descriptor["path"].endswith("." + table_file.SUFFIXES[descriptor["format"]]):
            expected = f"a file .{table_file.SUFFIXES[descriptor['format']]}"
            yield Violation("$.format", "table.format", expected, checks.show(descriptor["path"][-20:]))
        files = len(descriptor.get("files", ()))
        rows = descriptor["nrows"] if descriptor["format"] == "json" else 0
        checked = [check_length(name, f"$.columns[{index}]", rules) for index, name in enumerate(columns)]
        checked.append(checks.at_most(files, "files.inline", "$.files", rules, "files in a descriptor"))
        checked.append(
            checks.at_most(rows, "table.json_rows", "$.nrows", rules, "rows in a JSON file (Parquet has more)")
        )
        yield from (violation for violation in checked if violation is not None)

    # --- comparing, describing ---

    def __eq__(self, other: object) -> bool:
        """Two tables are equal when they would be stored alike."""
        if type(other) is not type(self):
            return NotImplemented
        return self.snapshot().encode_into(MemorySink()) == other.snapshot().encode_into(MemorySink())

    __hash__ = None

    def _media(self) -> Iterator[DataType]:
        for column in self._columns:
            if isinstance(column.values, list) and (
                column.kind in ("list", "dict", "any") or table_schema.is_media(column.kind)
            ):
                for cell in column.values:
                    yield from table_cells.media_in(cell)

    def _all_changes(self) -> Iterable[Change]:
        yield from self._changes
        for value in self._media():
            yield from value._all_changes()

    def advice(self) -> Iterator[tuple[str, str]]:
        """Yield what there is to say about media cells."""
        for value in self._media():
            yield from value.advice()

    def describe(self) -> str:
        """Return the numbers of rows and columns, and the names."""
        names = ", ".join(self.columns)
        return f"{len(self):,} rows x {len(self._columns)} columns: {checks.show(names, 80)[1:-1] if names else 'none'}"


def adopt_frame(frame: Any) -> Table:
    """Return the table of a DataFrame or an Arrow table that was logged as it is."""
    return Table(dataframe=frame)


def relaxed(descriptor: Mapping[str, Any]) -> Rules:
    """Return the rules that hold, with room for the rows that a descriptor states."""
    rules = rulebook.current()
    rows = descriptor.get("nrows") if isinstance(descriptor, Mapping) else None
    if isinstance(rows, int) and not isinstance(rows, bool) and rules.limit("table.rows") < rows < 2**63:
        return rules.but({"table.rows": rows})
    return rules
