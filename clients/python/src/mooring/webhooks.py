"""Verifies the deliveries of webhooks, as Standard Webhooks says."""

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Iterable, Mapping

from pydantic import ValidationError

from mooring._generated.events import EVENTS, OtherEvent, WebhookEvent

__all__ = ["OtherEvent", "WebhookEvent", "WebhookRefused", "verify"]

_TOLERANCE = 300
"""How far the time of a delivery may be from now, in seconds."""
_PREFIX = "whsec_"


class WebhookRefused(Exception):
    """A delivery that Mooring did not send, or sent too long ago, or whose body cannot be read."""


def verify(
    secrets: str | Iterable[str], body: bytes | str, headers: Mapping[str, str], *, now: float | None = None
) -> WebhookEvent:
    """Verifies a delivery and returns its event, or raises `WebhookRefused`.

    `body` has to be the body as it came, byte by byte. Give both secrets while one takes the other's place.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    try:
        identity, sent_at, signatures = (lower[f"webhook-{name}"] for name in ("id", "timestamp", "signature"))
    except KeyError:
        raise WebhookRefused("a header of the delivery is missing") from None
    if not (sent_at.isascii() and sent_at.isdigit() and len(sent_at) <= 12):
        raise WebhookRefused("the delivery's time is none")
    if abs((time.time() if now is None else now) - int(sent_at)) > _TOLERANCE:
        raise WebhookRefused("the delivery is too old, or of the future")
    data = body.encode() if isinstance(body, str) else body
    signed = f"{identity}.{sent_at}.".encode() + data
    given = [one.removeprefix("v1,") for one in signatures.split(" ") if one.startswith("v1,")]
    for secret in [secrets] if isinstance(secrets, str) else secrets:
        right = _signature(secret, signed)
        if any(hmac.compare_digest(right.encode(), one.encode()) for one in given):
            return _event(data)
    raise WebhookRefused("no signature of the delivery fits")


def _event(data: bytes) -> WebhookEvent:
    try:
        return EVENTS.validate_json(data)
    except ValidationError:
        raise WebhookRefused("the delivery's body is no event") from None


def _signature(secret: str, signed: bytes) -> str:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("the secret is none of a webhook endpoint") from None
    if not key:
        raise ValueError("the secret is none of a webhook endpoint")
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
