"""What the clients do with answers, given by httpx's own transport for tests. Run by tests/clients/run.py."""

import asyncio
import datetime
import json
import pickle
import time
import unittest
from collections.abc import Callable
from typing import Any

import httpx

from mooring import AsyncMooring, Mooring, MooringProblem, MooringUnreachable, models

KEY = "moor_test_canaryKEYthatNobodyMaySee"
ORIGIN = "https://api.example.com"
ASKED: Any = {"end_user": "user-1", "platform": "tiktok_ads", "return_url": "https://app.example/back"}
SESSION = {"url": "https://api.example.com/connect/x", "expires_at": "2026-11-30T10:00:00Z"}
Answer = httpx.Response | Callable[[httpx.Request], httpx.Response]


def problem(status: int, code: str, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
    body = {
        "type": f"tag:mooring,2026:{code}",
        "title": "A title",
        "status": status,
        "detail": "What happened.",
        "code": code,
        "request_id": "req-1",
        "retryable": status == 429 or status >= 500,
        "doc": f"https://api.example.com/docs/api/errors#{code}",
    }
    return httpx.Response(status, json=body | more, headers=headers)


class Server:
    """Answers one after the other, the last one again and again; keeps what it was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(request) if callable(answer) else answer

    def client(self, **options: Any) -> Mooring:
        return Mooring(ORIGIN, KEY, transport=httpx.MockTransport(self), **{"longest_wait": 3.0} | options)


def ok(body: Any, status: int = 200) -> httpx.Response:
    return httpx.Response(status, json=body)


def late(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("canary", request=request)


def gone(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("canary", request=request)


class Calls(unittest.TestCase):
    def test_a_post_has_a_key_which_its_retries_keep_and_the_next_call_does_not(self) -> None:
        server = Server(problem(503, "unavailable", {"retry-after": "0"}), problem(500, "internal"), ok(SESSION, 201))
        client = server.client()
        self.assertEqual(client.create_connect_session(**ASKED).url, SESSION["url"])
        keys = [request.headers["idempotency-key"] for request in server.asked]
        self.assertEqual(len(keys), 3)
        self.assertEqual(len(set(keys)), 1)
        client.create_connect_session(**ASKED)
        self.assertNotEqual(server.asked[3].headers["idempotency-key"], keys[0])
        client.create_connect_session(**ASKED, idempotency_key="order-17")
        self.assertEqual(server.asked[4].headers["idempotency-key"], "order-17")
        self.assertEqual(json.loads(server.asked[4].content), ASKED)
        self.assertEqual(server.asked[4].headers["authorization"], f"Bearer {KEY}")
        self.assertRegex(server.asked[4].headers["user-agent"], r"^mooring-python/\d")

    def test_retry_after_is_waited_for_and_a_longer_one_than_allowed_ends_the_call(self) -> None:
        server = Server(problem(429, "quota_exceeded", {"retry-after": "1"}), ok({"status": "ok"}))
        before = time.monotonic()
        server.client().get_health()
        self.assertGreaterEqual(time.monotonic() - before, 0.99)
        closed = Server(problem(429, "quota_exceeded", {"retry-after": "60"}))
        with self.assertRaises(MooringProblem):
            closed.client().list_connections()
        self.assertEqual(len(closed.asked), 1)

    def test_tries_are_bounded_and_what_cannot_be_sent_again_is_not(self) -> None:
        server = Server(problem(503, "unavailable", {"retry-after": "0"}))
        with self.assertRaises(MooringProblem) as caught:
            server.client(retries=2).list_connections()
        self.assertEqual((caught.exception.status, len(server.asked)), (503, 3))
        failing = Server(problem(500, "internal"))
        with self.assertRaises(MooringProblem):
            failing.client().change_webhook_endpoint("whe_1", enabled=True)
        self.assertEqual(len(failing.asked), 1)
        refusing = Server(problem(404, "not_found"))
        with self.assertRaises(MooringProblem):
            refusing.client().get_connection("con_1")
        self.assertEqual(len(refusing.asked), 1)

    def test_a_problem_is_typed(self) -> None:
        server = Server(problem(429, "quota_exceeded", {"retry-after": "7"}, **{"violated-policies": ["tenant"]}))
        with self.assertRaises(MooringProblem) as caught:
            server.client(retries=0).list_connections()
        refused = caught.exception
        said = (refused.operation, refused.status, refused.code, refused.detail, refused.request_id, refused.retryable)
        self.assertEqual(said, ("list_connections", 429, "quota_exceeded", "What happened.", "req-1", True))
        self.assertEqual((refused.retry_after, refused.violated_policies), (7.0, ["tenant"]))
        self.assertRegex(refused.doc or "", r"errors#quota_exceeded$")
        self.assertEqual(str(refused), "list_connections: quota_exceeded: What happened. (request req-1)")
        copied = pickle.loads(pickle.dumps(refused))
        self.assertEqual((str(copied), copied.code), (str(refused), refused.code))

    def test_an_answer_that_is_no_problem_document_is_a_problem_all_the_same(self) -> None:
        for answer, retryable in [
            (ok({"message": "Too Many Requests"}, 429), True),
            (httpx.Response(502, text="<html>"), True),
            (httpx.Response(413, json={"message": "x"}, headers={"x-request-id": "req-9"}), False),
            (httpx.Response(200, text="<html>"), False),
        ]:
            with self.assertRaises(MooringProblem) as caught:
                Server(answer).client(retries=0).list_connections()
            refused = caught.exception
            self.assertEqual((refused.status, refused.code, refused.retryable), (answer.status_code, "unreadable", retryable))
            self.assertEqual(refused.request_id, answer.headers.get("x-request-id"))

    def test_silence_and_nobody_there_are_one_kind_of_error(self) -> None:
        for answer, timed_out in [(late, True), (gone, False)]:
            server = Server(answer)
            with self.assertRaises(MooringUnreachable) as caught:
                server.client(retries=1).list_connections()
            self.assertEqual((caught.exception.timed_out, len(server.asked)), (timed_out, 2))
            self.assertIsNone(caught.exception.__context__, "the request with its credential is not reached from it")
        recovered = Server(gone, ok({"connections": [], "next_cursor": None}))
        self.assertEqual(recovered.client().list_connections().connections, [])

    def test_an_id_that_would_change_the_path_is_refused_before_anything_is_called(self) -> None:
        server = Server(ok({}))
        for identity in ("", ".", ".."):
            with self.assertRaises(ValueError):
                server.client().disconnect_account("con_1", identity)
            with self.assertRaises(ValueError):
                server.client().show_deletion_status(identity)
        self.assertEqual(server.asked, [])

    def test_a_list_that_leads_back_to_a_page_ends(self) -> None:
        pages = [ok({"connections": [], "next_cursor": cursor}) for cursor in ("a", "b", "a")]
        server = Server(*pages)
        with self.assertRaisesRegex(RuntimeError, "leads back"):
            list(server.client().all_connections())
        self.assertEqual(len(server.asked), 3)

    def test_an_answer_that_cannot_be_read_is_an_error_of_the_client(self) -> None:
        for answer in [
            httpx.Response(200, headers={"content-type": "application/json; charset=hex"}, content=b"{}x"),
            httpx.Response(200, headers={"content-type": "application/json"}, content=b"[" * 100_000),
            httpx.Response(503, headers={"retry-after": "Tue, 01 Dec 2026 00:00:00 -0000"}, content=b"{}"),
        ]:
            with self.assertRaises(MooringProblem):
                Server(answer).client(retries=0).list_connections()

        def undecodable(_: httpx.Request) -> httpx.Response:
            raise httpx.DecodingError("no gzip")

        with self.assertRaises(MooringUnreachable):
            Server(undecodable).client(retries=0).list_connections()

    def test_an_answer_that_does_not_fit_is_unreadable_and_its_secret_is_in_no_error(self) -> None:
        token = {"token": "canary", "expires_at": "2026-11-30T10:00:00Z"}
        calls: list[tuple[Any, Callable[[Mooring], object]]] = [
            (token, lambda client: client.create_frontend_token(end_user="user-1", scopes=[])),
            ([token], lambda client: client.create_frontend_token(end_user="user-1", scopes=[])),
            (["canary"], lambda client: client.list_connections()),
            ({"connections": [{"id": "canary"}], "next_cursor": None}, lambda client: list(client.all_connections())),
        ]
        for body, call in calls:
            answer = httpx.Response(200, json=body, headers={"x-request-id": "req-9"})
            server = Server(answer)
            with self.assertRaises(MooringProblem) as caught:
                call(server.client())
            refused = caught.exception
            said = (refused.status, refused.code, refused.retryable, refused.request_id, len(server.asked))
            self.assertEqual(said, (200, "unreadable", False, "req-9", 1))
            self.assertEqual((refused.__cause__, refused.__context__), (None, None))
            self.assertNotIn("canary", f"{refused!r} {refused} {vars(refused)}")

    def test_a_later_page_that_does_not_fit_is_unreadable(self) -> None:
        server = Server(ok({"deliveries": [delivery("dlv_1")], "next_cursor": "2"}), ok({"deliveries": "canary"}))
        rows = server.client().all_webhook_deliveries("whe_1")
        self.assertEqual(next(rows).id, "dlv_1")
        with self.assertRaises(MooringProblem) as caught:
            next(rows)
        self.assertEqual(caught.exception.code, "unreadable")

    def test_a_model_shows_no_input_in_its_errors(self) -> None:
        with self.assertRaises(ValueError) as refused:
            models.TokenResponse.model_validate({"token": "canary"})
        self.assertNotIn("canary", f"{refused.exception!r} {refused.exception}")

    def test_an_iterator_goes_through_all_pages(self) -> None:
        def page(ids: list[str], cursor: str | None) -> httpx.Response:
            entries = [delivery(identity) for identity in ids]
            return ok({"deliveries": entries, "next_cursor": cursor})

        server = Server(page(["dlv_1", "dlv_2"], "next/1"), page([], "2"), page(["dlv_3"], None))
        found = [one.id for one in server.client().all_webhook_deliveries("whe_1", limit=2)]
        self.assertEqual(found, ["dlv_1", "dlv_2", "dlv_3"])
        asked = [request.url.raw_path.decode() for request in server.asked]
        path = "/v1/webhook-endpoints/whe_1/deliveries?limit=2"
        self.assertEqual(asked, [path, f"{path}&cursor=next%2F1", f"{path}&cursor=2"])

    def test_a_value_cannot_change_the_path(self) -> None:
        server = Server(problem(404, "not_found"))
        with self.assertRaises(MooringProblem):
            server.client().get_connection("../deletions?x=1#")
        self.assertEqual(server.asked[0].url.raw_path, b"/v1/connections/..%2Fdeletions%3Fx%3D1%23")

    def test_days_and_times_are_written_as_the_api_reads_them(self) -> None:
        server = Server(problem(404, "not_found"))
        asked: Any = {"connection_id": "con_1", "account_id": "acc_1", "level": "ad", "from_": datetime.date(2026, 11, 1)}
        asked |= {"to": datetime.date(2026, 11, 2), "as_of": datetime.datetime(2026, 11, 3, 4, tzinfo=datetime.UTC)}
        with self.assertRaises(MooringProblem):
            server.client().query_report(**asked)
        sent = dict(server.asked[0].url.params)
        self.assertEqual((sent["from"], sent["to"], sent["as_of"]), ("2026-11-01", "2026-11-02", "2026-11-03T04:00:00+00:00"))
        with self.assertRaisesRegex(ValueError, "zone"):
            server.client().query_report(**asked | {"as_of": datetime.datetime(2026, 11, 3)})

    def test_later_fields_and_words_are_taken(self) -> None:
        body = delivery("dlv_1") | {"state": "a_later_word", "later": 1}
        read = Server(ok(body)).client().get_webhook_delivery("whe_1", "dlv_1")
        self.assertEqual((read.state, (read.model_extra or {})["later"]), ("a_later_word", 1))

    def test_no_credential_in_errors_nor_in_what_shows_the_client(self) -> None:
        client = Server(problem(401, "unauthorized")).client(retries=0)
        with self.assertRaises(MooringProblem) as caught:
            client.list_connections()
        with self.assertRaises(ValueError) as refused:
            Mooring(ORIGIN, "Bearer canary")
        for shown in (client, caught.exception, refused.exception):
            self.assertNotIn("canary", f"{shown!r} {shown}")
        token = models.TokenResponse.model_validate({"token": "canary", "expires_at": "2026-11-30T10:00:00Z", "scopes": []})
        self.assertNotIn("canary", f"{token!r} {token}")
        self.assertEqual(token.token, "canary")

    def test_an_origin_is_one_and_a_credential_crosses_no_network_in_the_clear(self) -> None:
        for origin in ("http://api.example.com", "https://user@api.example.com", "https://api.example.com/v1", "ftp://x", "api"):
            with self.assertRaises(ValueError, msg=origin):
                Mooring(origin, KEY)
        for origin in ("https://api.example.com", "http://localhost:8787", "http://[::1]:8787/"):
            Mooring(origin, KEY).close()

    def test_a_redirect_is_not_followed(self) -> None:
        server = Server(httpx.Response(302, headers={"location": "https://evil.example/"}))
        with self.assertRaises(MooringProblem):
            server.client(retries=0).list_connections()
        self.assertEqual(len(server.asked), 1)


class AsyncCalls(unittest.TestCase):
    def test_the_client_that_does_not_block_does_the_same(self) -> None:
        async def run() -> tuple[list[str], int]:
            page = {"deliveries": [delivery("dlv_1")], "next_cursor": "2"}
            server = Server(problem(503, "unavailable", {"retry-after": "0"}), ok(page), ok(page | {"next_cursor": None}))
            async with AsyncMooring(ORIGIN, KEY, transport=httpx.MockTransport(server)) as client:
                self.assertNotIn("canary", repr(client))
                ids = [one.id async for one in client.all_webhook_deliveries("whe_1")]
            return ids, len(server.asked)

        self.assertEqual(asyncio.run(run()), (["dlv_1", "dlv_1"], 3))

    def test_its_refusals_and_its_silence_are_typed(self) -> None:
        async def run(answer: Answer) -> None:
            async with AsyncMooring(ORIGIN, KEY, retries=0, transport=httpx.MockTransport(Server(answer))) as client:
                await client.get_connection("con_1")

        with self.assertRaises(MooringProblem):
            asyncio.run(run(problem(404, "not_found")))
        with self.assertRaises(MooringProblem) as unreadable:
            asyncio.run(run(ok([{"id": "canary"}])))
        self.assertEqual((unreadable.exception.code, unreadable.exception.__context__), ("unreadable", None))
        with self.assertRaises(MooringUnreachable) as caught:
            asyncio.run(run(late))
        self.assertTrue(caught.exception.timed_out)


def delivery(identity: str) -> dict[str, Any]:
    return {
        "id": identity,
        "webhook_endpoint_id": "whe_1",
        "event_id": "evt_1",
        "event_type": "webhook.test",
        "state": "delivered",
        "next_attempt_at": None,
        "attempt_count": 1,
        "attempts": [{"number": 1, "at": "2026-11-30T10:00:00Z", "duration_ms": 3, "status": 204, "failure": None}],
        "created_at": "2026-11-30T10:00:00Z",
    }


if __name__ == "__main__":
    unittest.main()
