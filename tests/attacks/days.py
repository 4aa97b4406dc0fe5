"""Attacks that need days: the stack is started again with a clock that runs, on what it kept."""

import json
import os
import tempfile

from arena import TIKTOK, Arena, put
from book import attack, expect

# A day of the stack in 24 seconds of the wall.
FAST = 3600


@attack("renamed", "an advertiser that is renamed after the connect is called by its new name within days")
def renamed(arena):
    new_name = "Renamed Outdoor"
    rule = {"match": {"path": f"{TIKTOK}/advertiser/info/"}, "edit": {"json": [put("/data/list/*/name", new_name)]}}
    with tempfile.TemporaryDirectory() as folder:
        kept, rules = os.path.join(folder, "state"), os.path.join(folder, "rules.json")
        with open(rules, "w") as file:
            json.dump([rule], file)
        with Arena(ads=1, advertisers=1, data=kept) as before:
            _, connection, _ = before.connected()
            expect(name(before, connection) != new_name, "the new name is there already")
        with Arena("--time-scale", str(FAST), "--edits", rules, ads=1, advertisers=1, data=kept) as later:
            later.patience = arena.patience
            called = lambda: name(later, connection)  # noqa: E731
            later.until(lambda: called() == new_name, lambda: f"the new name; it is {called()}")


def name(arena, connection):
    return arena.one.get(f"/v1/connections/{connection}")["accounts"][0]["name"]
