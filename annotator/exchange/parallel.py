"""Work on many frames by several threads, results in order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_WORKERS = min(4, max(2, os.cpu_count() or 1))
_AHEAD = 4 * _WORKERS


def in_order(
    work: Callable[[Item], Result], items: Iterable[Item], *, name: str
) -> Generator[Result, None, None]:
    """Do something with each item in threads, a few items ahead of whoever takes the results.

    What the work raises ends it; whoever may lose interest in the results closes them.

    Args:
        work: called in a thread.
        items: taken in this thread.
        name: of the threads.
    """
    pending: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(_WORKERS, name) as pool:
        try:
            for item in items:
                pending.append(pool.submit(work, item))
                if len(pending) > _AHEAD:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
