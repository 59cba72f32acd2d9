"""What a run says of itself: id, name, tags, project, where it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from medialog.wire.storage import LocalStorage, Storage


class RunFacts:
    """The properties of a run that come from its `run.json`, and those of them that can be set later."""

    _info: dict[str, Any]
    _storage: Storage

    def _change_info(self, key: str, value: Any) -> None:
        raise NotImplementedError

    @property
    def id(self) -> str:
        """Return the run's id, which is the name of its directory."""
        return str(self._info["id"])

    @property
    def name(self) -> str:
        """Return the run's name; its id when none was given. It can be set."""
        return str(self._info.get("name") or self.id)

    @name.setter
    def name(self, name: str | None) -> None:
        self._change_info("name", name)

    @property
    def notes(self) -> str | None:
        """Return the notes, or None. They can be set."""
        return self._info.get("notes")

    @notes.setter
    def notes(self, notes: str | None) -> None:
        self._change_info("notes", notes)

    @property
    def tags(self) -> tuple[str, ...]:
        """Return the tags. They can be set."""
        return tuple(self._info.get("tags") or ())

    @tags.setter
    def tags(self, tags: Sequence[str] | None) -> None:
        self._change_info("tags", tags)

    @property
    def project(self) -> str | None:
        """Return the project given to `init`, or None."""
        return self._info.get("project")

    @property
    def group(self) -> str | None:
        """Return the group given to `init`, or None."""
        return self._info.get("group")

    @property
    def job_type(self) -> str | None:
        """Return the job type given to `init`, or None."""
        return self._info.get("job_type")

    @property
    def entity(self) -> str | None:
        """Return the entity given to `init`, or None: there are no accounts."""
        return self._info.get("entity")

    @property
    def path(self) -> str:
        """Return `"entity/project/id"`, without what was not given: what `Api().run(path)` takes."""
        return "/".join(part for part in (self.entity, self.project, self.id) if part)

    @property
    def url(self) -> None:
        """Return None: there is no server. `dir` is where the run is."""

    @property
    def dir(self) -> str | None:
        """Return the run directory; None for a run that is kept in memory."""
        return str(self._storage.root) if isinstance(self._storage, LocalStorage) else None
