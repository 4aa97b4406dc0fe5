"""Verifies the deliveries of a running stack with the stock library of Standard Webhooks, and that it takes no forgery.

    python3 -m venv target/webhooks-venv
    target/webhooks-venv/bin/pip install -r tests/webhooks/requirements.txt
    cargo build --bin mooring
    target/webhooks-venv/bin/python tests/webhooks/verify.py target/debug/mooring
"""

import http.client
import http.server
import json
import os
import queue
import random
import re
import subprocess
import sys
import tempfile
import threading
import urllib.parse

from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

PATIENCE = 300
FORGERIES = 1000


class Receiver(http.server.BaseHTTPRequestHandler):
    """A customer's server: passes calls on, and answers with the given statuses."""

    came: "queue.Queue[tuple[dict, bytes]]" = queue.Queue()
    answers: "list[int]" = []

    def do_POST(self):  # noqa: N802, the library's own name
        body = self.rfile.read(int(self.headers["content-length"]))
        status = Receiver.answers.pop(0) if Receiver.answers else 204
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()
        Receiver.came.put(({name.lower(): value for name, value in self.headers.items()}, body))

    def log_message(self, *_):
        """Logs nothing."""


def started(binary, folder):
    """Starts a stack and returns the process, the API's address and a key."""
    process = subprocess.Popen(
        [os.path.abspath(binary), "--ephemeral", "--port", "0", "--ads", "3", "--advertisers", "1"],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )
    found = {}
    for line in process.stdout:
        if match := re.match(r"\s+(api|api key)\s{2,}(\S+)$", line):
            found[match[1]] = match[2]
        if len(found) == 2:
            threading.Thread(target=process.stdout.read, daemon=True).start()
            return process, found["api"], found["api key"]
    raise SystemExit("the stack did not start")


class Api:
    """The product's side of the API."""

    def __init__(self, origin, key):
        self.at, self.key = urllib.parse.urlsplit(origin).netloc, key

    def post(self, path, body=None):
        """Makes a POST that has to end in a 2xx with JSON."""
        connection = http.client.HTTPConnection(self.at, timeout=PATIENCE)
        headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
        connection.request("POST", path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        if not 200 <= answer.status < 300:
            raise SystemExit(f"{path}: {answer.status} {text}")
        return json.loads(text)


def refused(secret, body, headers):
    """Returns whether the library refuses."""
    try:
        Webhook(secret).verify(body, headers)
    except WebhookVerificationError:
        return True
    return False


def forge(seed, secret, headers, body):
    """Changes one thing at a time, and counts the refusals; the library has to refuse every change."""
    chance = random.Random(seed)
    signature = headers["webhook-signature"]
    for number in range(FORGERIES):
        changed, text, key = dict(headers), bytearray(body), secret
        match number % 5:
            case 0:
                at = chance.randrange(len(text))
                text[at] = (text[at] + 1 + chance.randrange(90)) % 127
            case 1:
                changed["webhook-id"] = f"evt_{chance.getrandbits(100):x}"
            case 2:
                changed["webhook-timestamp"] = str(int(headers["webhook-timestamp"]) + chance.choice([-1, 1]) * chance.randrange(1, 10**6))
            case 3:
                at = chance.randrange(3, len(signature) - 2)
                other = chance.choice([char for char in "ABCDabcd0123+/" if char != signature[at]])
                changed["webhook-signature"] = signature[:at] + other + signature[at + 1 :]
            case _:
                key = "whsec_" + "".join(chance.choice("ABCDabcd0123") for _ in range(43)) + "="
        if not refused(key, bytes(text).decode("latin-1"), changed):
            raise SystemExit(f"a forgery was taken: kind {number % 5}, seed {seed}")
    return FORGERIES


def main(binary):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        process, origin, key = started(binary, folder)
        try:
            verify(Api(origin, key), f"http://127.0.0.1:{server.server_port}/hooks?token=t")
        finally:
            process.terminate()
            process.wait(PATIENCE)


def verify(api, url):
    made = api.post("/v1/webhook-endpoints", {"url": url})
    test = f"/v1/webhook-endpoints/{made['id']}/test"
    # The first try fails; the second brings the same event with a new timestamp and signature.
    Receiver.answers.append(500)
    api.post(test)
    first, second = (Receiver.came.get(timeout=PATIENCE) for _ in range(2))
    for headers, body in (first, second):
        event = Webhook(made["secret"]).verify(body.decode(), headers)
        assert event["type"] == "webhook.test" and set(event) == {"type", "timestamp", "data"}, event
    assert first[0]["webhook-id"] == second[0]["webhook-id"] and first[1] == second[1]
    new = api.post(f"/v1/webhook-endpoints/{made['id']}/rotate-secret")["secret"]
    api.post(test)
    headers, body = Receiver.came.get(timeout=PATIENCE)
    for secret in (made["secret"], new):
        Webhook(secret).verify(body.decode(), headers)
    seed = random.randrange(2**32)
    forged = forge(seed, made["secret"], *first)
    print(f"standardwebhooks (Python): 3 deliveries verified, one of them by two secrets; {forged} forgeries refused (seed {seed})")


if __name__ == "__main__":
    main(sys.argv[1])
