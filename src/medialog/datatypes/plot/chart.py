"""Chart: a table and the complete Vega-Lite spec that draws it.

A chart names nothing on a server. The spec is a `.vl.json` file with its data inside, so that any Vega-Lite viewer
draws it with no other file; the table beside it is the truth: typed, with every column and row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from msgspec import UNSET, Meta, UnsetType

from medialog.datatypes.base import Caption, Change, Changes, DataType, FileModel, file_fields
from medialog.datatypes.files import Sink, Source, read_reference
from medialog.datatypes.plot import template
from medialog.datatypes.plot.drawing import Drawing, Preset, check_fields, check_table, not_drawn, read_columns
from medialog.datatypes.plot.labels import LABEL_RULES
from medialog.datatypes.table import Table, relaxed
from medialog.datatypes.table_schema import TableDescriptor
from medialog.validators import checks
from medialog.validators.errors import DamagedFile, Violation
from medialog.wire import jsontext
from medialog.wire.fileref import FileRef

if TYPE_CHECKING:
    from medialog.validators.rules import Rules, Strictness

CUSTOM = "medialog/custom/v1"
Advices = Iterable[tuple[str, str]]


class ChartDescriptor(FileModel, tag="chart"):
    """The wire form of a chart: its spec is the file, its table a descriptor of its own."""

    format: Annotated[Literal["vega-lite"], Meta(description="the file is a complete Vega-Lite spec with inline data")]
    spec_name: Annotated[
        str,
        Meta(
            pattern=f"^{template.NAME_PATTERN}$", description="the preset, as W&B names it", examples=["wandb/line/v0"]
        ),
    ]
    fields: Annotated[dict[str, str | None], Meta(description="field of the preset to column of the table")]
    string_fields: Annotated[dict[str, Caption], Meta(description="text of the preset: title, axis titles")]
    split_table: Annotated[bool, Meta(description="show the table as a panel of its own too")]
    table: TableDescriptor
    lossless: Annotated[bool, Meta(description="False: points were left out or interpolated, see changes")]
    title: Caption | UnsetType = UNSET
    changes: Changes | UnsetType = UNSET


class Chart(DataType, kind="chart"):
    """A chart: a table and a Vega-Lite spec, made by `medialog.plot.line`, `scatter`, ... or from a spec of your own.

    `Chart(table, spec, fields={"x": "step"}, string_fields={"title": "Height"})`: `spec` is a Vega-Lite spec of
    version 5 or 6 without data of its own (or with `"data": {"name": ...}`, as W&B's editor has it); every column of
    numbers, dates or text becomes its inline data, all rows of it. `${field:x}` in it is replaced by the column's
    name and `${string:title}` by the text. `title` is short for `string_fields={"title": ...}`.

    Raises `InvalidInput`: a field that names no column, a placeholder without a value, a spec that refers to a URL.
    """

    Descriptor = ChartDescriptor
    _advice: list[tuple[str, str]]
    documented_rules = {
        **LABEL_RULES,
        **template.TEMPLATE_RULES,
        "plot.table": "a chart's table is a medialog.Table",
        "plot.column": "a field names a column of the table",
        "plot.column_type": "a field's column holds what the preset draws: numbers, dates or text",
        "plot.fields": "fields map the preset's fields to columns; those that it needs are there",
        "plot.title": "titles and other strings are text of at most `caption.length` characters",
        "plot.option": "an option has one of its documented values",
        "plot.series": "line_series takes lists of values, and different names for them",
        "plot.one_class": "a curve needs examples of its class and of others",
        "plot.predictions": "a confusion matrix has probs or preds, one of them",
        "plot.interp_size": "interp_size is a whole number from 2 to `plot.curve_points`",
        "plot.not_drawn": "NaN and infinities are in the table but not in the drawing (a warning)",
        "plot.absent_class": "classes without an example have no curve (a warning)",
        "plot.unregistered": "a preset that nobody registered is drawn plainly (a warning)",
    }
    documented_changes = {
        "plot.thinned": "points of curves left out beyond `plot.curve_points`, evenly along each curve (lossy)",
        "plot.interpolated": "a precision-recall curve at interp_size even recalls, as asked for",
    }

    def __init__(
        self,
        table: Table,
        spec: Mapping[str, Any],
        fields: Mapping[str, str] | None = None,
        string_fields: Mapping[str, str] | None = None,
        title: str | None = None,
        split_table: bool = False,
        *,
        spec_name: str = CUSTOM,
        limits: Mapping[str, Any] | None = None,
        strict: Strictness | None = None,
    ) -> None:
        self._begin(limits, strict)
        check_table(table)
        template.check_name(spec_name)
        columns = check_fields(table, fields or {}, None)
        strings = dict(string_fields) if isinstance(string_fields, Mapping) else string_fields
        if title is not None and isinstance(strings, dict | None):
            strings = {**(strings or {}), "title": title}
        self._hold(spec_name, table, columns, strings, split_table)
        complete, self._advice = template.complete(spec, table, self.fields, self.string_fields)
        self._spec = jsontext.dumps(complete)

    @classmethod
    def preset(
        cls,
        preset: Preset,
        table: Table,
        fields: Mapping[str, str | None],
        strings: Mapping[str, str] | None = None,
        *,
        split_table: bool = False,
        changes: Sequence[Change] = (),
        advice: Advices = (),
        limits: Mapping[str, Any] | None = None,
        strict: Strictness | None = None,
    ) -> Self:
        """Return the chart of a preset: its fields checked against the table, drawn, and held with its table."""
        self = cls.__new__(cls)
        self._begin(limits, strict)
        check_table(table)
        columns = check_fields(table, fields, preset.fields)
        self._hold(preset.name, table, columns, strings, split_table)
        drawn = read_columns(table, columns, preset.fields)
        self._spec = jsontext.dumps(preset.draw(Drawing(drawn, self.title, self.string_fields)))
        self._changes.extend(changes)
        self._advice = [*advice, *not_drawn(drawn)]
        return self

    def _hold(self, name: str, table: Table, fields: Mapping[str, str | None], strings: Any, split_table: Any) -> None:
        """Check the strings, and keep everything but the spec. The table is a snapshot: its owner may add rows."""
        found = [checks.one_of(split_table, (True, False), "split_table", "plot.option")]
        if strings is not None and not isinstance(strings, Mapping):
            raise checks.wrong_type("string_fields", "plot.title", "a mapping of name to text", strings)
        for key, text in (strings or {}).items():
            place = "title" if key == "title" else f"string_fields[{checks.show(key)}]"
            wrong = checks.text(key, "string_fields", "plot.title") or checks.text(text, place, "plot.title")
            found.append(wrong or checks.at_most(len(text), "caption.length", place, self._rules, "characters"))
        checks.refuse(found)
        self.spec_name = name
        self.fields = dict(fields)
        self.string_fields: dict[str, str] = {str(key): str(text) for key, text in (strings or {}).items()}
        self.split_table = bool(split_table)
        self.table = table.snapshot()

    @property
    def title(self) -> str | None:
        """Return the title, None where there is none."""
        return self.string_fields.get("title") or None

    @property
    def spec(self) -> dict[str, Any]:
        """Return the complete Vega-Lite spec: a new dict at each call."""
        spec: dict[str, Any] = jsontext.loads(self._spec)
        return spec

    def advice(self) -> Iterator[tuple[str, str]]:
        """Yield what is kept as given but not drawn as given."""
        yield from self._advice
        yield from self.table.advice()

    def _all_changes(self) -> Iterable[Change]:
        return [*self._changes, *self.table._all_changes()]

    def build(self, sink: Sink) -> ChartDescriptor:
        """Write the spec and the table's files, and return the descriptor."""
        table = self.table.build(sink)
        return ChartDescriptor(
            **file_fields(sink.write("vl.json", self._spec)),
            format="vega-lite",
            spec_name=self.spec_name,
            fields=self.fields,
            string_fields=self.string_fields,
            split_table=self.split_table,
            table=table,
            lossless=table.lossless and not self._changes,
            title=self.title or UNSET,
            changes=self._changes or UNSET,
        )

    @classmethod
    def decode(cls, descriptor: Mapping[str, Any], source: Source) -> Self:
        """Return the chart of a descriptor."""
        with relaxed(descriptor.get("table", {})).use():
            model: ChartDescriptor = cls.read_model(descriptor)
        self = cls.restore(UNSET, model.changes)
        self._spec = read_reference(source, FileRef(model.path, model.sha256, model.size))
        try:
            spec = jsontext.loads(self._spec)
        except ValueError as error:
            raise DamagedFile(f"{model.path}: not JSON: {error}") from None
        if not isinstance(spec, dict):
            raise DamagedFile(f"{model.path}: a Vega-Lite spec is a JSON object")
        self.spec_name, self.fields, self.string_fields = model.spec_name, model.fields, model.string_fields
        self.split_table = model.split_table
        self.table = Table.decode(descriptor["table"], source)
        self._advice = []
        return self

    @classmethod
    def descriptor_violations(cls, descriptor: Mapping[str, Any], rules: Rules) -> Iterator[Violation]:
        """Yield fields that name no column, a title that is not the strings', and what is wrong with the table."""
        table = descriptor["table"]
        for violation in Table.descriptor_violations(table, rules):
            yield Violation(violation.at.replace("$", "$.table", 1), violation.rule, violation.expected, violation.got)
        for name, column in descriptor["fields"].items():
            if column is not None and column not in table["columns"]:
                yield Violation(f"$.fields.{name}"[:80], "plot.column", "a column of the table", checks.show(column))
        if descriptor.get("title", "") != descriptor["string_fields"].get("title", ""):
            yield Violation("$.title", "plot.title", "the title of string_fields", checks.show(descriptor.get("title")))

    def describe(self) -> str:
        """Return the preset, the rows and the title."""
        title = "" if self.title is None else f", title={checks.show(self.title, 40)}"
        return f"{self.spec_name[:60]}, {len(self.table):,} rows{title}"
