"""Attacks by the platform: single answers that are odd, wrong, refused or late; the rest has to stay right."""

import csv
import io
import json
import urllib.parse
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from arena import REPORT, TIKTOK, connects, put, said
from book import attack, expect
from browser import parameters

INFO = f"{TIKTOK}/advertiser/info/"
# The levels with the platform's names of their ids.
LEVELS = {"account": "advertiser_id", "campaign": "campaign_id", "ad_group": "adgroup_id", "ad": "ad_id"}
# The statuses of a day under which all of its rows are here.
HERE = ("complete", "provisional")


def today():
    """Returns today's date in the zone of the platform's largest account, Berlin."""
    return datetime.now(ZoneInfo("Europe/Berlin")).date()


def of(level, **more):
    """Returns a match for calls for the figures of one level. It matches the ids' names: the words for levels begin alike."""
    return {"dimensions": f'"{LEVELS[level]}"'} | more


def shown(statuses):
    """Writes the days' statuses, oldest first, without their days."""
    return ", ".join(status for _, status in sorted(statuses.items()))


class Reading:
    """A connection of one account, and the answers about its first week."""

    def __init__(self, arena):
        self.arena = arena
        self.flow, self.connection, self.account = arena.connected()

    def report(self, level, accept="application/json", **more):
        first = today() - timedelta(days=6)
        asked = {"connection_id": self.connection, "account_id": self.account, "level": level}
        query = urllib.parse.urlencode(asked | {"from": first, "to": today()} | more)
        return self.arena.one.send("GET", f"/v1/reports?{query}", accept=accept)

    def statuses(self, level):
        page = self.report(level, limit=1)
        expect(page.status == 200, f"the report of level {level} answers {page.status} {said(page)}")
        word = lambda day: ":".join(filter(None, [day["status"], day["reason"]]))  # noqa: E731
        return {date.fromisoformat(day["day"]): word(day) for day in page.json()["completeness"]}

    def settled(self, level):
        """Waits until every day of the week has a status; returns the statuses."""

        def known():
            statuses = self.statuses(level)
            return "not_fetched" not in statuses.values() and statuses

        return self.arena.until(known, f"any word on the days of level {level}")

    def here(self, level, but=()):
        """Waits until every day is here, except the days that are left out."""

        def complete():
            statuses = self.statuses(level)
            return all(status in HERE for day, status in statuses.items() if day not in but)

        self.arena.until(complete, lambda: f"the days of level {level}; now {shown(self.statuses(level))}")

    def state(self):
        return self.arena.one.get(f"/v1/connections/{self.connection}")["state"]


def refusal(code, message):
    """Makes a refusal in the platform's own form."""
    return {"code": code, "message": message, "request_id": "1", "data": {}}


def offered(arena):
    """Opens the choice of accounts; returns the flow, its page, and how many accounts can be chosen."""
    flow = arena.flow()
    page = flow.browser.get(flow.consent())
    on = page.status == 303 and "error" not in parameters(page.location)
    expect(on, f"no account can be connected: {page.status} {said(page)}")
    page = flow.browser.get(page.location)
    return flow, page, len(page.form("account").values("account"))


@attack("one bad item", "a batch refused for one id is asked again in parts: the others are connected")
def one_bad_id(arena):
    bad = arena.platform.advertisers()[1]
    message = f"The advertiser {bad} doesn't exist or has been deleted."
    rule = arena.platform.answer(INFO, refusal(40001, message), query={"advertiser_ids": bad})
    flow, page, count = offered(arena)
    expect(arena.platform.edited(rule) > 1, "the batch was not asked again")
    expect(count == 2, f"{count} of the two good accounts are offered")
    done = flow.choose(page)
    active = flow.tenant.activate(done.location, flow.end_user)
    expect(len(active["accounts"]) == 2, f"{len(active['accounts'])} accounts are connected")


def odd_item(field, value, offers):
    """`offers`: how many of the three accounts can be chosen. The page shows the others too."""
    fields = ["timezone", "display_timezone"] if field == "zone" else [field]

    def run(arena):
        arena.platform.edit_json(INFO, *[put(f"/data/list/1/{name}", value) for name in fields])
        flow, page, count = offered(arena)
        expect(count in offers, f"{count} accounts can be chosen")
        shown = arena.platform.advertisers()[1] in page.text
        expect(count == 3 or shown, "the account that cannot be used is not shown")
        done = flow.choose(page)
        expect(connects(done), f"the choice answered {done.status} {said(done)}")

    fate = "is read" if offers == [3] else "takes only itself out of the list"
    attack("one bad item", f"an account with the {field} {json.dumps(value)} {fate}")(run)


for odd in (None, "", "USDT"):
    odd_item("currency", odd, [2])
odd_item("currency", "usd", [3])
for odd in (None, "", "moon"):
    odd_item("zone", odd, [2])
for odd in ("GMT+8", "+08:00"):
    odd_item("zone", odd, [3])
# A zone that people use and tz data lacks: Mooring may know it or leave it out, and the other accounts lose nothing.
odd_item("zone", "Asia/Beijing", [2, 3])
odd_item("name", None, [3])
odd_item("name", 4711, [3])


@attack("decoration", "an ad list that fails for ever stops no figures of any level")
def no_names(arena):
    arena.platform.answer(f"{TIKTOK}/ad/get/", refusal(50000, "Internal error"))
    reading = Reading(arena)
    for level in LEVELS:
        reading.here(level)
    rows = reading.report("ad", group_by="entity").json()["rows"]
    expect(rows, "no row of level ad")


@attack("passing disorder", "a row that comes twice in one answer counts once")
def row_twice(arena):
    calm = Reading(arena)
    calm.here("ad")
    wanted = calm.report("ad", group_by="none").json()["totals"]
    double = {"op": "copy", "from": "/data/list/0", "at": "/data/list/-"}
    arena.platform.edit_json(REPORT, double, query=of("ad"))
    reading = Reading(arena)
    reading.here("ad")
    # Today's figures grow while the attack reads them; impressions of settled days do not.
    for day in (today() - timedelta(days=4), today() - timedelta(days=5)):
        one, other = (one.report("ad", **{"from": day, "to": day}).json()["totals"] for one in (calm, reading))
        expect(one == other, f"{day}: {other} where {one} is right")
    expect(wanted, "no totals at all")


def odd_row(what, *changes):
    @attack("passing disorder", f"one row with {what} costs its own day a reason, not the window")
    def run(arena):
        arena.platform.edit_json(REPORT, *changes, query=of("ad"))
        reading = Reading(arena)
        statuses = reading.settled("ad")
        odd = [status for status in statuses.values() if status not in HERE]
        expect(odd == ["partial:odd_rows"], f"not one day has a reason: {shown(statuses)}")
        for level in ("account", "campaign", "ad_group"):
            reading.here(level)


odd_row("seven decimals", put("/data/list/0/metrics/spend", "1.2345678"))
odd_row("a float", put("/data/list/0/metrics/spend", 0.1234567))
odd_row("null metrics", put("/data/list/0/metrics", None))


@attack("passing disorder", "a page without `total_page` that is short is the last")
def no_total_page(arena):
    arena.platform.edit_json(REPORT, {"op": "remove", "at": "/data/page_info/total_page"})
    reading = Reading(arena)
    for level in LEVELS:
        reading.here(level)


def spent(arena, level, days, **asked):
    """Makes the platform answer for a level that one object spent an amount on each of some days, and on no other day."""
    thing = arena.platform.advertisers()[0] if level == "account" else "1700000000000000001"
    rows = [
        {
            "dimensions": {LEVELS[level]: thing, "stat_time_day": f"{day} 00:00:00"},
            "metrics": {"spend": spend, "impressions": "100", "clicks": "1", "conversion": "0"},
        }
        for day, spend in days.items()
    ]
    arena.platform.edit_json(REPORT, put("/data/list", rows), query=of(level, **asked))


@attack("passing disorder", "the open day is never partial because its total moves between two questions")
def moving_total(arena):
    yesterday, open_day = str(today() - timedelta(days=1)), str(today())
    for level in LEVELS:
        days = {yesterday: "5.00", open_day: "1.00"} if level == "account" else {yesterday: "5.01", open_day: "1.01"}
        spent(arena, level, days, end_date=open_day)
        # Mooring asks again by itself for figures that differ.
        spent(arena, level, {yesterday: days[yesterday]}, start_date=yesterday, end_date=yesterday)
    reading = Reading(arena)
    reading.settled("ad")
    statuses = {str(day): status for day, status in reading.settled("campaign").items()}
    # A closed day does not move: the status `partial` shows that Mooring compares totals.
    closed = statuses[yesterday]
    expect(closed == "partial:totals_differ", f"the day before is {closed}: totals are not held against each other")
    expect(statuses[open_day] == "provisional", f"today is {statuses[open_day]}")


def code_first(body, status, word):
    """`word`: `passing`, `ended` (the connection knows), or the reason that the days get."""

    @attack("the code first", f"{json.dumps(body)} with status {status} is understood as {word}")
    def run(arena):
        times = {"times": 2} if word == "passing" else {}
        arena.platform.answer(REPORT, {"message": "Something odd.", "data": {}} | body, status, **times)
        reading = Reading(arena)
        if word == "passing":
            reading.here("account")
        elif word == "ended":
            known = lambda: reading.state() in ("suspect", "needs_reauth")  # noqa: E731
            arena.until(known, lambda: f"a connection that knows of its ended grant; it is {reading.state()}")
        else:
            named = lambda: f"failed:{word}" in reading.statuses("account").values()  # noqa: E731
            arena.until(named, lambda: f"the reason; the days are {shown(reading.statuses('account'))}")


code_first({"code": 40105, "request_id": None}, 200, "ended")
code_first({"code": "40105", "request_id": "1"}, 200, "ended")
code_first({"code": 40105, "request_id": "1"}, 401, "ended")
code_first({"code": 40100, "request_id": None}, 200, "passing")
# The platform's word for a code that it does not take: only a new grant can mend it.
code_first({"code": 40110, "request_id": None}, 200, "reauthorise")
code_first({"code": "40100", "request_id": "1"}, 200, "passing")
code_first({"code": 40100, "request_id": "1"}, 400, "passing")


@attack("not offered", "a metric that the platform refuses is marked; all others are read")
def refused_metric(arena):
    refused = "total_complete_payment_rate"
    answer = refusal(40002, f"Invalid metric fields: ['{refused}']")
    arena.platform.answer(REPORT, answer, query={"metrics": refused})
    reading = Reading(arena)
    for level in LEVELS:
        reading.here(level)
    totals = reading.report("account", group_by="none").json()["totals"]
    expect(totals["spend"]["amount_micros"] > 0, "no spend was read")


@attack("not offered", "spend that belongs to no campaign is unattributed, not incomplete")
def unattributed(arena):
    lifted = put("/data/list/*/metrics/spend", "99999.00")
    arena.platform.edit_json(REPORT, lifted, query=of("account"))
    reading = Reading(arena)
    for level in LEVELS:
        reading.here(level)
    spent = {row["day"] for row in reading.report("account", group_by="day").json()["rows"]} - {str(today())}
    expect(spent, "no closed day of the week has spend")
    for level in LEVELS:
        said = {day["day"] for day in reading.report(level, limit=1).json()["completeness"] if day["unattributed"]}
        wanted = set() if level == "account" else spent
        expect(said == wanted, f"level {level}: unattributed are {sorted(said)}, not {sorted(wanted)}")


@attack("freshness", "an account whose newest days are refused is not synced, whatever older days were read")
def stale(arena):
    arena.platform.answer(REPORT, refusal(50000, "Internal error"), query={"end_date": str(today())})
    reading = Reading(arena)
    older = {"from": today() - timedelta(days=20), "to": today() - timedelta(days=10)}

    def arrived():
        days = reading.report("account", limit=1, **older).json()["completeness"]
        return all(day["status"] in HERE for day in days)

    arena.until(arrived, "older windows")
    account = arena.one.get(f"/v1/connections/{reading.connection}")["accounts"][0]
    expect(not account.get("last_synced_at"), f"it says synced at {account.get('last_synced_at')}")


@attack("endless", "pages of rows that nobody can use are followed twenty times, and not for ever")
def unusable_pages(arena):
    nobody = {"dimensions": {"ad_id": "1", "stat_time_day": f"{today()} 00:00:00"}, "metrics": {"spend": "x"}}
    rule = arena.platform.answer(REPORT, {"code": 0, "message": "OK", "data": {"list": [nobody] * 1_000}}, query=of("ad"))
    reading = Reading(arena)
    reading.here("account")
    # The attempts of a job, each twenty pages; one question used to be followed for five hundred.
    arena.until(lambda: arena.platform.edited(rule) >= 20, "the first pages of level ad")
    reading.settled("ad")
    expect(arena.platform.edited(rule) <= 200, f"{arena.platform.edited(rule)} pages were asked for")


@attack("endless", "a grant whose scopes have no end is refused, and ended")
def endless_scopes(arena):
    # Connections of earlier attacks may still be ending.
    counted = []

    def steady():
        counted.append(arena.platform.living())
        return len(counted) > 10 and len(set(counted[-10:])) == 1

    arena.until(steady, "an end of earlier grants")
    living = counted[-1]
    scopes = [100, 200, 210, 220, 44, *range(1_000, 60_000)]
    arena.platform.edit_json(f"{TIKTOK}/oauth2/access_token/", put("/data/scope", scopes))
    flow = arena.flow()
    page = flow.browser.get(flow.consent())
    expect("error=failed" in (page.location or ""), f"the callback answered {page.status} {page.location}")
    expect(arena.platform.living() == living, f"{arena.platform.living()} grants live where {living} did")


@attack("our set-up", "a wrong app at a sync is `setup` in the report, and no end of the connection")
def setup_at_sync(arena):
    message = "The app_id is inconsistent with the token's app information"
    arena.platform.answer(REPORT, refusal(40000, message))
    reading = Reading(arena)
    found = lambda: "failed:setup" in reading.statuses("account").values()  # noqa: E731
    arena.until(found, lambda: f"the word setup; the days are {shown(reading.statuses('account'))}")
    expect(reading.state() == "active", f"the connection is {reading.state()}")


@attack("dropped", "answers that end in the middle, or never come, are asked again")
def dropped(arena):
    arena.platform.edit(REPORT, {"drop": True}, times=1)
    arena.platform.edit(REPORT, {"truncate": 40, "drop": True}, **{"from": 3}, times=1)
    arena.platform.edit(REPORT, {"truncate": 40}, **{"from": 5}, times=1)
    reading = Reading(arena)
    for level in LEVELS:
        reading.here(level)


@attack("CSV", "no cell of a report begins like a formula, whatever the platform's things are called")
def formulas(arena):
    named = {"campaign": "\n=1", "adgroup": "\t=1", "ad": "\uff1d1"}
    for prefix, name in named.items():
        arena.platform.edit_json(f"{TIKTOK}/{prefix}/get/", put(f"/data/list/*/{prefix}_name", name))
    reading = Reading(arena)
    for level, name in zip(list(LEVELS)[1:], named.values()):
        # Names may come after the figures.
        def named_rows():
            page = reading.report(level, group_by="entity", accept="text/csv")
            return page.status == 200 and name.strip() in page.text and parsed(page.text)[1:]

        rows = arena.until(named_rows, f"the name {name!a} of level {level}")
        cells = [cell for row in rows for cell in row]
        dangerous = [cell for cell in cells if formula(cell) and not number(cell)]
        expect(not dangerous, f"cells that a spreadsheet program may run: {dangerous!a}")


def parsed(text):
    return list(csv.reader(io.StringIO(text, newline="")))


def formula(cell):
    return cell.lstrip()[:1] in tuple("=+-@\uff1d\uff0b\uff0d\uff20") and bool(cell.strip())


def number(cell):
    try:
        float(cell)
        return True
    except ValueError:
        return False
