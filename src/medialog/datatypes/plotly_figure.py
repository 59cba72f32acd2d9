"""Plotly: an interactive figure in plotly's own JSON.

Source: "Matplotlib" and "Plotly" of the guides ("we also accept directly logging Plotly plots"). The JSON is described
at plotly.com/javascript/reference; its values follow the rules of `figure_json`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from msgspec import UNSET, Meta, UnsetType

from medialog.datatypes.base import Caption, Changes, Count, DataType, FileModel, file_fields
from medialog.datatypes.figure_json import FIGURE_JSON_RULES, PlainJson, check_size, encode, parse, short_text
from medialog.datatypes.files import Content, Sink, Source, read_input, read_reference
from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation
from medialog.validators.optional import require
from medialog.validators.rules import Rules, Strictness
from medialog.wire.fileref import FileRef

Title = Annotated[str, Meta(min_length=1, max_length=200, description="the figure's title, its first 200 characters")]
_MEMBERS = ("data", "layout", "frames", "config")
# These draw on map tiles or outlines that the browser fetches.
_MAP_TRACES = frozenset({"choropleth", "choroplethmap", "choroplethmapbox", "densitymap", "densitymapbox", "scattergeo",
                         "scattermap", "scattermapbox"})  # fmt: skip


class PlotlyDescriptor(FileModel, tag="plotly-file"):
    """The wire form of a plotly figure."""

    format: Annotated[Literal["plotly.json"], Meta(description="a JSON object with data, layout and perhaps frames")]
    traces: Annotated[Count, Meta(description="how many traces the figure has")]
    trace_types: Annotated[list[str], Meta(description="the types of its traces, each once, sorted")]
    lossless: Annotated[bool, Meta(description="the file gives back the very values that were given")]
    frames: Annotated[int, Meta(ge=1, description="how many frames an animation has")] | UnsetType = UNSET
    title: Title | UnsetType = UNSET
    width: Annotated[float, Meta(gt=0, description="pixels, where the layout fixes it")] | UnsetType = UNSET
    height: Annotated[float, Meta(gt=0, description="pixels, where the layout fixes it")] | UnsetType = UNSET
    caption: Caption | UnsetType = UNSET
    changes: Changes | UnsetType = UNSET


class Plotly(DataType, kind="plotly-file"):
    """An interactive figure: `Plotly(figure)`.

    `val` is one of

    - a plotly figure (`graph_objects.Figure`, `FigureWidget`, whatever `plotly.express` returns);
    - its dict, `{"data": [...], "layout": {...}, "frames": [...]}`, with arrays, dates and pandas columns as plotly
      takes them;
    - its JSON: a string that begins with `{`, bytes, an open file, or the path of a `.plotly.json` or `.json` file.

    Stored is JSON with every array as a list of the very same numbers (see `medialog.datatypes.figure_json`): a file is
    kept byte for byte when it has no typed arrays. NaN and infinities are null, as plotly itself writes them, and
    recorded. A matplotlib figure is stored by `Figure`, which keeps its exact picture too. Raises `InvalidInput`.
    """

    Descriptor = PlotlyDescriptor
    documented_rules = {
        **FIGURE_JSON_RULES,
        "plotly.figure": "a plotly figure is an object with data (a list of traces) and layout (an object)",
        "plotly.facts": "the descriptor's facts agree with one another",
        "plotly.empty": "a figure has a trace (a warning)",
        "plotly.remote": "a figure shows nothing that a browser would fetch "
        "(a warning: it is kept, and not shown offline)",
    }
    documented_changes = {
        "plotly.non_finite": "NaN, infinities and missing values stored as null, the gap that plotly draws for them",
        "plotly.typed_arrays": "a file with typed arrays rewritten with lists of the same numbers",
    }

    def __init__(
        self,
        val: Any,
        caption: str | None = None,
        *,
        limits: Mapping[str, Any] | None = None,
        strict: Strictness | None = None,
    ) -> None:
        log = self._begin(limits, strict, caption)
        self._content: bytes
        self._facts: dict[str, Any]
        if isinstance(val, Plotly):
            self._content, self._facts = val._content, val._facts
            self._changes.extend(val._changes)
            return
        content: bytes | None = None
        if isinstance(val, Mapping) or _is_plotly(val, "BaseFigure"):
            given = val if isinstance(val, Mapping) else val.to_dict()
        else:
            content = _read(val, self._rules)
            given = parse(content, "Plotly")
        _check_structure(given)
        plain = PlainJson("Plotly", self._rules)
        document = plain.convert(given)
        if plain.non_finite:
            what = f"{plain.non_finite} numbers that are not finite stored as null"
            log.record("plotly.non_finite", what, plain.non_finite)
        if content is not None and plain.typed_arrays:
            log.record("plotly.typed_arrays", "file rewritten: typed arrays as lists", plain.typed_arrays)
            content = None
        self._content = encode(document, "Plotly", self._rules) if content is None else content
        self._facts = _facts(document)

    @classmethod
    def from_document(cls, document: dict[str, Any], rules: Rules) -> Self:
        """Return the figure of a document that medialog made itself, under pinned rules."""
        return cls(document, limits=rules.limits, strict=rules.strict)

    @property
    def traces(self) -> int:
        """Return how many traces the figure has."""
        traces: int = self._facts["traces"]
        return traces

    @property
    def title(self) -> str | None:
        """Return the figure's title."""
        title: str | None = self._facts.get("title")
        return title

    @property
    def lossless(self) -> bool:
        """Say whether the stored file gives back the very values that were given."""
        return not any(change.id == "plotly.non_finite" for change in self._changes)

    def to_dict(self) -> dict[str, Any]:
        """Return the figure as plain JSON: data, layout, and frames where it has some."""
        document: dict[str, Any] = parse(self._content, "Plotly")
        return document

    def to_plotly(self) -> Any:
        """Return a `plotly.graph_objects.Figure`. `MissingDependency` without plotly."""
        document = {name: value for name, value in self.to_dict().items() if name != "config"}
        return require("plotly.graph_objects", extra="plot").Figure(document)

    def read(self) -> bytes:
        """Return the stored JSON."""
        return self._content

    def advice(self) -> Iterator[tuple[str, str]]:
        """Yield `(rule, sentence)` for what is kept as given but looks wrong."""
        if not self.traces:
            yield "plotly.empty", "the figure has no traces, nothing will be drawn"
        if self._facts["remote"]:
            yield "plotly.remote", f"{self._facts['remote']} would be fetched by the browser and is not shown offline"

    def build(self, sink: Sink) -> PlotlyDescriptor:
        """Write the JSON and return the descriptor."""
        facts = {name: value for name, value in self._facts.items() if name != "remote"}
        return PlotlyDescriptor(
            **file_fields(sink.write("plotly.json", self._content)),
            format="plotly.json",
            lossless=self.lossless,
            **facts,
            **self._common(),
        )

    @classmethod
    def decode(cls, descriptor: Mapping[str, Any], source: Source) -> Self:
        """Return the figure of a descriptor."""
        model: PlotlyDescriptor = cls.read_model(descriptor)
        self = cls.restore(model.caption, model.changes)
        self._content = read_reference(source, FileRef(model.path, model.sha256, model.size))
        document = parse(self._content, "Plotly")
        _check_structure(document)
        self._facts = _facts(document)
        return self

    @classmethod
    def descriptor_violations(cls, descriptor: Mapping[str, Any], rules: Rules) -> Iterator[Violation]:
        """Yield a size over the limit, and types of traces that there are not."""
        violation = checks.at_most(descriptor["size"], "figure.size", "$.size", rules, "bytes")
        if violation is not None:
            yield violation
        types = descriptor["trace_types"]
        if (
            types != sorted(set(types))
            or len(types) > descriptor["traces"]
            or bool(types) != bool(descriptor["traces"])
        ):
            expected = f"1 to {descriptor['traces']} types, each once, sorted"
            yield Violation("$.trace_types", "plotly.facts", expected, checks.show(types))

    def describe(self) -> str:
        """Return how many traces there are, and of which types."""
        types = ", ".join(self._facts["trace_types"])
        title = "" if self.title is None else f", {checks.show(self.title, 40)}"
        return f"{self.traces} traces{f' ({types[:60]})' if types else ''}{title}"


def _is_plotly(value: Any, name: str) -> bool:
    return any(cls.__module__ == "plotly.basedatatypes" and cls.__name__ == name for cls in type(value).__mro__)


def _read(value: Any, rules: Rules) -> bytes:
    """Return the JSON bytes of a file input; `InvalidInput` or `WrongType` for anything else."""
    if isinstance(value, str) and value.lstrip()[:1] == "{":
        value = value.encode("utf-8", "surrogatepass")
    content: Content | None = read_input(value, "Plotly", rules)
    if content is None:
        expected = "a plotly figure, its dict, or its JSON"
        if _is_plotly(value, "BaseTraceType"):
            expected += " (go.Figure(trace) makes one of a trace)"
        elif any(f"{cls.__module__}.{cls.__name__}" == "matplotlib.artist.Artist" for cls in type(value).__mro__):
            expected += " (Figure(...) stores a matplotlib figure)"
        raise checks.wrong_type("Plotly", "plotly.figure", expected, value)
    if content.suffix not in ("", "json"):
        raise InvalidInput(
            Violation("Plotly", "file.content", "a .plotly.json or .json file", checks.show(content.name))
        )
    check_size(content.size, "Plotly", rules)
    return content.read()


def _check_structure(document: Any) -> None:
    """Refuse what is not a figure's object.

    The properties of traces are plotly's affair, and change with its versions.
    """
    if not isinstance(document, Mapping):
        raise InvalidInput(Violation("Plotly", "plotly.figure", "a JSON object with data", checks.show(document)))
    found: list[Violation] = []
    if "data" not in document:
        members = ", ".join(map(str, document)) or "nothing"
        vega = " (Figure(...) stores an altair chart)" if "mark" in document or "$schema" in document else ""
        found.append(Violation("Plotly", "plotly.figure", f"an object with data{vega}", f"members {members[:80]}"))
    found += [
        Violation("Plotly", "plotly.figure", f"only the members {', '.join(_MEMBERS)}", checks.show(name))
        for name in document
        if name not in _MEMBERS and "data" in document
    ]
    for name, kind, what in (
        ("data", (list, tuple), "a list of traces"),
        ("frames", (list, tuple), "a list of frames"),
    ):
        items = document.get(name)
        if items is not None and not isinstance(items, kind):
            found.append(Violation(f"Plotly.{name}", "plotly.figure", what, checks.show(items)))
            continue
        for index, item in enumerate(items or ()):
            if not isinstance(item, Mapping) and not _is_plotly(item, "BasePlotlyType"):
                found.append(Violation(f"Plotly.{name}[{index}]", "plotly.figure", "an object", checks.show(item)))
    layout = document.get("layout")
    if layout is not None and not isinstance(layout, Mapping) and not _is_plotly(layout, "BasePlotlyType"):
        found.append(Violation("Plotly.layout", "plotly.figure", "an object", checks.show(layout)))
    checks.refuse(found)


def _facts(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the descriptor says of a figure, and what of it a browser would fetch."""
    traces = [trace for trace in document.get("data") or () if isinstance(trace, Mapping)]
    layout = document.get("layout") or {}
    types = {kind if isinstance(kind, str) else "scatter" for kind in (trace.get("type") for trace in traces)}
    facts: dict[str, Any] = {"traces": len(traces), "trace_types": sorted(types)}
    if document.get("frames"):
        facts["frames"] = len(document["frames"])
    title = layout.get("title")
    text = short_text(title.get("text") if isinstance(title, Mapping) else title)
    if text is not None:
        facts["title"] = text
    for name in ("width", "height"):
        value = layout.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e6:
            facts[name] = value
    facts["remote"] = _remote(traces, layout, sorted(types))
    return facts


def _remote(traces: list[Mapping[str, Any]], layout: Mapping[str, Any], types: list[str]) -> str:
    images = layout.get("images")
    sources = [
        item.get("source")
        for item in (*traces, *(images if isinstance(images, list) else ()))
        if isinstance(item, Mapping)
    ]
    for source in sources:
        if isinstance(source, str) and source[:5].lower() in ("http:", "https"):
            return f"the picture {source[:60]!r}"
    maps = [kind for kind in types if kind in _MAP_TRACES]
    return f"the map of {maps[0]}" if maps else ""
