"""The catalog of rules that belong to no single type; each type documents its own."""

from __future__ import annotations

from types import MappingProxyType

from medialog.validators.checks import COMMON_RULES
from medialog.validators.descriptors import DESCRIPTOR_RULES
from medialog.validators.run import DIRECTORY_RULES

RUN_RULES = {
    "config.value": "config holds what `log` holds: plain values",
    "init.argument": "an argument of init is what its documentation says",
    "json.depth": "nesting has at most `json.depth` levels",
    "key.empty": "a key has a visible character",
    "key.length": "a key has at most `key.length` characters",
    "key.reserved": "keys that begin with an underscore are medialog's own",
    "key.text": "a key has no control characters, directional overrides or lone surrogates",
    "key.type": "a key is a string",
    "key.unique": "two keys of one step differ also after Unicode normalisation",
    "list.numbers": "a Python list has at most `list.numbers` numbers",
    "log.dropped": "the queue of a run in the background has room (a warning: rows are dropped, as it was told to)",
    "log.late": "steps come in order (a warning: an earlier step is kept as a late row)",
    "log.row": "log takes a mapping",
    "log.step": "a step is a whole number >= 0",
    "metric.case": "names differ by more than case (a warning)",
    "metric.columns_advice": "a run has at most `metric.columns_advice` keys (a warning)",
    "metric.definition": "define_metric takes a documented name, summary and goal",
    "metric.name": "the parts of a metric name match `metric.name` (listed at finish)",
    "metric.points_advice": "a metric has at most `metric.points_advice` points (a warning)",
    "metric.type": "a key keeps its kind of value (a warning)",
    "name.pattern": "run ids, projects and file names are 1 to 128 letters, digits, '.', '_' or '-'",
    "options.notebook": "values are shown in notebooks as auto, static or none",
    "read.ranks": 'ranks of a reader are "merged", "all" or a whole number >= 0',
    "report.max_size": "the size of a report is bytes, or text like 200MB",
    "report.static": "the folder of a report is new, empty, or an earlier report's",
    "report.steps": "the steps of a report are all, last or every:N",
    "report.table_rows": "the rows of a table in a report are a whole number >= 0",
    "value.array": "an array in log is numeric and small enough, or becomes a histogram",
    "value.type": "log takes numbers, text, dates, arrays, media, and lists and mappings of them",
}

COMMON = MappingProxyType({**COMMON_RULES, **DESCRIPTOR_RULES, **DIRECTORY_RULES, **RUN_RULES})
