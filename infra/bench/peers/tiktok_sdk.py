"""Reads thirty days of ad rows with the platform's official SDK and writes them as JSON lines.

tiktok_sdk.py ORIGIN METRICS(JSON) OUT.jsonl REPEATS
"""

import json
import sys

import business_api_client


def main() -> None:
    origin, metrics, out, repeats = sys.argv[1:5]
    configuration = business_api_client.Configuration()
    configuration.host = origin
    api = business_api_client.ReportingApi(business_api_client.ApiClient(configuration))
    with open(out, "w", encoding="utf-8") as lines:
        for _ in range(int(repeats)):
            read(api, json.loads(metrics), lines)


def read(api, metrics, lines) -> None:
    page, pages = 1, 1
    while page <= pages:
        answer = api.report_integrated_get(
            "BASIC",
            "token",
            advertiser_id="7",
            service_type="AUCTION",
            data_level="AUCTION_AD",
            dimensions=["ad_id", "stat_time_day"],
            metrics=metrics,
            start_date="2026-01-01",
            end_date="2026-01-30",
            page=page,
            page_size=1000,
        )
        data = answer["data"] if isinstance(answer, dict) else answer.data
        data = data if isinstance(data, dict) else data.to_dict()
        for row in data["list"]:
            lines.write(json.dumps(row) + "\n")
        pages = data["page_info"]["total_page"]
        page += 1


main()
