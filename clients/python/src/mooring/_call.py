"""A call of the API as the generated methods write it, and the walk through the pages of a list."""

import datetime
import enum
import urllib.parse
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar

from pydantic import BaseModel

Row = TypeVar("Row")


class Page(Protocol):
    """A page of a list."""

    @property
    def next_cursor(self) -> str | None:
        """The cursor of the next page; `None` on the last."""


PageT = TypeVar("PageT", bound=Page)


@dataclass(frozen=True)
class CsvPage:
    """A page of a table."""

    text: str
    """The table's text, with a line of names first."""
    next_cursor: str | None
    """The cursor of the next page; `None` on the last."""
    completeness: str | None
    """The completeness of the days; see the description of the operation."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call."""

    operation: str
    method: str
    path: str
    reads: Literal["json", "csv", "none"]
    model: type[BaseModel] | None = None
    """The model of a JSON answer; without it the answer is returned as it is."""
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    is_keyed: bool = False
    is_public: bool = False
    idempotency_key: str | None = None
    timeout: float | None = None


class Sender(Protocol):
    """Makes calls."""

    def send(self, call: Call) -> Any:
        """Returns what the answer holds."""


class AsyncSender(Protocol):
    """Makes calls without blocking."""

    async def send(self, call: Call) -> Any:
        """Returns what the answer holds."""


def moved(cursor: str | None, seen: set[str]) -> str | None:
    """Returns the next cursor. A list that leads back to a page would never end."""
    if cursor in seen:
        raise RuntimeError("the list leads back to a page that was read")
    if cursor:
        seen.add(cursor)
    return cursor


def iterate(ask: Callable[[str | None], PageT], rows: Callable[[PageT], Sequence[Row]]) -> Iterator[Row]:
    """Asks page after page and gives each row."""
    cursor: str | None = None
    seen: set[str] = set()
    while True:
        page = ask(cursor)
        yield from rows(page)
        cursor = moved(page.next_cursor, seen)
        if not cursor:
            return


async def iterate_async(
    ask: Callable[[str | None], Awaitable[PageT]], rows: Callable[[PageT], Sequence[Row]]
) -> AsyncIterator[Row]:
    """Asks page after page and gives each row."""
    cursor: str | None = None
    seen: set[str] = set()
    while True:
        page = await ask(cursor)
        for row in rows(page):
            yield row
        cursor = moved(page.next_cursor, seen)
        if not cursor:
            return


def segment(value: str) -> str:
    """Writes a value as one segment of a path. A name that would change the path is refused before anything is called."""
    if value in ("", ".", ".."):
        raise ValueError(f"{value!r} is no id")
    return urllib.parse.quote(value, safe="")


def plain(value: Any) -> Any:
    """Writes a value as the API reads it."""
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            raise ValueError("a time needs its zone: use datetime.timezone.utc")
        return value.isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, enum.Enum):
        return value.value
    return value
