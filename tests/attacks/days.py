"""Attacks that need time to pass: each starts the stack again with a quicker clock, on its stored data."""

import json
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime

from arena import TIKTOK, Arena, put
from book import attack, expect
from browser import insist
from deletions import ask

# How much faster than the wall the clock runs: a day in 24 seconds, a quarter of an hour in four.
DAYS, HOURS = 3600, 240


@contextmanager
def kept(arena):
    """Makes a folder and starts of a stack on it: the first at the wall's pace, further ones as the options say."""
    with tempfile.TemporaryDirectory() as folder:

        def start(*options):
            own = Arena(*options, ads=1, advertisers=1, data=os.path.join(folder, "state"))
            own.patience = arena.patience
            return own

        yield folder, start


@attack("renamed", "an advertiser that is renamed after the connect is called by its new name within days")
def renamed(arena):
    new_name = "Renamed Outdoor"
    rule = {"match": {"path": f"{TIKTOK}/advertiser/info/"}, "edit": {"json": [put("/data/list/*/name", new_name)]}}
    with kept(arena) as (folder, start):
        rules = os.path.join(folder, "rules.json")
        with open(rules, "w") as file:
            json.dump([rule], file)
        with start() as before:
            _, connection, _ = before.connected()
            expect(name(before, connection) != new_name, "the new name is there already")
        with start("--time-scale", str(DAYS), "--edits", rules) as later:
            called = lambda: name(later, connection)  # noqa: E731
            later.until(lambda: called() == new_name, lambda: f"the new name; it is {called()}")


def name(arena, connection):
    return arena.one.get(f"/v1/connections/{connection}")["accounts"][0]["name"]


@attack("A2", "a flood for one address is a mail a quarter of an hour at the most, and nobody's request is lost by it")
def flood(arena):
    flooded, others = "flooded@mailbox.example", [f"other-{number}@mailbox.example" for number in range(3)]
    with kept(arena) as (_, start):
        with start() as before:
            for address in [flooded, *others]:
                before.connected(end_user_email=address)
        with start("--time-scale", str(HOURS)) as later:
            with ThreadPoolExecutor(32) as pool:
                answers = {page.status for page in pool.map(lambda to: insist(lambda: ask(later, to)), [flooded] * 29 + others)}
            expect(answers == {202}, f"the flood was answered {answers}: a request was lost, or told apart")
            for address in [flooded, *others]:
                later.until(lambda: later.mails(address), "a mail to each address that asked")
            # Measured by the stack's own clock: the length of the flood does not matter.
            sent = [datetime.fromisoformat(mail["sent_at"][:19]) for mail in later.mails(flooded)]
            gaps = [(after - before).total_seconds() / 60 for before, after in zip(sent, sent[1:])]
            # Ten of the fifteen minutes: the delay of a queue must not count.
            expect(all(gap > 10 for gap in gaps), f"mails to one address came after {min(gaps, default=0):.0f} minutes")


# A Kelvin sign, two long s, a full-width x: each folds to the ASCII letter in some program.
LOOK_ALIKES = [
    "\u212aiss@mailbox.example",
    "ki\u017fs@mailbox.example",
    "kis\u017f@mailbox.example",
    "kiss@mailbox.e\uff58ample",
]


@attack("A3", "no look-alike of an address gets the mail of the real one")
def look_alikes(arena):
    real = "kiss@mailbox.example"
    with kept(arena) as (_, start):
        with start() as before:
            before.connected(end_user_email=real)
        with start("--time-scale", str(HOURS)) as later:
            for alike in LOOK_ALIKES:
                answer = ask(later, alike)
                expect(answer.status in (202, 400), f"{alike!a} is answered {answer.status}")
            ask(later, "KISS@Mailbox.EXAMPLE")
            later.until(lambda: later.mails(real), "the mail to the address as it is written in ASCII")
            reached = {to for mail in later.mails() for to in mail["to"]}
            expect(reached == {real}, f"mails went to {sorted(reached - {real})!a}")
