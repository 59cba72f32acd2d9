"""VegaLite: a chart as its complete Vega-Lite specification, its data inside.

Nothing is fetched when the chart is drawn, and nothing is looked up on a server: a specification that names remote data
is an error here and not an empty panel later. Its values follow the rules of `figure_json`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from msgspec import UNSET, Meta, UnsetType

from medialog.datatypes.base import Caption, Changes, DataType, FileModel, file_fields
from medialog.datatypes.figure_json import FIGURE_JSON_RULES, PlainJson, check_size, encode, parse, short_text
from medialog.datatypes.files import Content, Sink, Source, read_input, read_reference
from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation
from medialog.validators.optional import require
from medialog.validators.rules import Rules, Strictness
from medialog.wire.fileref import FileRef

VIEWS = ("mark", "layer", "concat", "hconcat", "vconcat", "facet", "repeat", "spec")
_SCHEMA = "https://vega.github.io/schema/vega-lite/"

Schema = Annotated[str, Meta(description="the specification's $schema: which version of Vega-Lite it is written for")]


class VegaDescriptor(FileModel, tag="vega-file"):
    """The wire form of a Vega-Lite chart."""

    format: Annotated[Literal["vl.json"], Meta(description="a complete Vega-Lite specification, its data inline")]
    lossless: Annotated[bool, Meta(description="the file gives back the very values that were given")]
    schema: Schema | UnsetType = UNSET
    title: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType = UNSET
    caption: Caption | UnsetType = UNSET
    changes: Changes | UnsetType = UNSET


class VegaLite(DataType, kind="vega-file"):
    """A Vega-Lite chart: `VegaLite(spec)`.

    `spec`: an altair chart of any kind (its data are written into the specification, whatever altair's data transformer
    and row limit are set to), a dict, or JSON (a string that begins with `{`, bytes, an open file, the path of a
    `.vl.json` or `.json` file, kept byte for byte). Data must be inline: a `url` that is not a `data:` URL is an error.

    `Figure(chart)` stores the same with a picture. Raises `InvalidInput`.
    """

    Descriptor = VegaDescriptor
    documented_rules = {
        **FIGURE_JSON_RULES,
        "vega.spec": "a Vega-Lite specification is an object with mark, layer, concat, facet or repeat",
        "vega.remote": "data are in the specification: nothing is fetched when a chart is drawn",
        "vega.altair": "altair can write the chart as a specification",
    }
    documented_changes = {
        "vega.non_finite": "NaN, infinities and missing values stored as null, as Vega-Lite writes them",
        "vega.typed_arrays": "a file with typed arrays rewritten with lists of the same numbers",
    }

    def __init__(
        self,
        spec: Any,
        caption: str | None = None,
        *,
        limits: Mapping[str, Any] | None = None,
        strict: Strictness | None = None,
    ) -> None:
        log = self._begin(limits, strict, caption)
        self._content: bytes
        self._facts: dict[str, Any]
        if isinstance(spec, VegaLite):
            self._content, self._facts = spec._content, spec._facts
            self._changes.extend(spec._changes)
            return
        content: bytes | None = None
        given: Any
        if is_altair(spec):
            given = _altair_dict(spec)
        elif isinstance(spec, Mapping):
            given = spec
        else:
            content = _read(spec, self._rules)
            given = parse(content, "VegaLite")
        _check_structure(given)
        plain = PlainJson("VegaLite", self._rules)
        document = plain.convert(given)
        checks.refuse(_remote_data(document))
        if plain.non_finite:
            what = f"{plain.non_finite} values that are not finite stored as null"
            log.record("vega.non_finite", what, plain.non_finite)
        if content is not None and plain.typed_arrays:
            log.record("vega.typed_arrays", "file rewritten: typed arrays as lists", plain.typed_arrays)
            content = None
        self._content = encode(document, "VegaLite", self._rules) if content is None else content
        self._facts = _facts(document)

    @property
    def title(self) -> str | None:
        """Return the chart's title."""
        title: str | None = self._facts.get("title")
        return title

    @property
    def lossless(self) -> bool:
        """Say whether the stored file gives back the very values that were given."""
        return not any(change.id == "vega.non_finite" for change in self._changes)

    def to_dict(self) -> dict[str, Any]:
        """Return the specification as plain JSON."""
        document: dict[str, Any] = parse(self._content, "VegaLite")
        return document

    def to_altair(self) -> Any:
        """Return an altair chart. `MissingDependency` without altair."""
        return require("altair", extra="plot").Chart.from_dict(self.to_dict())

    def read(self) -> bytes:
        """Return the stored JSON."""
        return self._content

    def build(self, sink: Sink) -> VegaDescriptor:
        """Write the specification and return the descriptor."""
        return VegaDescriptor(
            **file_fields(sink.write("vl.json", self._content)),
            format="vl.json",
            lossless=self.lossless,
            **self._facts,
            **self._common(),
        )

    @classmethod
    def decode(cls, descriptor: Mapping[str, Any], source: Source) -> Self:
        """Return the chart of a descriptor."""
        model: VegaDescriptor = cls.read_model(descriptor)
        self = cls.restore(model.caption, model.changes)
        self._content = read_reference(source, FileRef(model.path, model.sha256, model.size))
        document = parse(self._content, "VegaLite")
        _check_structure(document)
        checks.refuse(_remote_data(document))
        self._facts = _facts(document)
        return self

    @classmethod
    def descriptor_violations(cls, descriptor: Mapping[str, Any], rules: Rules) -> Iterator[Violation]:
        """Yield a size over the limit."""
        violation = checks.at_most(descriptor["size"], "figure.size", "$.size", rules, "bytes")
        if violation is not None:
            yield violation

    def describe(self) -> str:
        """Return the view's kind, and the title."""
        view = next((name for name in VIEWS if name in self.to_dict()), "")
        return view if self.title is None else f"{view}, {checks.show(self.title, 40)}"


def is_altair(value: Any) -> bool:
    """Say whether a value is an altair chart, of any version."""
    return any(
        cls.__module__.startswith("altair.vegalite.") and cls.__name__ == "TopLevelMixin" for cls in type(value).__mro__
    )


def has_image_marks(node: Any) -> bool:
    """Say whether a specification draws pictures.

    Their addresses stand in its rows and are fetched by whoever draws it.
    """
    if isinstance(node, list):
        return any(map(has_image_marks, node))
    if not isinstance(node, dict):
        return False
    mark = node.get("mark")
    if mark == "image" or (isinstance(mark, dict) and mark.get("type") == "image"):
        return True
    return any(has_image_marks(value) for key, value in node.items() if key not in ("data", "datasets"))


def _altair_dict(chart: Any) -> dict[str, Any]:
    """Return a chart's specification with all its rows inside, whatever is set for the process."""
    import sys

    altair = sys.modules["altair"]  # whoever has a chart has imported it
    transformers = altair.data_transformers
    consolidated = transformers.consolidate_datasets
    try:
        with transformers.enable("default", max_rows=None):
            transformers.consolidate_datasets = True
            spec: dict[str, Any] = chart.to_dict()
    except Exception as error:
        message = " ".join(str(error).split())
        raise InvalidInput(
            Violation("VegaLite", "vega.altair", "a complete chart", f"{type(error).__name__}: {message[:200]}")
        ) from error
    finally:
        transformers.consolidate_datasets = consolidated
    return spec


def _read(value: Any, rules: Rules) -> bytes:
    if isinstance(value, str) and value.lstrip()[:1] == "{":
        value = value.encode("utf-8", "surrogatepass")
    content: Content | None = read_input(value, "VegaLite", rules)
    if content is None:
        raise checks.wrong_type("VegaLite", "vega.spec", "an altair chart, a specification, or its JSON", value)
    if content.suffix not in ("", "json", "vl"):
        raise InvalidInput(Violation("VegaLite", "file.content", "a .vl.json or .json file", checks.show(content.name)))
    check_size(content.size, "VegaLite", rules)
    return content.read()


def _check_structure(document: Any) -> None:
    expected = "a Vega-Lite specification (an object with mark, layer, concat, facet or repeat)"
    if not isinstance(document, Mapping):
        raise InvalidInput(Violation("VegaLite", "vega.spec", expected, checks.show(document)))
    found = []
    if not any(name in document for name in VIEWS):
        got = f"members {', '.join(map(str, document))[:80] or 'none'}"
        found.append(Violation("VegaLite", "vega.spec", expected, got))
    schema = document.get("$schema")
    if schema is not None and not (isinstance(schema, str) and schema.startswith(_SCHEMA)):
        found.append(Violation("VegaLite.$schema", "vega.spec", f"{_SCHEMA}v<n>.json", checks.show(schema)))
    checks.refuse(found)


def _remote_data(document: dict[str, Any]) -> Iterator[Violation]:
    """Yield every data source that a browser would fetch: the `url` of a `data` object, and of image marks."""
    stack: list[tuple[Any, str]] = [(document, "VegaLite")]
    while stack:
        node, place = stack.pop()
        if isinstance(node, list):
            stack.extend((item, f"{place}[{index}]") for index, item in enumerate(node))
            continue
        if not isinstance(node, dict):
            continue
        for key, value in node.items():
            if key == "datasets" or (key == "values" and place.endswith(".data")):
                continue  # rows are values, whatever they are called
            if key == "data" and isinstance(value, dict) and "url" in value:
                yield from _refuse_url(value["url"], f"{place}.data.url")
            elif key == "url" and isinstance(value, dict) and isinstance(value.get("value"), str):
                yield from _refuse_url(value["value"], f"{place}.url.value")
            elif key == "mark" and isinstance(value, dict) and isinstance(value.get("url"), str):
                yield from _refuse_url(value["url"], f"{place}.mark.url")
            stack.append((value, f"{place}.{key}"))


def _refuse_url(url: Any, place: str) -> Iterator[Violation]:
    if not (isinstance(url, str) and url.startswith("data:")):
        expected = "data in the specification (for altair: a DataFrame, alt.Data(values=...), or a data: URL)"
        yield Violation(place, "vega.remote", expected, checks.show(url))


def _facts(document: Mapping[str, Any]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    if "$schema" in document:
        facts["schema"] = document["$schema"]
    title = document.get("title")
    text = short_text(title.get("text") if isinstance(title, Mapping) else title)
    if text is not None:
        facts["title"] = text
    return facts
