// A program as somebody would write it with each of the generated clients: it has to pass `tsc --strict`, and is never run.
import createClient from "openapi-fetch";

import { activateConnection, queryReport, requestDeletion } from "./hey-api/sdk.gen.js";
import type { components, paths, webhooks } from "./openapi-typescript.js";

const api = createClient<paths>({ baseUrl: "https://api.example.com", headers: { authorization: "Bearer …" } });

export async function withFetch(): Promise<number> {
  const session = await api.POST("/v1/connect-sessions", {
    body: { end_user: "user-4711", platform: "tiktok_ads", return_url: "https://app.example.com/connected" },
  });
  if (session.error !== undefined) throw new Error(`${session.error.code}: ${session.error.detail}`);
  console.log(session.data.url, session.response.headers.get("location"));

  const report = await api.GET("/v1/reports", {
    params: {
      query: {
        connection_id: "con_…", account_id: "acc_…", level: "campaign", from: "2026-11-16", to: "2026-11-22",
        metrics: ["spend", "ctr"], sort: "-spend",
      },
    },
  });
  if (report.error !== undefined) return report.error.retryable ? -1 : -2;
  for (const day of report.data.completeness) {
    if (day.status === "partial" && day.reason === "rate_limited") console.log(day.day);
  }
  const csv = await api.GET("/v1/reports.csv", {
    params: { query: { connection_id: "con_…", account_id: "acc_…", level: "ad", from: "2026-11-16", to: "2026-11-22" } },
    parseAs: "text",
  });
  console.log(csv.data?.split("\n").length);

  await api.POST("/v1/deletion-requests", { body: { connection_id: "con_…" } });
  await api.POST("/v1/deletion-requests", { body: { connection_id: "con_…", account_id: "acc_…" } });
  // @ts-expect-error: `false` deletes nothing
  await api.POST("/v1/deletion-requests", { body: { tenant: false } });
  // @ts-expect-error: no connection is ever in this state
  const impossible: components["schemas"]["ConnectionState"] = "sleeping";
  console.log(impossible);
  return report.data.rows[0]?.metrics.spend?.amount_micros ?? 0;
}

export async function withHeyApi(): Promise<void> {
  const active = await activateConnection({ path: { id: "con_…" }, body: { code: "…", end_user: "user-4711" } });
  if (active.error !== undefined) throw new Error(active.error.code);
  const account = active.data.accounts[0];
  if (account === undefined) return;
  const query = {
    connection_id: active.data.id, account_id: account.id, level: "account", from: "2026-11-16", to: "2026-11-22",
  } as const;
  const report = await queryReport({ query });
  console.log(report.data?.totals.spend?.amount_micros);
  const deletion = await requestDeletion({ body: { tenant: true } });
  console.log(deletion.data?.state === "purging", deletion.error?.retryable);
}

type Body<Event extends keyof webhooks> = webhooks[Event]["post"]["requestBody"]["content"]["application/json"];

export function hear(event: Body<"connection.needs_reauth"> | Body<"deletion.completed">): string {
  switch (event.type) {
    case "connection.needs_reauth":
      return event.data.deletes_at ?? event.data.connection_id;
    case "deletion.completed":
      return event.data.receipt_url;
  }
}
