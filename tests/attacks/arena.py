"""The running stack under attack: two tenants, browsers, the platform that lies, the mailbox and the tables.

The stack is the local runner: real handlers behind real API Gateway events, reached over HTTP alone.
"""

import json
import random
import socket
import sys
import threading
import time
import urllib.parse
from pathlib import Path

from book import expect
from browser import Browser, insist, parameters, path, send

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "api"))
from stack import Stack  # noqa: E402

# How long an attack waits for an expected result. It decides nothing: only a result that never comes fails.
PATIENCE = 600
# One start at a time takes free ports.
STARTING = threading.Lock()
# The work-alikes need a signature and do not check it: the machine belongs to its owner.
SIGNED = {
    "x-amz-date": "20260101T000000Z",
    "authorization": "AWS4-HMAC-SHA256 Credential=local/20260101/eu-central-1/dynamodb/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=0",
}
TIKTOK = "/open_api/v1.3"
REPORT = f"{TIKTOK}/report/integrated/get/"


class Tenant:
    """A tenant's server, with its API key or a credential that it minted."""

    def __init__(self, arena, key):
        self.arena, self.key = arena, key

    def send(self, method, target, body=None, **headers):
        said = {"authorization": f"Bearer {self.key}"}
        if body is not None:
            said["content-type"] = "application/json"
            body = json.dumps(body)
        said |= {name.replace("_", "-"): value for name, value in headers.items()}
        return send(method, self.arena.api + target, said, body)

    def call(self, method, target, body=None):
        """Makes a call that has to end in a 2xx; returns the JSON."""
        page = self.send(method, target, body)
        expect(200 <= page.status < 300, f"{method} {path(target)} answered {page.status}: {page.text[:200]}")
        return page.json() if page.text else None

    def get(self, target):
        return self.call("GET", target)

    def browser_token(self, end_user, *scopes):
        """The same tenant, seen from a browser of one end user."""
        asked = {"end_user": end_user} | ({"scopes": list(scopes)} if scopes else {})
        return Tenant(self.arena, self.call("POST", "/v1/frontend-tokens", asked)["token"])

    def session(self, end_user, **more):
        asked = {"end_user": end_user, "platform": "tiktok_ads", "return_url": self.arena.return_url} | more
        page = insist(lambda: self.send("POST", "/v1/connect-sessions", asked))
        expect(page.status == 201, f"a connect session is answered {page.status} {said(page)}")
        return page.json()["url"]

    def activate(self, back, end_user):
        said = parameters(back)
        target = f"/v1/connections/{said['connection_id']}/activate"
        active = self.call("POST", target, {"code": said["code"], "end_user": end_user})
        self.arena.live.append((self, active["id"]))
        return active


class Platform:
    """The platform's own controls, and the rules that edit its answers."""

    def __init__(self, origin):
        self.origin = origin

    def control(self, method, word, body=None):
        headers = {} if body is None else {"content-type": "application/json"}
        page = send(method, f"{self.origin}/_sandbox/{word}", headers, body if body is None else json.dumps(body))
        if page.status >= 300:
            raise RuntimeError(f"the sandbox answered {page.status} to {word}: {page.text[:300]}")
        return page.json() if page.text else None

    def edit(self, target, edit, **match):
        """Adds a rule; returns its number."""
        return self.control("POST", "edits", {"match": {"path": target} | match, "edit": edit})["id"]

    def edit_json(self, target, *changes, **match):
        return self.edit(target, {"json": list(changes)}, **match)

    def answer(self, target, body, status=200, **match):
        """Answers with another body."""
        return self.edit(target, {"body": json.dumps(body), "status": status}, **match)

    def behave(self):
        self.control("DELETE", "edits")
        self.control("POST", "faults", {})

    def prove(self):
        """Fails an attack whose edits were not all used: such an attack never happened, and shows nothing."""
        for rule in self.control("GET", "edits")["rules"]:
            match = {name: value for name, value in rule["match"].items() if value}
            wanted, told = match.get("times", 1), rule["edited"]
            seen = f"{rule['matched']} calls matched, {rule['missed']} answers had no place for it"
            expect(told >= wanted, f"it never happened: a lie was told {told} times of {wanted}; {seen}; {match}")

    def edited(self, rule):
        """Returns how many answers a rule changed."""
        return next(one["edited"] for one in self.control("GET", "edits")["rules"] if one["id"] == rule)

    def calls(self, endpoint):
        return self.control("GET", "state")["counters"]["endpoints"].get(endpoint, 0)

    def living(self):
        """Returns how many tokens work at the platform."""
        return self.control("GET", "state")["tokens"]["living"]

    def advertisers(self):
        return self.control("GET", "state")["advertisers"]


def put(at, value):
    return {"op": "set", "at": at, "value": value}


class Flow:
    """A connect flow in one browser, stopped wherever an attack begins."""

    def __init__(self, arena, tenant, end_user, browser=None, **more):
        self.arena, self.tenant, self.end_user = arena, tenant, end_user
        self.browser = browser or Browser()
        self.url = tenant.session(end_user, **more)

    def depart(self):
        """Presses the button of our own page; returns the platform's page."""
        page = self.browser.get(self.url)
        sent = self.browser.post(self.url, page.form().agreed())
        expect(sent.status == 303, f"the connect page's button answered {sent.status}")
        return self.browser.get(sent.location)

    def consent(self, **only):
        """Agrees at the platform; returns the address of our callback."""
        form = self.depart().form("advertiser")
        return self.browser.post(form.action, form.agreed(**only)).location

    def refuse(self):
        form = self.depart().form("advertiser")
        fields = [field for field in form.fields if field[0] != "decision"] + [("decision", "deny")]
        return self.browser.post(form.action, fields).location

    def land(self, callback):
        """Opens the callback and goes on to the choice of accounts."""
        page = self.browser.get(callback)
        expect(page.status == 303, f"the callback answered {page.status}: {said(page)}")
        return self.browser.get(page.location)

    def choose(self, page, fields=None):
        form = page.form("account")
        return self.browser.post(form.action, form.agreed() if fields is None else fields)

    def connect(self, **only):
        """Goes the whole way; returns the active connection as the tenant sees it."""
        done = self.choose(self.land(self.consent(**only)))
        expect(connects(done), f"the choice answered {done.status} {said(done)}")
        return self.tenant.activate(done.location, self.end_user)


def connects(page):
    """Returns whether a page sends the person back to the product with a connection."""
    return page.status == 303 and "connection_id" in parameters(page.location)


def said(page):
    """Returns the heading of a page, or the code of a problem."""
    if page.text.startswith("{"):
        return page.json().get("code")
    return page.text.partition("<h1")[2].partition("</h1>")[0].partition(">")[2] or page.location or ""


class Arena:
    """One stack with everything that attacks use."""

    def __init__(self, *options, ads=3, advertisers=3, data=None):
        size = {"ads": ads, "advertisers": advertisers}
        with STARTING:
            self.port = free_ports()
            self.stack = Stack("--tenant", "Second Tenant", *options, port=self.port, data=data, **size)
        self.api, self.demo = self.stack.api, self.stack.demo
        self.mailbox = self.stack.addresses["mailbox"]
        self.return_url = self.stack.return_url
        self.platform = Platform(origin(self.stack.addresses["sandbox"]))
        self.one, self.two = (Tenant(self, key) for key in self.stack.keys)
        self.people, self.patience, self.live = 0, PATIENCE, []

    def __enter__(self):
        return self

    def __exit__(self, failed, *how):
        with self.stack:
            if failed is None:
                self.platform.prove()

    def calm(self):
        """Ends the edits and jobs of an attack, so that the edits of the next attack meet only its own jobs."""
        self.platform.behave()
        while self.live:
            tenant, connection = self.live.pop()
            tenant.send("DELETE", f"/v1/connections/{connection}")

    def end_user(self):
        self.people += 1
        return f"person-{self.people}"

    def flow(self, tenant=None, browser=None, **more):
        return Flow(self, tenant or self.one, self.end_user(), browser, **more)

    def connected(self, advertiser=0, **more):
        """Makes a new active connection with one account of the platform; returns flow, connection, account."""
        flow = self.flow(**more)
        active = flow.connect(advertiser=[self.platform.advertisers()[advertiser]])
        return flow, active["id"], active["accounts"][0]["id"]

    def mails(self, address=None):
        mails = send("GET", f"{self.mailbox}.json").json()
        return [mail for mail in mails if address is None or address in mail["to"]]

    def table(self, action, **body):
        """Calls the tables as the operator of this machine may."""
        headers = {"content-type": "application/x-amz-json-1.0", "x-amz-target": f"DynamoDB_20120810.{action}"}
        page = send("POST", self.listeners()["tables"], headers | SIGNED, json.dumps(body))
        if page.status != 200:
            raise RuntimeError(f"{action} answered {page.status}: {page.text[:200]}")
        return page.json()

    def listeners(self):
        """Lists every listener of the runner, in the order of their ports."""
        names = ["api", "sandbox", "demo", "tables", "services"]
        return {name: f"http://127.0.0.1:{self.port + place}" for place, name in enumerate(names)}

    def until(self, holds, what):
        """Waits for an expected result and returns it. `what` names it, or is a function that says what came instead."""
        end = time.monotonic() + self.patience
        while time.monotonic() < end:
            seen = holds()
            if seen:
                return seen
            time.sleep(0.2)
        expect(False, f"it never came: {what() if callable(what) else what}")


def free_ports(count=5):
    """Returns the first of some neighbouring ports that are all free."""
    for _ in range(50):
        first = 20_000 + random.randrange(12_000)
        taken = []
        try:
            for port in range(first, first + count):
                taken.append(socket.create_server(("127.0.0.1", port)))
            return first
        except OSError:
            continue
        finally:
            for one in taken:
                one.close()
    raise RuntimeError("no neighbouring free ports")


def origin(url):
    parts = urllib.parse.urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def ended(arena, page):
    """Returns the word with which a page sends the person back to the product: by a redirect, or by a link."""
    for address in filter(None, [page.location, *page.links()]):
        if address.startswith(arena.return_url):
            return parameters(address).get("error")
    return None
