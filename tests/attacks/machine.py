"""Attacks on the machine that the runner stands on: foreign web pages, rebound host names, readable files."""

import json
import os
import stat
import tempfile

from arena import SIGNED, Arena
from book import attack, expect
from browser import send

FOREIGN = "https://evil.example"
PAGES = {"api": "/openapi.json", "sandbox": "/_sandbox/state", "demo": "/", "tables": "/", "services": "/mailbox"}
AMZ = SIGNED | {"content-type": "application/x-amz-json-1.0"}
JSON = {"content-type": "application/json"}
ASKED = {"access-control-request-headers": "content-type,x-amz-target"}
MAIL = {"Destination": {"ToAddresses": ["a@b.example"]}, "Content": {}, "FromEmailAddress": "a@b.example"}
LIST = AMZ | {"x-amz-target": "DynamoDB_20120810.ListTables"}


def refused(answer, what):
    expect(400 <= answer.status < 500, f"{what} is answered {answer.status}")
    expect(not answer.headers["access-control-allow-origin"], f"{what} may be read by a foreign page")


@attack("A10", "a listener answers to no host name but its own")
def rebound(arena):
    for name, origin in arena.listeners().items():
        port = origin.rpartition(":")[2]
        for host in (f"evil.example:{port}", "evil.example", "127.0.0.1.evil.example", f"localhost:{int(port) + 50}"):
            headers = {"host": host} | (LIST if name == "tables" else {})
            method, body = ("POST", "{}") if name == "tables" else ("GET", None)
            refused(send(method, origin + PAGES[name], headers, body), f"{name} under the host {host}")
        for host in (f"localhost:{port}", f"127.0.0.1:{port}"):
            if name not in ("tables", "api"):
                answer = send("GET", origin + PAGES[name], {"host": host})
                expect(answer.status == 200, f"{name} under its own host {host} is answered {answer.status}")


@attack("A10", "a foreign web page can neither read nor write tables, mails and the sandbox's controls")
def foreign_pages(arena):
    listeners = arena.listeners()
    calls = [
        ("POST", listeners["tables"] + "/", LIST, "{}"),
        ("POST", listeners["services"] + "/", AMZ | {"x-amz-target": "AmazonSQS.ListQueues"}, "{}"),
        ("POST", listeners["services"] + "/v2/email/outbound-emails", JSON, json.dumps(MAIL)),
        ("GET", listeners["services"] + "/mailbox.json", {}, None),
        ("GET", listeners["services"] + "/mailbox", {}, None),
        ("GET", listeners["sandbox"] + "/_sandbox/state", {}, None),
        ("GET", listeners["sandbox"] + "/_sandbox/edits", {}, None),
        ("POST", listeners["sandbox"] + "/_sandbox/reset", JSON, "{}"),
        ("DELETE", listeners["sandbox"] + "/_sandbox/edits", {}, None),
    ]
    before = len(arena.mails())
    for method, url, headers, body in calls:
        for origin in (FOREIGN, "null"):
            answer = send(method, url, headers | {"origin": origin}, body)
            refused(answer, f"{method} {url.rpartition(':')[2]} from {origin}")
        answer = send("OPTIONS", url, {"origin": FOREIGN, "access-control-request-method": method} | ASKED)
        allowed = answer.headers["access-control-allow-origin"]
        expect(not allowed, f"a preflight of {url.rpartition(':')[2]} allows {allowed}")
    expect(len(arena.mails()) == before, "a foreign page had a mail sent")


@attack("A10", "a body that a page may send without asking is not taken by tables, mails and controls")
def simple_bodies(arena):
    listeners = arena.listeners()
    before = len(arena.mails())
    for media in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None):
        headers = {} if media is None else {"content-type": media}
        for url, more, body in [
            (listeners["tables"] + "/", SIGNED | {"x-amz-target": "DynamoDB_20120810.ListTables"}, "{}"),
            (listeners["services"] + "/v2/email/outbound-emails", {}, json.dumps(MAIL)),
            (listeners["sandbox"] + "/_sandbox/reset", {}, "{}"),
        ]:
            answer = send("POST", url, headers | more, body)
            expect(400 <= answer.status < 500, f"{media} at {url.rpartition(':')[2]} is answered {answer.status}")
    expect(len(arena.mails()) == before, "a simple body had a mail sent")


@attack("A10", "nobody else on the machine can read what the runner keeps")
def files(arena):
    with tempfile.TemporaryDirectory() as folder:
        kept = os.path.join(folder, "state")
        with Arena(ads=1, advertisers=1, data=kept) as own:
            own.connected()
        loose = []
        for where, folders, names in os.walk(kept):
            for name in ["", *names]:
                mode = stat.S_IMODE(os.stat(os.path.join(where, name)).st_mode)
                if mode & 0o077:
                    loose.append(f"{os.path.relpath(os.path.join(where, name), kept)} {mode:o}")
        expect(not loose, f"others may read {', '.join(loose)}")
