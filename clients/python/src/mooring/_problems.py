"""What goes wrong: a refusal of the API in its own words, or no answer at all."""

import datetime
import email.utils
from collections.abc import Mapping
from typing import Any

_TEMPORARY = frozenset({429, 502, 503, 504})
_FIELDS = {"code": str, "detail": str, "retryable": bool}


class MooringError(Exception):
    """Whatever goes wrong in a call."""

    operation: str
    """The operation that was called."""

    def __init__(self, operation: str, text: str) -> None:
        super().__init__(f"{operation}: {text}")
        self.operation = operation


class MooringProblem(MooringError):
    """An answer that is no success."""

    status: int
    """The HTTP status."""
    code: str
    """The stable word for programs. `unreadable` for an answer that is no problem document, such as a gateway's, and for a
    success that does not have the form of its model."""
    detail: str
    """What happened and what to do, for people."""
    request_id: str | None
    """The request's id, for a question to the operator."""
    retryable: bool
    """True when the same call can succeed later."""
    doc: str | None
    """Where the code is explained."""
    retry_after: float | None
    """How many seconds the API asked to wait; `None` when it did not."""
    violated_policies: list[str]
    """The limits that were exceeded, by their names in `RateLimit-Policy`."""

    def __init__(self, operation: str, status: int, headers: Mapping[str, str], body: Any) -> None:
        is_document = isinstance(body, dict) and all(isinstance(body.get(name), kind) for name, kind in _FIELDS.items())
        said: dict[str, Any] = body if is_document else {}
        self.status = status
        self.code = said.get("code", "unreadable")
        self.detail = said.get("detail", f"The answer was {status} and cannot be read.")
        self.request_id = said.get("request_id") or headers.get("x-request-id")
        self.retryable = said.get("retryable", status in _TEMPORARY)
        self.doc = said.get("doc")
        self.retry_after = _seconds(headers.get("retry-after"))
        self.violated_policies = said.get("violated-policies", [])
        request = f" (request {self.request_id})" if self.request_id else ""
        super().__init__(operation, f"{self.code}: {self.detail}{request}")

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuilt, (self.args, self.__dict__))


class MooringUnreachable(MooringError):
    """No answer: the API was not reached, the time ran out, or the answer broke off."""

    timed_out: bool
    """True when the time of a try ran out."""

    def __init__(self, operation: str, *, timed_out: bool) -> None:
        text = "no answer in time" if timed_out else "the API could not be reached, or its answer broke off"
        super().__init__(operation, text)
        self.timed_out = timed_out

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuilt_unreachable, (self.args, self.__dict__))


def _rebuilt(args: tuple[Any, ...], fields: dict[str, Any]) -> MooringProblem:
    problem = MooringProblem.__new__(MooringProblem, *args)
    problem.__dict__.update(fields)
    return problem


def _rebuilt_unreachable(args: tuple[Any, ...], fields: dict[str, Any]) -> MooringUnreachable:
    problem = MooringUnreachable.__new__(MooringUnreachable, *args)
    problem.__dict__.update(fields)
    return problem


def _seconds(header: str | None) -> float | None:
    if header is None:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        until = email.utils.parsedate_to_datetime(header)
    except (ValueError, TypeError):
        return None
    if until.tzinfo is None:
        # RFC 5322: a zone of -0000 says nothing about the sender's own; the time is of UTC.
        until = until.replace(tzinfo=datetime.UTC)
    return max(0.0, (until - datetime.datetime.now(datetime.UTC)).total_seconds())
