"""Typed signals for plain classes: the model tells, whoever listens redraws or saves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, ParamSpec

P = ParamSpec("P")


class Connection:
    """Handle of one listener; `disconnect` ends it (more than once does no harm)."""

    def __init__(self, remove: Callable[[Connection], None]) -> None:
        self._remove: Callable[[Connection], None] | None = remove

    @property
    def is_connected(self) -> bool:
        """Whether the listener still hears the event."""
        return self._remove is not None

    def disconnect(self) -> None:
        """Stop hearing the event, at once, even when it is being emitted."""
        if self._remove is not None:
            remove, self._remove = self._remove, None
            remove(self)


class Event(Generic[P]):
    """A signal of one signature, for instance ``Event[int, Box]`` or ``Event[[]]``.

    Listeners are called in the order of connection, in the thread that emits. An error in a
    listener does not keep the others from hearing the event, and it is not swallowed: it is raised
    to the emitter afterwards (several errors as an `ExceptionGroup`).
    """

    def __init__(self) -> None:
        self._listeners: dict[Connection, Callable[P, object]] = {}

    def connect(self, listener: Callable[P, object]) -> Connection:
        """Call ``listener`` at each `emit` until the returned handle is disconnected."""
        connection = Connection(self._drop)
        self._listeners[connection] = listener
        return connection

    def emit(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Call every listener that was connected when the event began and still is.

        Raises:
            Exception: what the only failing listener raised.
            ExceptionGroup: when more than one failed.
        """
        errors: list[Exception] = []
        for connection, listener in list(self._listeners.items()):
            if connection not in self._listeners:
                continue
            try:
                listener(*args, **kwargs)
            except Exception as error:  # handed on below, once all have heard
                errors.append(error)
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise ExceptionGroup("several listeners of one event failed", errors)

    def __len__(self) -> int:
        return len(self._listeners)

    def _drop(self, connection: Connection) -> None:
        self._listeners.pop(connection, None)
