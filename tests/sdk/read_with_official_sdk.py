"""Reads the sandbox with TikTok's own Python SDK, unmodified, and compares the result with plain HTTP.

The SDK is the platform's view of its API: what it can read, the platform's clients can read. It knows nothing of Mooring,
so a mistake that connector and sandbox share shows here.

    python3 -m venv target/sdk-venv
    target/sdk-venv/bin/pip install -r tests/sdk/requirements.txt
    cargo build -p mooring-sandbox
    target/sdk-venv/bin/python tests/sdk/read_with_official_sdk.py target/debug/mooring-sandbox
"""

import datetime
import http.client
import json
import re
import subprocess
import sys
import time
import urllib.parse
from decimal import Decimal

import business_api_client as sdk
from business_api_client.tiktok_business.tiktok_exceptions import TiktokSDKError

APP_ID, SECRET = "7300000000000000001", "sandbox-app-secret"
REDIRECT = "http://127.0.0.1:9/oauth/callback/tiktok_ads/sdk"
SCOPES = ["100", "200", "210", "220", "44"]
METRICS = ["spend", "impressions", "clicks", "conversion", "total_complete_payment_rate"]
# The figures that add up over the levels; the last one is not reported where nothing was bought.
ADDITIVE = METRICS[:4]
LEVELS = {
    "AUCTION_ADVERTISER": ("advertiser_id", None),
    "AUCTION_CAMPAIGN": ("campaign_id", "campaign_status"),
    "AUCTION_ADGROUP": ("adgroup_id", "adgroup_status"),
    "AUCTION_AD": ("ad_id", "ad_status"),
}
# A pace below the sandbox's limit of calls per second and advertiser.
PAUSE = 0.03


def direct(port, method, path, query=None, body=None, token=None, form=None):
    """One plain HTTP call without any of the SDK's code; returns status, headers and text."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Access-Token": token} if token else {}
    payload = None
    if form is not None:
        payload, headers["Content-Type"] = urllib.parse.urlencode(form), "application/x-www-form-urlencoded"
    elif body is not None:
        payload, headers["Content-Type"] = json.dumps(body), "application/json"
    target = path + ("?" + urllib.parse.urlencode(query) if query else "")
    connection.request(method, target, payload, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, answer.headers, text


class Direct:
    """The API as a plain client calls it."""

    def __init__(self, port, token):
        self.port, self.token = port, token

    def get(self, path, **query):
        time.sleep(PAUSE)
        texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in query.items()}
        _, _, text = direct(self.port, "GET", "/open_api/v1.3/" + path, texts, token=self.token)
        answer = json.loads(text)
        if answer["code"] != 0:
            sys.exit(f"plain HTTP: {path} answered {answer['code']}: {answer['message']}")
        return answer["data"]


class Official:
    """The API as the SDK calls it."""

    def __init__(self, port):
        configuration = sdk.Configuration()
        configuration.host = f"http://127.0.0.1:{port}"
        self.client = sdk.ApiClient(configuration)
        self.token = None

    def exchange(self, code):
        body = sdk.Oauth2AccessTokenBody(app_id=APP_ID, secret=SECRET, auth_code=code)
        self.token = data(sdk.AuthenticationApi(self.client).oauth2_access_token(body=body))["access_token"]

    def advertisers(self):
        return data(sdk.AuthenticationApi(self.client).oauth2_advertiser_get(APP_ID, SECRET, self.token))["list"]

    def info(self, ids):
        return data(sdk.AccountManagementApi(self.client).advertiser_info(ids, self.token))["list"]

    def campaigns(self, advertiser, **paging):
        every = sdk.FilteringCampaignGet(secondary_status="CAMPAIGN_STATUS_ALL")
        return data(sdk.CampaignCreationApi(self.client).campaign_get(advertiser, self.token, filtering=every, **paging))

    def adgroups(self, advertiser, **paging):
        # The SDK's own default leaves deleted ad groups and ads out.
        every = sdk.FilteringAdgroupGet(primary_status="STATUS_ALL", secondary_status="ADGROUP_STATUS_ALL")
        return data(sdk.AdgroupApi(self.client).adgroup_get(advertiser, self.token, filtering=every, **paging))

    def ads(self, advertiser, **paging):
        every = sdk.FilteringAdGet(primary_status="STATUS_ALL", secondary_status="AD_STATUS_ALL")
        return data(sdk.AdApi(self.client).ad_get(advertiser, self.token, filtering=every, **paging))

    def report(self, **question):
        return data(sdk.ReportingApi(self.client).report_integrated_get("BASIC", self.token, **question))


def data(answer):
    time.sleep(PAUSE)
    return answer["data"]


def pages(read):
    """Reads all pages of a list."""
    rows, page = [], 1
    while True:
        part = read(page=page, page_size=200)
        rows.extend(part["list"])
        if page >= part["page_info"]["total_page"]:
            return rows
        page += 1


def consent(port):
    """Agrees on the consent page as a person's browser does; returns the authorisation code."""
    ask = {"app_id": APP_ID, "state": "sdk", "redirect_uri": REDIRECT}
    status, _, page = direct(port, "GET", "/portal/auth", ask)
    check("the consent page", status, 200)
    _, _, state = direct(port, "GET", "/_sandbox/state")
    advertisers = json.loads(state)["advertisers"]
    choices = [("decision", "allow"), *[("advertiser", one) for one in advertisers], *[("scope", one) for one in SCOPES]]
    status, headers, _ = direct(port, "POST", "/portal/auth", form=[*ask.items(), *choices])
    check("the consent", status, 303)
    back = urllib.parse.parse_qs(urllib.parse.urlsplit(headers["Location"]).query)
    return back["auth_code"][0], advertisers


checks = 0


def check(what, seen, wanted):
    global checks
    checks += 1
    if seen != wanted:
        sys.exit(f"{what}: {shown(seen)} is not {shown(wanted)}")


def shown(value):
    text = repr(value)
    return text if len(text) <= 400 else f"{text[:400]}… ({len(value)} entries)"


def question(advertiser, level, today):
    dimension, status = LEVELS[level]
    asked = {
        "advertiser_id": advertiser,
        "service_type": "AUCTION",
        "data_level": level,
        "dimensions": [dimension, "stat_time_day"],
        "metrics": METRICS,
        # Older than the 28 days in which figures still change.
        "start_date": str(today - datetime.timedelta(days=64)),
        "end_date": str(today - datetime.timedelta(days=35)),
    }
    if status:
        asked["filtering"] = [{"field_name": status, "filter_type": "IN", "filter_value": '["STATUS_ALL"]'}]
    return asked


def sums(rows):
    """Adds up each metric exactly; a dash is not a figure."""
    figures = {name: [row["metrics"][name] for row in rows] for name in METRICS}
    return {name: sum((Decimal(text) for text in texts if text != "-"), Decimal(0)) for name, texts in figures.items()}


def compare_structure(official, plain, advertiser):
    lists = [
        ("campaign", official.campaigns, "campaign/get/", "CAMPAIGN_STATUS_ALL"),
        ("adgroup", official.adgroups, "adgroup/get/", "ADGROUP_STATUS_ALL"),
        ("ad", official.ads, "ad/get/", "AD_STATUS_ALL"),
    ]
    for name, read, path, every in lists:
        seen = pages(lambda **paging: read(advertiser, **paging))
        filtering = {"secondary_status": every}
        wanted = pages(
            lambda **paging: plain.get(path, advertiser_id=advertiser, filtering=filtering, **paging)
        )
        ids = {row[f"{name}_id"] for row in seen}
        check(f"ids of {name}s twice", len(ids), len(seen))
        check(f"{name}s of {advertiser}", seen, wanted)
        check(f"{name}s of {advertiser} at all", bool(seen), True)
        yield name, len(seen)


def compare_reports(official, plain, advertiser, today):
    whole = None
    for level in LEVELS:
        asked = question(advertiser, level, today)
        rows = pages(lambda **paging: official.report(**asked, **paging))
        direct_rows = pages(lambda **paging: plain.get("report/integrated/get/", report_type="BASIC", **asked, **paging))
        seen = sums(rows)
        check(f"sums of {level} of {advertiser}", seen, sums(direct_rows))
        check(f"rows of {level} of {advertiser}", len(rows), len(direct_rows))
        check(f"{level} of {advertiser} spends", seen["spend"] > 0, True)
        additive = {name: seen[name] for name in ADDITIVE}
        whole = whole or additive
        check(f"{level} of {advertiser} adds up to its account", additive, whole)
        yield level, len(rows), seen["spend"]


def compare_total(official, advertiser, today):
    """Checks that the platform's own total over all rows is the sum of the rows."""
    asked = question(advertiser, "AUCTION_CAMPAIGN", today)
    total = official.report(**asked, enable_total_metrics=True, page=1, page_size=10)["total_metrics"]
    rows = pages(lambda **paging: official.report(**asked, **paging))
    check("total_metrics", {name: Decimal(total[name]) for name in ADDITIVE}, {n: sums(rows)[n] for n in ADDITIVE})


def compare_failures(official, advertiser, code):
    """Checks that the SDK finds the platform's codes where it expects them."""
    failures = [
        (40110, lambda: official.exchange(code)),
        (40002, lambda: official.campaigns(advertiser, page=1, page_size=1001)),
    ]
    for wanted, call in failures:
        check("a failure", failed(call), wanted)
    official.token = "0" * 40
    check("a dead token", failed(official.advertisers), 40105)


def failed(call):
    try:
        call()
    except TiktokSDKError as error:
        # The code is in the error's text alone.
        found = re.match(r"Error Code: (\d+),", str(error))
        return int(found[1]) if found else str(error)
    return 0


def read(port):
    official = Official(port)
    code, granted = consent(port)
    official.exchange(code)
    plain = Direct(port, official.token)
    reached = [row["advertiser_id"] for row in official.advertisers()]
    check("advertisers", reached, granted)
    fields = official.info(reached)
    check("advertiser details", fields, plain.get("advertiser/info/", advertiser_ids=reached)["list"])
    today = datetime.datetime.now(datetime.timezone.utc).date()
    for row in fields:
        advertiser = row["advertiser_id"]
        for name, count in compare_structure(official, plain, advertiser):
            print(f"{advertiser}  {count:>6} {name}s")
        for level, count, spend in compare_reports(official, plain, advertiser, today):
            print(f"{advertiser}  {count:>6} rows of {level}, spend {spend} {row['currency']}")
    compare_total(official, reached[0], today)
    compare_failures(official, reached[0], code)
    print(f"SDK {sdk_version()}: {checks} comparisons, no difference")


def sdk_version():
    from importlib.metadata import version

    return version("tiktok-business-api-sdk-official")


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: read_with_official_sdk.py SANDBOX_BINARY")
    command = [sys.argv[1], "--port", "0", "--redirect-uri", REDIRECT]
    sandbox = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        line = sandbox.stdout.readline()
        if not line.startswith("sandbox: "):
            sys.exit(f"the sandbox did not start: {line!r}")
        read(urllib.parse.urlsplit(line.split()[1]).port)
    finally:
        sandbox.terminate()
        sandbox.wait()


if __name__ == "__main__":
    main()
