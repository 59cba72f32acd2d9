"""The records of a run directory as models: a line of events by its kind, `run.json`, `config.json`, `summary.json`.

They are the only definition of what stands in those files; the published schemas `run`, `config`, `summary` and `line`
are made from them. A key that is not listed is refused, but for `x-*`. What a model cannot say, `Tree`, stands here as
a schema: values nest as they were logged, no key begins with an underscore, and an object with `_type` is a descriptor
or a number that JSON has no token for.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from medialog.wire import jsontext, names, schemas

_DEFINITIONS: dict[str, Any] = {
    "Value": {
        "description": "a value as it was logged",
        "anyOf": [
            {"type": ["null", "boolean", "number", "string"]},
            {"type": "array", "items": {"$ref": "#/$defs/Value"}},
            {"$ref": "#/$defs/Number"},
            {"$ref": "#/$defs/Descriptor"},
            {"$ref": "#/$defs/Tree"},
        ],
    },
    "Tree": {
        "description": "keys to values, nested as they were logged",
        "type": "object",
        "propertyNames": {"pattern": "^[^_]"},
        "additionalProperties": {"$ref": "#/$defs/Value"},
    },
    "Number": {
        "description": "a number that JSON has no token for: NaN, an infinity, a whole number beyond 64 bits",
        "type": "object",
        "properties": {
            "_type": {"const": jsontext.NUMBER_KIND},
            "value": {"type": "string", "pattern": "^(?:NaN|-?Infinity|-?[0-9]{1,4300})$"},
        },
        "required": ["_type", "value"],
        "additionalProperties": False,
    },
    "Descriptor": {
        "description": "the descriptor of a value: see the schema of its `_type`",
        "type": "object",
        "properties": {"_type": {"type": "string", "not": {"const": jsontext.NUMBER_KIND}}},
        "required": ["_type"],
    },
}

Tree = Annotated[dict[str, Any], Meta(extra_json_schema={"$ref": "#/$defs/Tree"})]
Value = Annotated[Any, Meta(extra_json_schema={"$ref": "#/$defs/Value"})]
Count = Annotated[int, Meta(ge=0)]
Sequence = Annotated[int, Meta(ge=0, description="counts the lines of this writer from 0, over all its files")]
Step = Annotated[int, Meta(ge=0, description="the step of the row")]
UnixTime = Annotated[float, Meta(description="unix time in seconds, for people; nothing is ordered by it")]
Elapsed = Annotated[float, Meta(description="monotonic seconds since the run began")]
Checksum = Annotated[
    str, Meta(pattern="^[0-9a-f]{8}$", description='CRC-32 (zlib\'s) of every byte of the line before `,"crc"`')
]
FormatVersion = Annotated[int, Meta(ge=1, description="the version of the run format")]
RunId = Annotated[str, Meta(pattern=f"^{names.NAME_PATTERN}$", description="the run's id")]
KeyPath = Annotated[list[str], Meta(min_length=1, description="a key, from the outermost mapping inwards")]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Record(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The base of every model here. A field that is `UNSET` is not written."""


# --- the payloads of lines ---


class MetaData(Record):
    """Who writes this file."""

    format_version: FormatVersion
    run: RunId
    writer: Annotated[str, Meta(pattern="^r[0-9]+-[0-9]+-[0-9a-f]{12}$", description="rank, pid and random bytes")]
    start: Annotated[
        Literal["new", "resume", "join", "fork", "edit"],
        Meta(
            description="how the writer came to the run: it began it, went on with it after an end or a kill, joined "
            "it as another rank, is a forked child of a writer, or changes the summary of a stored run"
        ),
    ]
    run_json: Annotated[Digest, Meta(description="SHA-256 of run.json, in the first file of a run")] | UnsetType = UNSET


class InfoData(Record):
    """What the run says of itself, set after `run.json` was written."""

    name: str | UnsetType | None = UNSET
    notes: str | UnsetType | None = UNSET
    tags: list[str] | UnsetType = UNSET


class SummarySet(Record):
    """A summary value that was set by hand."""

    key: KeyPath
    value: Value


class SummaryData(Record):
    """What was set or deleted in the summary by hand."""

    set: list[SummarySet] | UnsetType = UNSET
    delete: list[KeyPath] | UnsetType = UNSET


class MetricData(Record):
    """A `define_metric`."""

    name: Annotated[str, Meta(min_length=1, description="a key, or the beginning of keys and `*`")]
    step_metric: str | None
    step_sync: bool
    hidden: bool
    summary: list[Literal["min", "max", "mean", "last", "first", "best", "none", "copy"]]
    goal: Literal["minimize", "maximize"]


class DropData(Record):
    """A key of the open row."""

    key: KeyPath


class Nothing(Record):
    """An empty object."""


class EndData(Record):
    """How the writer ended."""

    next_step: Annotated[int, Meta(ge=0, description="the step that a resumed run goes on with")]
    exit_code: int | UnsetType = UNSET
    dropped: (
        Annotated[int, Meta(ge=1, description="rows that were dropped, as `Background` was told to")] | UnsetType
    ) = UNSET
    bad_names: Annotated[list[str], Meta(description="keys that break the advice `metric.name`")] | UnsetType = (
        msgspec.field(default=UNSET, name="metric.name")
    )


# --- lines ---


class LineRecord(Record, tag_field="k"):
    """What every line has."""

    seq: Sequence
    t: UnixTime
    m: Elapsed
    crc: Checksum


class MetaLine(LineRecord, tag="meta"):
    """The first line of a file of events. When a writer goes on in a further file, it stands there again."""

    d: MetaData


class ConfigLine(LineRecord, tag="config"):
    """Keys of the config that were set."""

    d: Tree


class InfoLine(LineRecord, tag="info"):
    """The name, notes or tags, set after `run.json` was written."""

    d: InfoData


class RowLine(LineRecord, tag="row"):
    """The values of a step; media are their descriptors."""

    step: Step
    d: Tree


class PartLine(LineRecord, tag="part"):
    """Values of a step whose row is not written yet."""

    step: Step
    d: Tree


class DropLine(LineRecord, tag="drop"):
    """A key that was taken out of a step whose row is not written yet."""

    step: Step
    d: DropData


class SummaryLine(LineRecord, tag="summary"):
    """A change of the summary by hand."""

    d: SummaryData


class MetricLine(LineRecord, tag="metric"):
    """A definition of a metric."""

    d: MetricData


class SyncLine(LineRecord, tag="sync"):
    """Everything before this line has reached the disk."""

    d: Nothing


class EndLine(LineRecord, tag="end"):
    """The run was finished."""

    d: EndData


AnyLine = (
    MetaLine | ConfigLine | InfoLine | RowLine | PartLine | DropLine | SummaryLine | MetricLine | SyncLine | EndLine
)
LINES: dict[str, type[LineRecord]] = {
    "meta": MetaLine,
    "config": ConfigLine,
    "info": InfoLine,
    "row": RowLine,
    "part": PartLine,
    "drop": DropLine,
    "summary": SummaryLine,
    "metric": MetricLine,
    "sync": SyncLine,
    "end": EndLine,
}


# --- files that are replaced whole ---


class RulesRecord(Record):
    """The rules that the run was written under."""

    strict: Literal["warn", "error", "record"]
    limits: Annotated[dict[str, Any], Meta(description="every limit that differs from its default, by id")]


class GitRecord(Record):
    """The commit that was checked out."""

    commit: Annotated[str, Meta(pattern="^[0-9a-f]{40}(?:[0-9a-f]{24})?$")]
    branch: str | UnsetType = UNSET


class RunRecord(Record):
    """What the run is: `run.json`, written once."""

    format: Literal["medialog-run"]
    format_version: FormatVersion
    id: RunId
    name: str | None
    project: str | None
    group: str | None
    tags: list[str]
    notes: str | None
    started: Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?\+00:00$", description="ISO 8601")]
    rules: RulesRecord
    python: str | UnsetType = UNSET
    platform: str | UnsetType = UNSET
    argv: list[str] | UnsetType = UNSET
    packages: Annotated[dict[str, str], Meta(description="installed distributions: name to version")] | UnsetType = (
        UNSET
    )
    git: GitRecord | UnsetType = UNSET
    entity: Annotated[str, Meta(description="the entity given to init: there are no accounts")] | UnsetType = UNSET
    job_type: str | UnsetType = UNSET


MODELS: dict[str, Any] = {
    "config": Annotated[dict[str, Any], Meta(extra_json_schema={"$ref": "#/$defs/Tree"})],
    "line": AnyLine,
    "run": RunRecord,
    "summary": Annotated[dict[str, Any], Meta(extra_json_schema={"$ref": "#/$defs/Tree"})],
}
_TEXTS = {
    "config": ("Config", "config.json: what the run was started with. Rebuilt from the events at any time."),
    "line": ("Line", "A line of events. Kinds that a reader does not know are passed over."),
    "run": ("Run", "run.json: what the run is. Written once."),
    "summary": ("Summary", "summary.json: one value per key. Rebuilt from the events at any time."),
}
NAMES = tuple(sorted(MODELS))


def build(name: str) -> dict[str, Any]:
    """Return the JSON Schema of a record, as published: `run`, `config`, `summary` or `line`."""
    return _build(name, MODELS[name])


@cache
def schema_of_line(kind: str) -> dict[str, Any]:
    """Return the schema of the lines of one kind, for messages that name what is wrong."""
    return _build("line", LINES[kind])


def _build(name: str, model: Any) -> dict[str, Any]:
    built = schemas.build_published(name, model)
    del built["x-medialog-kind"]
    title, description = _TEXTS[name]
    head = {key: built.pop(key) for key in ("$schema", "$id", "$comment")}
    for key in ("title", "description", "discriminator"):  # the last is OpenAPI's, and no validator knows it
        built.pop(key, None)
    definitions = {**built.pop("$defs", {})}
    schema: dict[str, Any] = {**head, "title": title, "description": description, **built}
    definitions.update({key: value for key, value in _DEFINITIONS.items() if name != "run"})
    if definitions:
        schema["$defs"] = dict(sorted(definitions.items()))
    return schema
