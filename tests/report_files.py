"""Reading a report as the page does: its index, its blocks."""

from __future__ import annotations

import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any

import numpy as np

INDEX = re.compile(r'<script type="application/json" id="medialog-index">(.*?)</script>', re.DOTALL)
BLOCK = re.compile(
    r'<script type="text/plain" class="medialog-block" id="block-([\w-]+)" data-encoding="(\w+)">(.*?)</script>'
)


class Written:
    """A report that was written."""

    def __init__(self, path: Path) -> None:
        self.text = path.read_text(encoding="utf-8")
        found = INDEX.findall(self.text)
        assert 1 == len(found)
        self.index: dict[str, Any] = json.loads(found[0])
        self._blocks = {name: (encoding, data) for name, encoding, data in BLOCK.findall(self.text)}

    def names(self) -> set[str]:
        return set(self._blocks)

    def block(self, name: str) -> bytes:
        encoding, data = self._blocks[name]
        content = base64.b64decode(data, validate=True)
        return gzip.decompress(content) if encoding == "gzip" else content

    def file(self, path: str) -> bytes:
        return self.block(self.index["files"][path]["block"])

    def item(self, key: str) -> dict[str, Any]:
        return next(item for item in self.index["items"] if item["key"] == key)

    def steps(self) -> list[float]:
        return list(np.frombuffer(self.block("steps"), "<f8").tolist())

    def series(self, key: str) -> tuple[list[int], list[float]]:
        facts = next(each for each in self.index["series"] if each["key"] == key)
        content, count = self.block(facts["block"]), facts["count"]
        values = content[-(-4 * count // 8) * 8 :]
        return np.frombuffer(content, "<u4", count).tolist(), np.frombuffer(values, "<f8").tolist()

    def policy(self) -> str:
        return str(re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', self.text)[0])
