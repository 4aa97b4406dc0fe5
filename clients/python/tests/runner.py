"""The whole way with the client against the local runner. Started by tests/clients/run.py, whose person opens the printed
page and writes the address of the return page to standard input.

The environment has API, KEY and RETURN_URL.
"""

import datetime
import functools
import http.server
import inspect
import os
import queue
import sys
import threading
import time
import typing
import urllib.parse
from collections.abc import Callable
from typing import Any, TypeVar

import mooring
from mooring import Mooring, MooringProblem, models, webhooks
from mooring._generated.calls import Calls
from mooring._generated.facts import PAGES

API, KEY, RETURN_URL = (os.environ[name] for name in ("API", "KEY", "RETURN_URL"))
PATIENCE = 600
"""How long something that happens by itself may take, in seconds."""
NO_ROUTE = ("no_route", "method_not_allowed", "unreadable")
"""What the API answers to a path or a method that it does not have."""
END_USER = "python"
NONE = "con_01J9ZK3V8Q2M4T6W8X0Y2A4B6C"
Found = TypeVar("Found")

called: set[str] = set()
methods = [name for name, value in vars(Calls).items() if inspect.isfunction(value)]


def noted(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(*given: Any, **named: Any) -> Any:
        called.add(name)
        return method(*given, **named)

    return call


for method_name in methods:
    setattr(Calls, method_name, noted(method_name, getattr(Calls, method_name)))


class Receiver(http.server.BaseHTTPRequestHandler):
    came: "queue.Queue[tuple[dict[str, str], bytes]]" = queue.Queue()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(204)
        self.send_header("content-length", "0")
        self.end_headers()
        Receiver.came.put((dict(self.headers.items()), body))

    def log_message(self, *_: Any) -> None:
        """Logs nothing."""


def main() -> None:
    with Mooring(API, KEY) as client:
        first_calls(client)
        connection, account = connect(client)
        report(client, connection, account)
        token(client, connection)
        deliveries(client)
        let_go(client, connection, account)
        rest(client)
    print(f"{len(methods)} methods called on Python {sys.version.split()[0]}")


def first_calls(client: Mooring) -> None:
    assert client.get_health().status == "ok"
    client.head_health()
    assert client.get_open_api()["info"]["version"] == mooring.__version__
    assert client.show_front().health
    refused(lambda: Mooring(API, "moor_test_nobodys").list_connections(), 401)
    problem = refused(lambda: client.get_connection(NONE), 404, "not_found")
    assert problem.request_id and problem.doc and "not_found" in problem.doc and not problem.retryable
    unknown: Any = "no_such"
    refused(lambda: client.create_connect_session(end_user="user-1", platform=unknown, return_url=RETURN_URL), 400)


def connect(client: Mooring) -> tuple[str, models.Account]:
    asked: Any = {"end_user": END_USER, "platform": "tiktok_ads", "return_url": RETURN_URL, "idempotency_key": "python-1"}
    session = client.create_connect_session(**asked)
    assert client.create_connect_session(**asked) == session, "one session for one key"
    assert session.url not in repr(session)
    print(f"Open {session.url}", flush=True)
    back = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(input()).query))
    connection = back["connection_id"]
    assert client.activate_connection(connection, code=back["code"], end_user=END_USER).state == "active"

    def synced() -> models.Account | None:
        return next((one for one in client.get_connection(connection).accounts if one.last_synced_at), None)

    return connection, until(synced)


def report(client: Mooring, connection: str, account: models.Account) -> None:
    today = datetime.datetime.now(datetime.UTC).date()
    question: Any = {"connection_id": connection, "account_id": account.id, "level": "campaign", "metrics": ["spend", "clicks"]}
    question |= {"from_": today - datetime.timedelta(days=8), "to": today - datetime.timedelta(days=2)}

    def whole_week() -> models.Report | None:
        found = client.query_report(**question, limit=1000)
        return found if all(day.status in ("provisional", "complete") for day in found.completeness) else None

    # The newest days come first. Two answers are alike once no day of the question is on its way any more.
    whole = until(whole_week)
    spend = whole.rows[0].metrics.spend
    assert len(whole.rows) > 2 and isinstance(spend, models.Money) and spend.currency == whole.currency
    assert list(client.all_report_rows(**question, limit=2)) == whole.rows, "small pages hold what one page holds"
    table = client.export_report(**question, limit=2)
    assert table.text.startswith("day,") and table.next_cursor and table.completeness
    assert client.export_report(**question, limit=2, cursor=table.next_cursor).text != table.text
    refused(lambda: client.query_report(**question | {"level": "planet"}), 400, "unknown_level")
    assert [one.id for one in client.all_connections(end_user=END_USER, limit=1)] == [connection]
    assert len(client.list_connections(end_user=END_USER).connections) == 1


def token(client: Mooring, connection: str) -> None:
    minted = client.create_frontend_token(end_user=END_USER, scopes=["connections.read"])
    assert minted.token not in repr(minted)
    with Mooring(API, minted.token) as page:
        assert page.get_connection(connection).id == connection
        refused(lambda: page.disconnect_connection(connection), 403)


def deliveries(client: Mooring) -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/hook"
    made = client.create_webhook_endpoint(url=url, event_types=["connection.activated"], description="A test")
    sent = client.test_webhook_endpoint(made.id)
    headers, body = Receiver.came.get(timeout=PATIENCE)
    assert webhooks.verify(made.secret, body, headers).type == "webhook.test"
    try:
        webhooks.verify(made.secret, body + b" ", headers)
    except webhooks.WebhookRefused:
        pass
    else:
        raise AssertionError("a forgery was taken")
    until(lambda: client.get_webhook_delivery(made.id, sent.id).state == "delivered")
    client.replay_webhook_delivery(made.id, sent.id)
    assert Receiver.came.get(timeout=PATIENCE)[0]["webhook-id"] == headers["webhook-id"]
    rotated = client.rotate_webhook_secret(made.id)
    client.test_webhook_endpoint(made.id)
    headers, body = Receiver.came.get(timeout=PATIENCE)
    for secret in (made.secret, rotated.secret):
        webhooks.verify(secret, body, headers)
    assert len(list(client.all_webhook_deliveries(made.id, limit=1))) >= 2
    assert len(client.list_webhook_deliveries(made.id, limit=1).deliveries) == 1
    assert client.change_webhook_endpoint(made.id, enabled=False).disabled_reason == "requested"
    assert not client.get_webhook_endpoint(made.id).enabled
    assert any(one.id == made.id for one in client.all_webhook_endpoints())
    client.list_webhook_endpoints()
    client.delete_webhook_endpoint(made.id)
    refused(lambda: client.get_webhook_endpoint(made.id), 404)
    server.shutdown()


def let_go(client: Mooring, connection: str, account: models.Account) -> None:
    assert client.disconnect_account(connection, account.id).subject.account_id == account.id
    whole = client.disconnect_connection(connection)
    assert whole.state == "purging" and client.get_deletion(whole.id).id == whole.id
    refused(lambda: client.get_receipt(whole.id), 409)
    assert len(list(client.all_deletions(limit=1))) >= 2
    client.list_deletions()
    assert client.show_deletion_status(urllib.parse.urlsplit(whole.status_url).path.rpartition("/")[2]).state
    refused(lambda: client.request_deletion(connection_id=NONE), 404)
    assert client.request_deletion_by_mail(email="ada@example.com").message


def rest(client: Mooring) -> None:
    """Calls what was not called above with values that exist nowhere: the API knows the way and refuses the values."""
    for name in [one for one in methods if one not in called]:
        method = getattr(client, name)
        needed = [one for one in inspect.signature(method).parameters.values() if one.default is inspect.Parameter.empty]
        positional = [value(one.annotation) for one in needed if one.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
        named = {one.name: value(one.annotation) for one in needed if one.kind is inspect.Parameter.KEYWORD_ONLY}
        try:
            answer = method(*positional, **named)
            if hasattr(answer, "__next__"):
                next(answer, None)
        except MooringProblem as problem:
            assert problem.code not in NO_ROUTE, f"{name}: {problem}"
    assert called == set(methods), set(methods) - called
    assert PAGES and not set(PAGES) & called


def value(kind: Any) -> Any:
    if typing.get_origin(kind) is typing.Literal:
        return typing.get_args(kind)[0]
    if kind is datetime.date:
        return datetime.date(2026, 11, 1)
    if kind is datetime.datetime:
        return datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)
    return {str: "none", int: 1, bool: True, float: 1.0}.get(kind, [])


def refused(call: Callable[[], object], status: int, code: str | None = None) -> MooringProblem:
    try:
        call()
    except MooringProblem as problem:
        assert (problem.status, problem.code) == (status, code or problem.code), problem
        assert problem.code != "unreadable"
        return problem
    raise AssertionError("it was not refused")


def until(ask: Callable[[], Found | None]) -> Found:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = ask()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("it did not happen")


if __name__ == "__main__":
    main()
