"""A browser: keeps the cookies of each host, reads pages and their forms, sends what a person would send.

The browser follows nothing by itself: an attack chooses the next step, its browser, and its changes.
"""

import html.parser
import http.client
import json
import time
import urllib.parse
from dataclasses import dataclass, field

# Only a request whose answer never comes ends by this time.
PATIENCE = 600
# The gateway's answer in place of a function that takes longer than its 30 seconds.
GAVE_UP = (503, '{"message":"Service Unavailable"}')


@dataclass
class Form:
    action: str
    fields: list = field(default_factory=list)

    def agreed(self, **only):
        """Returns the fields of a person who agrees; `only` names the values of a field that stay."""
        kept = [(name, value) for name, value in self.fields if value not in ("deny", "cancel")]
        return [(name, value) for name, value in kept if name not in only or value in only[name]]

    def values(self, name):
        return [value for known, value in self.fields if known == name]


class Reader(html.parser.HTMLParser):
    """The forms and links of a page. A person cannot send a disabled field."""

    def __init__(self, text):
        super().__init__()
        self.forms, self.links = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        if tag == "form":
            self.forms.append(Form(named.get("action") or ""))
        elif tag == "a" and named.get("href"):
            self.links.append(named["href"])
        elif tag in ("input", "button") and self.forms and named.get("name") and "disabled" not in named:
            self.forms[-1].fields.append((named["name"], named.get("value") or ""))


@dataclass
class Page:
    url: str
    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def gave_up(self):
        return (self.status, self.text) == GAVE_UP

    @property
    def location(self):
        to = self.headers.get("location")
        return to and urllib.parse.urljoin(self.url, to)

    def form(self, containing=""):
        for form in Reader(self.text).forms:
            if not containing or form.values(containing):
                form.action = urllib.parse.urljoin(self.url, form.action or self.url)
                return form
        raise LookupError(f"{path(self.url)} answered {self.status} without a form of {containing or 'any kind'}")

    def links(self):
        return [urllib.parse.urljoin(self.url, link) for link in Reader(self.text).links]

    def json(self):
        return json.loads(self.text)


def path(url):
    """Returns an address without the parts that may hold a secret."""
    return urllib.parse.urlsplit(url).path


def parameters(url):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query, keep_blank_values=True))


def send(method, url, headers=(), body=None):
    """Sends a request exactly as given, and follows nothing. Repeats a GET on which the gateway gave up."""
    ask = lambda: once(method, url, headers, body)  # noqa: E731
    return insist(ask) if method == "GET" else ask()


def insist(ask):
    """Asks until the gateway waits for the answer: that the machine is busy is no verdict. Of a gateway that always gives
    up, returns the last answer."""
    until = time.monotonic() + PATIENCE
    while (page := ask()).gave_up and time.monotonic() < until:
        continue
    return page


def once(method, url, headers, body):
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body, dict(headers))
        answer = connection.getresponse()
        return Page(url, answer.status, answer.headers, answer.read().decode(errors="replace"))
    finally:
        connection.close()


class Browser:
    def __init__(self):
        self.cookies = {}

    def get(self, url, method="GET", **headers):
        return self._send(method, url, headers, None)

    def post(self, url, fields, **headers):
        parts = urllib.parse.urlsplit(url)
        said = {
            "content-type": "application/x-www-form-urlencoded",
            "origin": f"{parts.scheme}://{parts.netloc}",
            "sec-fetch-site": "same-origin",
        }
        return self._send("POST", url, said | headers, urllib.parse.urlencode(fields))

    def _send(self, method, url, headers, body):
        jar = self.cookies.setdefault(urllib.parse.urlsplit(url).hostname, {})
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if jar:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
        page = send(method, url, headers, body)
        for cookie in page.headers.get_all("set-cookie") or []:
            pair, *rest = cookie.split(";")
            name, _, value = pair.partition("=")
            if not value or any(part.strip().lower() == "max-age=0" for part in rest):
                jar.pop(name.strip(), None)
            else:
                jar[name.strip()] = value
        return page
