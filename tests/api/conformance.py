"""Holds the running API against its description with schemathesis: all checks, all phases, two tenants.

    python3 -m venv target/api-venv
    target/api-venv/bin/pip install -r tests/api/requirements.txt
    target/api-venv/bin/python tests/api/conformance.py [--examples N] [--seed N]

Starts the local runner, keeps live connections in both tenants while operations disconnect them, and fails on any
failed check and on a 429, behind which a result could hide. Prints the operations that have fewer cases than asked for.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from pathlib import Path

from stack import BUSY, PATIENCE, Refused, Stack

HERE = Path(__file__).resolve().parent
# Operations that schemathesis never calls, because it has their answers already.
DESCRIPTION = "GET /openapi.json"
# Live connections of each tenant while the run goes on.
LIVE = 4


class Keeper(threading.Thread):
    """Connects again whenever a tenant has too few live connections."""

    def __init__(self, stack):
        super().__init__(daemon=True)
        self.stack, self.ended = stack, threading.Event()
        self.people, self.made, self.skipped = 0, 0, 0
        self.failed = None

    def run(self):
        try:
            while not self.ended.wait(0.5):
                self.fill()
        except Exception as error:
            self.failed = error

    def fill(self):
        """Fills up both tenants and returns `True`. A busy stack's refusal ends the round, and the next one goes on."""
        try:
            for key in self.stack.keys:
                page = self.stack.need(200, key, "GET", "/v1/connections?limit=100")
                live = sum(one["state"] == "active" for one in page["connections"])
                for _ in range(LIVE - live):
                    self.people += 1
                    self.stack.connect(key, f"person-{self.people}")
                    self.made += 1
        except Refused as refused:
            if refused.status not in BUSY:
                raise
            self.skipped += 1
            return False
        return True


def prepare(stack, keeper, folder):
    """Makes connections and one deletion in each tenant; returns the file with the credentials, and the public codes."""
    end = time.monotonic() + PATIENCE
    while not keeper.fill():
        if time.monotonic() > end:
            raise SystemExit(f"the stack refused to connect for {PATIENCE} s")
        time.sleep(0.5)
    codes = []
    for key in stack.keys:
        page = stack.need(200, key, "GET", "/v1/connections")
        deletion = stack.need(202, key, "DELETE", f"/v1/connections/{page['connections'][0]['id']}")
        codes.append(deletion["status_url"].rsplit("/", 1)[1])
    header = lambda key: [{"name": "Authorization", "value": f"Bearer {key}"}]
    users = [{"name": f"tenant-{at}", "fixedHeaders": header(key)} for at, key in enumerate(stack.keys)]
    file = folder / "auth.json"
    file.write_text(json.dumps({"auth": users}))
    return file, codes


def run(stack, auth, codes, report, arguments):
    command = [
        Path(sys.executable).with_name("schemathesis"),
        f"--config-file={HERE / 'schemathesis.toml'}",
        "run",
        f"{stack.api}/openapi.json",
        f"--auth-wfc={auth}",
        f"--seed={arguments.seed}",
        f"--max-examples={arguments.examples}",
        f"--report-ndjson-path={report}",
        "--no-color",
        *arguments.more,
    ]
    environment = {
        **os.environ,
        "MOORING_KNOWN": json.dumps({"return_url": stack.return_url, "codes": codes}),
        "PYTHONPATH": str(HERE),
    }
    return subprocess.run(command, env=environment, cwd=report.parent).returncode


def count(report):
    """Counts the cases of each operation in the fuzzing phase, all requests, and those refused for their number.

    The limit of a sync that is asked for is the account's own, and no sign that the run met the limits of its keys.
    """
    cases, requests, refused = Counter(), 0, 0
    with report.open() as lines:
        for line in lines:
            scenario = json.loads(line).get("ScenarioFinished")
            if not scenario or not scenario.get("recorder"):
                continue
            recorder = scenario["recorder"]
            answers = [one.get("response") or {} for one in recorder.get("interactions", {}).values()]
            requests += len(answers)
            if not recorder["label"].endswith("/sync"):
                refused += sum(answer.get("status_code") == 429 for answer in answers)
            if str(scenario.get("phase")).lower().endswith("fuzzing"):
                cases[recorder["label"]] += len(recorder.get("cases", ()))
    return cases, requests, refused


def described(stack):
    """Lists every operation of the description, named as schemathesis names it."""
    with urllib.request.urlopen(f"{stack.api}/openapi.json") as answer:
        paths = json.load(answer)["paths"]
    methods = ("get", "post", "put", "patch", "delete")
    return {f"{method.upper()} {path}" for path, item in paths.items() for method in item if method in methods}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=300)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("more", nargs="*", help="passed on to schemathesis")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder, Stack("--tenant", "Quay Books") as stack:
        folder, keeper = Path(folder), Keeper(stack)
        auth, codes = prepare(stack, keeper, folder)
        operations = described(stack)
        report = folder / "report.ndjson"
        keeper.start()
        code = run(stack, auth, codes, report, arguments)
        keeper.ended.set()
        keeper.join()
        cases, requests, refused = count(report)
    for operation, number in sorted(cases.items()):
        print(f"{number:6}  {operation}")
    print(f"{requests} requests, {keeper.made} connections made meanwhile, {keeper.skipped} rounds cut short, {refused} answers 429")
    if keeper.failed:
        print(f"connecting failed: {keeper.failed!r}")
    few = [f"{operation} ({number})" for operation, number in cases.items() if number < arguments.examples]
    if few:
        print(f"fewer than {arguments.examples} examples were found for {', '.join(sorted(few))}")
    none = operations - cases.keys() - {DESCRIPTION}
    if none:
        print(f"never asked: {', '.join(sorted(none))}")
    return code or bool(keeper.failed) or refused > 0 or bool(none)


if __name__ == "__main__":
    sys.exit(main())
