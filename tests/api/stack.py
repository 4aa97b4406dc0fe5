"""The local runner for tests of the API: started on free ports, in memory, with two tenants; and a person with a browser.

Only the standard library: the quickstart runs with it on a plain Python.
"""

import html.parser
import http.client
import json
import os
import re
import signal
import subprocess
import threading
import urllib.parse
from pathlib import Path

PATIENCE = 600
"""How long an answer may take, in seconds: only a broken program needs as long."""
ROOT = Path(__file__).resolve().parents[2]
BUSY = (429, 503)
"""The statuses with which a limit or a gateway that waited too long refuses: the same call may succeed later."""


class Refused(RuntimeError):
    """An answer whose status is not the one that was needed."""

    def __init__(self, what, status, said=""):
        super().__init__(f"{what} answered {status} {said}".strip())
        self.status = status


class Stack:
    """A running stack: addresses and, for each tenant, its API key. It is kept in memory unless a folder is given."""

    def __init__(self, *options, ads=12, advertisers=2, port=0, data=None):
        binary = os.environ.get("MOORING") or built()
        kept = ["--data", data] if data else ["--ephemeral"]
        world = ["--port", port, "--ads", ads, "--advertisers", advertisers]
        command = [binary, *kept, *map(str, world), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        self.addresses, self.tenants, self.keys = {}, [], []
        for line in self.process.stdout:
            word, _, value = line.strip().partition(" ")
            value = value.strip()
            if word == "api" and value.startswith("key"):
                self.keys.append(value.split()[1])
            elif word == "tenant":
                self.tenants.append(value.split()[0])
            elif word in ("demo", "return", "api", "sandbox", "mailbox"):
                self.addresses.setdefault(word, value.split()[0])
            elif word == "Try:":
                break
        self.api, self.demo = self.addresses.get("api"), self.addresses.get("demo")
        if self.api is None:
            raise RuntimeError(f"the runner ended with {self.process.wait()} before it was up")
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    @property
    def return_url(self):
        return f"{self.demo}/connected"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def call(self, key, method, path, body=None):
        """Calls the API; returns the status and the JSON."""
        headers = {"authorization": f"Bearer {key}"}
        if body is not None:
            headers["content-type"] = "application/json"
            body = json.dumps(body)
        status, _, text = send(method, self.api + path, headers, body)
        return status, json.loads(text) if text else None

    def need(self, wanted, key, method, path, body=None):
        """Calls the API and returns the JSON of the answer, which must have the wanted status."""
        status, said = self.call(key, method, path, body)
        if status != wanted:
            raise Refused(f"{method} {path}", status, said)
        return said

    def connect(self, key, end_user):
        """Takes a new person through the pages, activates the connection, and returns its id."""
        asked = {"end_user": end_user, "platform": "tiktok_ads", "return_url": self.return_url}
        session = self.need(201, key, "POST", "/v1/connect-sessions", asked)
        back = Person().connect(session["url"])
        said = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(back).query))
        body = {"code": said["code"], "end_user": end_user}
        self.need(200, key, "POST", f"/v1/connections/{said['connection_id']}/activate", body)
        return said["connection_id"]


def send(method, url, headers=(), body=None):
    """Sends one request and follows no redirect."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


def built():
    """Builds the runner; `MOORING` names a runner that is built already."""
    subprocess.run(["cargo", "build", "--quiet", "--workspace", "--bin", "mooring"], cwd=ROOT, check=True)
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "mooring"


class Forms(html.parser.HTMLParser):
    """The forms of a page: the address of each, and its fields and buttons."""

    def __init__(self, text):
        super().__init__()
        self.forms = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        if tag == "form":
            self.forms.append((named.get("action") or "", []))
        elif tag in ("input", "button") and self.forms and named.get("name"):
            self.forms[-1][1].append((named["name"], named.get("value") or ""))


class Person:
    """A person with a browser of their own: keeps cookies, follows redirects, presses the buttons that agree."""

    def __init__(self):
        self.cookies = {}

    def connect(self, url):
        """Goes from our connect page through the platform and back; returns the product's return URL."""
        page = self.follow("GET", url)
        for _ in range(3):
            action, fields = Forms(page[1]).forms[0]
            agreed = [(name, value) for name, value in fields if value not in ("deny", "cancel")]
            page = self.follow("POST", urllib.parse.urljoin(page[0], action), urllib.parse.urlencode(agreed))
            if "connection_id=" in page[0]:
                return page[0]
        raise RuntimeError(f"the pages end at {urllib.parse.urlsplit(page[0]).path}")

    def follow(self, method, url, form=None):
        for _ in range(10):
            parts = urllib.parse.urlsplit(url)
            if "connection_id=" in parts.query:
                return url, ""
            jar = self.cookies.setdefault(parts.hostname, {})
            headers = {"cookie": "; ".join(f"{name}={value}" for name, value in jar.items())} if jar else {}
            if form is not None:
                origin = f"{parts.scheme}://{parts.netloc}"
                headers |= {"content-type": "application/x-www-form-urlencoded", "origin": origin}
                headers["sec-fetch-site"] = "same-origin"
            status, answered, text = send(method, url, headers, form)
            for cookie in answered.get_all("set-cookie") or []:
                name, value = re.match(r"([^=]+)=([^;]*)", cookie).groups()
                jar[name] = value
            if status not in (302, 303):
                if status != 200:
                    raise Refused(parts.path, status)
                return url, text
            url, method, form = urllib.parse.urljoin(url, answered["location"]), "GET", None
        raise RuntimeError("too many redirects")
