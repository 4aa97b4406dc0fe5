"""The clients: send calls, try them again where that is safe, and read the answers."""

import asyncio
import json
import random
import re
import time
import urllib.parse
import uuid
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx
from pydantic import ValidationError

from mooring._call import Call, CsvPage, plain
from mooring._generated.calls import Calls
from mooring._generated.calls_async import AsyncCalls
from mooring._generated.facts import VERSION
from mooring._problems import MooringProblem, MooringUnreachable

_FIRST_WAIT = 0.25
_LONGEST_BACKOFF = 8.0
_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})
"""Methods that can be sent again as they are."""
_NOT_BEGUN = frozenset({429, 503})
"""Refusals before anything was carried out."""
_CREDENTIAL = re.compile(r"moor_[!-~]{1,255}")
_NEXT = re.compile(r'<([^>]*)>\s*;\s*rel="?next"?')


class _Settings:
    """What both clients know. Its representation has no credential."""

    def __init__(self, origin: str, credential: str, timeout: float, retries: int, longest_wait: float) -> None:
        if not _CREDENTIAL.fullmatch(credential):
            raise ValueError("the credential is no API key and no frontend token of Mooring")
        self.origin = _checked(origin)
        self._credential = credential
        self.timeout, self.retries, self.longest_wait = timeout, retries, longest_wait

    def __repr__(self) -> str:
        return f"<settings for {self.origin}>"

    def options(self) -> dict[str, Any]:
        """The options of httpx's client. The API never redirects a call, and a credential goes to no other place."""
        return {"follow_redirects": False, "timeout": self.timeout, "headers": {"user-agent": f"mooring-python/{VERSION}"}}

    def request(self, call: Call) -> dict[str, Any]:
        """The arguments of one request. A call keeps its key through its tries."""
        headers = {"accept": "text/csv" if call.reads == "csv" else "application/json"}
        if not call.is_public:
            headers["authorization"] = f"Bearer {self._credential}"
        if call.is_keyed:
            headers["idempotency-key"] = call.idempotency_key or str(uuid.uuid4())
        arguments: dict[str, Any] = {
            "method": call.method,
            "url": self.origin + call.path,
            "headers": headers,
            "params": {name: _listed(value) for name, value in _sent(call.query).items()},
            "timeout": call.timeout or self.timeout,
        }
        if call.body is not None:
            arguments["json"] = _sent(call.body)
        return arguments

    def wait(self, problem: MooringProblem | MooringUnreachable, call: Call, tries: int) -> float | None:
        """Returns the wait before the next try, or `None` when none may follow."""
        wait = wait_after(problem, call, tries)
        return None if wait is None or wait > self.longest_wait or tries >= self.retries else wait


class Mooring(Calls):
    """The client of Mooring's API.

    `origin` is the API's, such as `https://api.example.com`; `credential` is an API key. `timeout` bounds each
    wait of a try in seconds: to connect, to send, for the next part of the answer. At most `retries` more tries follow the
    first one. A `Retry-After` beyond `longest_wait` seconds ends the call.
    """

    _sender: "_HttpSender"

    def __init__(
        self,
        origin: str,
        credential: str,
        *,
        timeout: float = 30.0,
        retries: int = 4,
        longest_wait: float = 60.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        settings = _Settings(origin, credential, timeout, retries, longest_wait)
        self._sender = _HttpSender(settings, transport)

    def __repr__(self) -> str:
        return f"<Mooring at {self._sender.settings.origin}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connections."""
        self._sender.client.close()


class AsyncMooring(AsyncCalls):
    """The same as `Mooring`, without blocking."""

    _sender: "_AsyncHttpSender"

    def __init__(
        self,
        origin: str,
        credential: str,
        *,
        timeout: float = 30.0,
        retries: int = 4,
        longest_wait: float = 60.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        settings = _Settings(origin, credential, timeout, retries, longest_wait)
        self._sender = _AsyncHttpSender(settings, transport)

    def __repr__(self) -> str:
        return f"<AsyncMooring at {self._sender.settings.origin}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends the connections."""
        await self._sender.client.aclose()


class _HttpSender:
    def __init__(self, settings: _Settings, transport: httpx.BaseTransport | None) -> None:
        self.settings = settings
        self.client = httpx.Client(transport=transport, **settings.options())

    def send(self, call: Call) -> Any:
        tries = _Tries(self.settings, call)
        while (wait := tries.judge(self._once(tries.request))) is not None:
            time.sleep(wait)
        return tries.value

    def _once(self, request: Mapping[str, Any]) -> httpx.Response | httpx.RequestError:
        try:
            return self.client.request(**request)
        except httpx.RequestError as error:
            return error


class _AsyncHttpSender:
    def __init__(self, settings: _Settings, transport: httpx.AsyncBaseTransport | None) -> None:
        self.settings = settings
        self.client = httpx.AsyncClient(transport=transport, **settings.options())

    async def send(self, call: Call) -> Any:
        tries = _Tries(self.settings, call)
        while (wait := tries.judge(await self._once(tries.request))) is not None:
            await asyncio.sleep(wait)
        return tries.value

    async def _once(self, request: Mapping[str, Any]) -> httpx.Response | httpx.RequestError:
        try:
            return await self.client.request(**request)
        except httpx.RequestError as error:
            return error


class _Tries:
    """One call, and what both clients decide between its tries."""

    def __init__(self, settings: _Settings, call: Call) -> None:
        self._settings, self._call, self._done = settings, call, 0
        self.request = settings.request(call)
        self.value: Any = None

    def judge(self, came: httpx.Response | httpx.RequestError) -> float | None:
        """Keeps what an answer holds and returns `None`, returns the wait before the next try, or raises the last error."""
        # Nothing is raised where httpx's error is at hand: it carries the request with its credential.
        if isinstance(came, httpx.Response):
            try:
                self.value = read(self._call, came)
                return None
            except MooringProblem as problem:
                error: MooringProblem | MooringUnreachable = problem
        else:
            error = MooringUnreachable(self._call.operation, timed_out=isinstance(came, httpx.TimeoutException))
        wait = self._settings.wait(error, self._call, self._done)
        if wait is None:
            raise error
        self._done += 1
        return wait


def wait_after(problem: MooringProblem | MooringUnreachable, call: Call, tries: int) -> float | None:
    """Returns the wait before the next try in seconds, or `None` when none may follow."""
    is_repeatable = call.method in _REPEATABLE or call.is_keyed
    backoff = random.uniform(0, min(_LONGEST_BACKOFF, _FIRST_WAIT * 2 ** (tries + 1)))  # noqa: S311, it spreads calls
    if isinstance(problem, MooringUnreachable):
        return backoff if is_repeatable else None
    if not problem.retryable or (not is_repeatable and problem.status not in _NOT_BEGUN):
        return None
    # All clients that were told the same second come back spread over the next one.
    return backoff if problem.retry_after is None else problem.retry_after + random.uniform(0, 0.5)  # noqa: S311


def read(call: Call, answer: httpx.Response) -> Any:
    """Returns what an answer holds."""
    if not answer.is_success:
        raise MooringProblem(call.operation, answer.status_code, answer.headers, _parsed(_text(answer)))
    if call.reads == "none":
        return None
    if call.reads == "csv":
        return CsvPage(_text(answer), _next_cursor(answer.headers.get("link")), answer.headers.get("mooring-completeness"))
    value = _fitted(call, _text(answer))
    # Nothing is raised where pydantic's error is at hand: it carries the answer, which can hold a secret.
    if value is None:
        raise MooringProblem(call.operation, answer.status_code, answer.headers, None)
    return value


def _fitted(call: Call, text: str) -> Any:
    """Returns a JSON answer as its model; `None` when it cannot be read, or does not fit."""
    body = _parsed(text)
    try:
        return body if call.model is None else call.model.model_validate(body)
    except ValidationError:
        return None


def _checked(origin: str) -> str:
    parts = urllib.parse.urlsplit(origin)
    is_local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not (parts.scheme == "https" or (parts.scheme == "http" and is_local)):
        raise ValueError("the API's origin has to be https, or http on this machine")
    is_bare = parts.path in ("", "/") and not parts.query and not parts.fragment
    if not parts.hostname or not is_bare or parts.username or parts.password or parts.port == 0:
        raise ValueError("the API's origin has to be an origin: no user, no path, no query")
    return f"{parts.scheme}://{parts.netloc}"


def _sent(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: plain(value) for name, value in values.items() if value is not None}


def _listed(value: Any) -> Any:
    """Writes a list as one parameter, with commas between."""
    return ",".join(value) if isinstance(value, list | tuple) else value


def _next_cursor(link: str | None) -> str | None:
    found = _NEXT.search(link or "")
    if not found:
        return None
    query = found[1].partition("?")[2]
    return urllib.parse.parse_qs(query).get("cursor", [None])[0]


def _text(answer: httpx.Response) -> str:
    """Reads UTF-8, whatever charset an answer claims: the API sends nothing else."""
    return answer.content.decode("utf-8", "replace")


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
