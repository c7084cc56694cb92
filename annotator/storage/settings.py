"""What the application remembers from one run to the next: a small JSON file of the user's."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any, TypeVar

import platformdirs

from vos_core.media.atomic import write_text_atomic

_log = logging.getLogger(__name__)

T = TypeVar("T")

APPLICATION = "vos-annotator"


class Settings:
    """Named JSON values with defaults.

    Settings are a comfort: a file that cannot be read is left out, said in the log, and every value
    is its default again.

    Args:
        path: the file; in the user's configuration folder when None.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = (
            Path(platformdirs.user_config_dir(APPLICATION, appauthor=False)) / "settings.json"
            if path is None
            else path
        )
        self._values: dict[str, Any] = self._read()

    def get(self, name: str, default: T) -> T:
        """Value of a setting; the default when it is missing or of another type."""
        value = self._values.get(name, default)
        if default is None or isinstance(value, type(default)):
            return value
        if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
            return float(value)  # type: ignore[return-value]
        return default

    def set(self, name: str, value: object) -> None:
        """Change a setting; `save` writes it.

        Raises:
            TypeError: not a JSON value.
        """
        json.dumps(value)
        self._values[name] = value

    def remove(self, name: str) -> None:
        """Go back to the default."""
        self._values.pop(name, None)

    def save(self) -> None:
        """Write the file, atomically.

        Raises:
            OutputError: it cannot be written.
        """
        text = json.dumps(self._values, indent=2, sort_keys=True, ensure_ascii=False)
        write_text_atomic(self.path, text + "\n")

    def _read(self) -> dict[str, Any]:
        try:
            values = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            _log.warning("settings in %s cannot be read (%s); using the defaults", self.path, error)
            return {}
        if not isinstance(values, dict):
            _log.warning("settings in %s are no table; using the defaults", self.path)
            return {}
        return values
