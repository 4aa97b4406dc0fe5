"""Attacks on deletion: addresses, foreign pages, other people's deletions. Floods are in `days.py`: they need time."""

import json

from arena import said
from book import attack, expect
from browser import Browser, send

PAGE = "/deletion-requests"


def ask(arena, address, **headers):
    """Requests a deletion as the page's own form does."""
    return Browser().post(arena.api + PAGE, [("email", address)], **headers)


def known(arena):
    """Makes an address with a live connection."""
    address = f"{arena.end_user()}@mailbox.example"
    arena.connected(end_user_email=address)
    return address


@attack("A2", "a foreign page cannot ask for mails")
def foreign_page(arena):
    address = known(arena)
    for headers in [
        {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
        {"origin": "null", "sec-fetch-site": "cross-site"},
        {"origin": "https://evil.example"},
    ]:
        answer = ask(arena, address, **headers)
        expect(answer.status == 403, f"{headers} is answered {answer.status}")
    expect(not arena.mails(address), "a foreign page had a mail sent")


@attack("A2", "known, unknown and flooded addresses are answered the same")
def told_apart(arena):
    address = known(arena)
    answers = [ask(arena, one) for one in (address, address, "nobody@mailbox.example")]
    seen = {(answer.status, without_id(answer.text)) for answer in answers}
    expect(len(seen) == 1, f"{len(seen)} different answers: {[answer.status for answer in answers]}")


def without_id(text):
    return text.split("<code>")[0]


ADDRESSES = [
    "a@b.example",
    "A.b+c@B.example",
    "a@b\u00fccher.example",
    "a@xn--bcher-kva.example",
    "\u00e4@b.example",
    "\u212a@b.example",
    "a b@c.example",
    "a@b@c.example",
    "@b.example",
    "a@",
    "a@b..example",
    "a@-b.example",
    "a,b@c.example",
    "<a@b.example>",
    "a@b.example\n",
    "\"a\"@b.example",
    "a@[127.0.0.1]",
    f"{'a' * 65}@b.example",
    f"a@{'b' * 250}.example",
    ".a@b.example",
    "a..b@c.example",
    "a@localhost",
]


@attack("A3", "what one entry takes as an address the other takes, and the other way round")
def one_check(arena):
    asked = {"platform": "tiktok_ads", "return_url": arena.return_url}
    for address in ADDRESSES:
        body = asked | {"end_user": arena.end_user(), "end_user_email": address}
        session = arena.one.send("POST", "/v1/connect-sessions", body).status == 201
        headers = {"content-type": "application/json", "accept": "application/json"}
        request = send("POST", arena.api + PAGE, headers, json.dumps({"email": address})).status == 202
        expect(session == request, f"{address!a}: connect session {session}, deletion request {request}")


@attack("A6", "the page says what happens to the mail, and does not promise that it is on its way")
def honest_page(arena):
    answer = ask(arena, "nobody@mailbox.example")
    expect("on its way" not in answer.text, "the page promises a mail that may never leave")
    told = "15 minutes" in answer.text and "mailto:" in answer.text
    expect(told, "the page does not say by when, and whom to write to")


@attack("A9", "a frontend token reads no other end user's deletion, by no path")
def foreign_deletion(arena):
    owner, connection, _ = arena.connected()
    deletion = arena.one.call("DELETE", f"/v1/connections/{connection}")["id"]
    own = arena.one.browser_token(owner.end_user)
    other = arena.one.browser_token("somebody-else")
    expect(own.send("GET", f"/v1/deletions/{deletion}").status == 200, "the owner cannot read the deletion")
    for target in [f"/v1/deletions/{deletion}", f"/v1/deletions/{deletion}/receipt"]:
        answer = other.send("GET", target)
        expect(answer.status == 404, f"somebody else's token is answered {answer.status} {said(answer)}")
    answer = arena.two.send("GET", f"/v1/deletions/{deletion}")
    expect(answer.status == 404, f"another tenant is answered {answer.status}")
