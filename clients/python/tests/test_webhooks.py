"""Deliveries that the stock library signed are verified, forged ones are refused."""

import datetime
import json
import unittest

from standardwebhooks import Webhook

from mooring import webhooks

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
BODY = json.dumps({"type": "webhook.test", "timestamp": "2026-11-26T10:00:31.123Z", "data": {"webhook_endpoint_id": "whe_01M8Q0F1BWFACT7HHBJ07088KV", "state": "Café ☕"}}, ensure_ascii=False)
NOW = datetime.datetime(2026, 11, 26, 10, 0, 31, tzinfo=datetime.UTC)


def delivery(secret: str = SECRET, seconds: int = 0, body: str = BODY) -> dict[str, str]:
    at = NOW + datetime.timedelta(seconds=seconds)
    signature = Webhook(secret).sign("evt_1", at, body)
    return {"Webhook-Id": "evt_1", "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}


def verify(secrets: str | list[str], body: str | bytes, headers: dict[str, str]) -> object:
    return webhooks.verify(secrets, body, headers, now=NOW.timestamp()).type


class Webhooks(unittest.TestCase):
    def test_a_delivery_is_verified_as_text_and_as_bytes(self) -> None:
        for body in (BODY, BODY.encode()):
            self.assertEqual(verify(SECRET, body, delivery()), "webhook.test")

    def test_while_a_secret_is_replaced_both_fit(self) -> None:
        headers = delivery(OTHER)
        headers["webhook-signature"] = f"v1a,AAAA {delivery()['webhook-signature']} {headers['webhook-signature']}"
        self.assertEqual(verify(OTHER, BODY, headers), "webhook.test")
        self.assertEqual(verify([SECRET, OTHER], BODY, delivery(OTHER)), "webhook.test")

    def test_forgeries_are_refused(self) -> None:
        signature = delivery()["webhook-signature"]
        for why, headers, body in [
            ("another secret", delivery(OTHER), BODY),
            ("another body", delivery(), f"{BODY} "),
            ("another id", delivery() | {"Webhook-Id": "evt_2"}, BODY),
            ("no id", {name: value for name, value in delivery().items() if name != "Webhook-Id"}, BODY),
            ("no signature", delivery() | {"webhook-signature": ""}, BODY),
            ("a signature of another kind", delivery() | {"webhook-signature": signature.replace("v1,", "v2,")}, BODY),
            ("a signature that is no text of base64", delivery() | {"webhook-signature": "v1,é"}, BODY),
            ("a half signature", delivery() | {"webhook-signature": signature[:20]}, BODY),
            ("a time that is none", delivery() | {"webhook-timestamp": "1e9"}, BODY),
            ("too old", delivery(seconds=-301), BODY),
            ("of the future", delivery(seconds=302), BODY),
        ]:
            with self.assertRaises(webhooks.WebhookRefused, msg=why):
                verify(SECRET, body, headers)
        self.assertEqual(verify(SECRET, BODY, delivery(seconds=-299)), "webhook.test")

    def test_a_signed_body_that_is_no_event_is_refused(self) -> None:
        for body in ("", "[]", '{"type": "webhook.test"}'):
            with self.assertRaises(webhooks.WebhookRefused):
                verify(SECRET, body, delivery(body=body))

    def test_a_secret_that_is_none_is_a_mistake_of_the_caller(self) -> None:
        for secret in ("", "whsec_", "whsec_%%%"):
            with self.assertRaises(ValueError):
                verify(secret, BODY, delivery())


if __name__ == "__main__":
    unittest.main()
