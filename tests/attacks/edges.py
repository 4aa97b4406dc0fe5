"""Attacks on the API's edge: headers that a server must parse and not search, raw bytes, bodies of other kinds."""

import json
import socket
import urllib.parse

from arena import said
from book import attack, expect
from browser import PATIENCE, send


def report(arena):
    _, connection, account = arena.connected()
    asked = {"connection_id": connection, "account_id": account, "level": "account"}
    return "/v1/reports?" + urllib.parse.urlencode(asked | {"from": "2026-01-01", "to": "2026-01-02"})


@attack("headers", "`Accept` is parsed: weights, cases and whole words count")
def accept(arena):
    target = report(arena)
    for wanted, media in [
        ("application/json", "application/json"),
        ("text/csv", "text/csv"),
        ("TEXT/CSV", "text/csv"),
        ("text/csv; charset=utf-8", "text/csv"),
        ("*/*", "application/json"),
        ("application/json, text/csv;q=0", "application/json"),
        ("application/json, text/csv;q=0.1", "application/json"),
        ("application/json;q=0.1, text/csv", "text/csv"),
        ("text/csvx, application/json", "application/json"),
    ]:
        answer = arena.one.send("GET", target, accept=wanted)
        found = (answer.headers["content-type"] or "").partition(";")[0]
        expect((answer.status, found) == (200, media), f"{wanted} is answered {answer.status} {found}")
    answer = arena.one.send("GET", target, accept="text/csvx")
    found = (answer.headers["content-type"] or "").partition(";")[0]
    expect(found != "text/csv", "text/csvx is taken for text/csv")


@attack("headers", "the scheme of `Authorization` has any case, and any number of spaces behind it")
def bearer(arena):
    for scheme in ("Bearer ", "bearer ", "BEARER ", "Bearer  "):
        answer = arena.one.send("GET", "/v1/connections", authorization=scheme + arena.one.key)
        expect(answer.status == 200, f"{scheme!r} is answered {answer.status} {said(answer)}")
    key = arena.one.key
    for credential in ("Bearer", "Bearer ", f"Bearer{key}", f"Basic {key}", f"Bearer {key} x"):
        answer = arena.one.send("GET", "/v1/connections", authorization=credential)
        expect(answer.status == 401, f"{credential.split()[0]}… is answered {answer.status}")


@attack("headers", "a quoted `Idempotency-Key` is the same key without its quotes")
def idempotency(arena):
    body = {"end_user": "person", "platform": "tiktok_ads", "return_url": arena.return_url}
    name = arena.end_user()
    first = arena.one.send("POST", "/v1/connect-sessions", body, idempotency_key=f'"{name}"')
    second = arena.one.send("POST", "/v1/connect-sessions", body, idempotency_key=name)
    expect(first.status == second.status == 201, f"{first.status} and {second.status}")
    expect(first.json()["url"] == second.json()["url"], "the key was taken for another one")


@attack("headers", "a compressed body is 415, a content type is read with its parameters")
def content(arena):
    body = {"end_user": "person"}
    answer = arena.one.send("POST", "/v1/frontend-tokens", body, content_encoding="gzip")
    expect(answer.status == 415, f"gzip is answered {answer.status} {said(answer)}")
    for media in ("application/json", "application/json; charset=utf-8", "Application/JSON"):
        answer = arena.one.send("POST", "/v1/frontend-tokens", body, content_type=media)
        expect(answer.status == 201, f"{media} is answered {answer.status} {said(answer)}")
    for media in ("application/jsonx", "text/plain", "text/plain; application/json"):
        answer = arena.one.send("POST", "/v1/frontend-tokens", body, content_type=media)
        expect(answer.status in (400, 415), f"{media} is answered {answer.status}")


def raw(arena, line):
    """Sends a request line as it is; returns the status line, or nothing when the connection ends without one."""
    address = urllib.parse.urlsplit(arena.api)
    with socket.create_connection((address.hostname, address.port), timeout=PATIENCE) as wire:
        head = f"\r\nhost: {address.netloc}\r\nauthorization: Bearer {arena.one.key}\r\nconnection: close\r\n\r\n"
        wire.sendall(line + head.encode())
        answer = b""
        while piece := wire.recv(65_536):
            answer += piece
    return answer.split(b"\r\n")[0].decode(errors="replace")


@attack("raw bytes", "no byte of a request line ends in a panic or a 5xx")
def raw_bytes(arena):
    for byte in [b'"', b"<", b">", b"\t", b"{", b"|", b"\\", b"^", b"`", b"\x7f", b"\xff", b"%", b"%zz", b"%00"]:
        for target in (b"/v1/connections?limit=" + byte, b"/v1/connections?" + byte, b"/connect/" + byte, b"/" + byte):
            status = raw(arena, b"GET " + target + b" HTTP/1.1")
            expect(status.startswith("HTTP/1.1 4"), f"{target!r} is answered {status!r}")


@attack("raw bytes", "odd methods, versions and targets are refused as what they are")
def raw_lines(arena):
    for line in [
        b"GET  /v1/connections HTTP/1.1",
        b"PUT /v1/connections HTTP/1.1",
        b"GET http://evil.example/v1/connections HTTP/1.1",
        b"GET /v1//connections HTTP/1.1",
        b"GET /v1/connections/../connections HTTP/1.1",
        b"OPTIONS * HTTP/1.1",
    ]:
        status = raw(arena, line)
        expect(status.startswith(("HTTP/1.1 2", "HTTP/1.1 4")), f"{line!r} is answered {status!r}")


@attack("raw bytes", "a preflight is answered below /v1 alone, whatever dots its path has")
def dotted_preflights(arena):
    origin = f"\r\norigin: {arena.demo}\r\naccess-control-request-method: POST".encode()
    for path in (b"/v1/../connect/abc", b"/v1/%2e%2e/connect/abc", b"/v1/.%2e/openapi.json", b"/v1/../deletion-requests/x"):
        status = raw(arena, b"OPTIONS " + path + b" HTTP/1.1" + origin)
        expect(status.startswith("HTTP/1.1 4"), f"{path!r} is answered {status!r}")
    status = raw(arena, b"OPTIONS /v1/connections HTTP/1.1" + origin)
    expect(status.startswith("HTTP/1.1 204"), f"the control is answered {status!r}")


@attack("raw bytes", "bodies that are no JSON, too deep or too large are 4xx with a problem document")
def bodies(arena):
    large = json.dumps({"end_user": "x" * 70_000})
    for body in ["", "{", "[]", "null", '"x"', "[" * 20_000, '{"end_user":"\ud800"}', large]:
        headers = {"authorization": f"Bearer {arena.one.key}", "content-type": "application/json"}
        answer = send("POST", arena.api + "/v1/frontend-tokens", headers, body.encode(errors="surrogatepass"))
        expect(400 <= answer.status < 500 and "code" in answer.json(), f"{body[:20]!r} is answered {answer.status}")
