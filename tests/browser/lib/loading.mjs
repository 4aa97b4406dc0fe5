// Measures how a page loads on a slow line: how many requests, how many kB, and how many round trips one after another.

const LATENCY_MS = 1_500;

/** Loads a page over a line with a long delay until a view is there; returns the figures of the way there. */
export async function measure(context, url, view) {
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  const requests = new Map();
  record(session, requests);
  await session.send("Network.enable");
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  await session.send("Network.emulateNetworkConditions", { offline: false, latency: LATENCY_MS, downloadThroughput: -1, uploadThroughput: -1 });
  const started = Date.now();
  await page.goto(url, { waitUntil: "commit" });
  await page.locator(view).waitFor();
  const took = Date.now() - started;
  const seen = [...requests.values()].filter(({ end }) => end !== null);
  await page.close();
  return figures(seen, took);
}

function record(session, requests) {
  session.on("Network.requestWillBeSent", ({ requestId, request, initiator, timestamp, type }) => {
    // A browser asks for the tab's icon when everything else is there: no view waits for it.
    if (type === "Other" && initiator.type === "other") return;
    requests.set(requestId, {
      url: request.url, begin: timestamp, end: null, bytes: 0, isPreflight: request.method === "OPTIONS",
      by: initiator.url ?? initiator.stack?.callFrames.at(0)?.url ?? null,
    });
  });
  session.on("Network.responseReceived", ({ requestId, timestamp }) => ended(requests.get(requestId), timestamp, 0));
  session.on("Network.loadingFinished", ({ requestId, timestamp, encodedDataLength }) => ended(requests.get(requestId), timestamp, encodedDataLength));
}

function ended(request, timestamp, bytes) {
  if (request) Object.assign(request, { end: timestamp, bytes });
}

function figures(requests, took) {
  const calls = requests.filter(({ isPreflight }) => !isPreflight);
  return {
    requests: calls.length,
    preflights: requests.length - calls.length,
    urls: calls.map(({ url }) => new URL(url).pathname).join(" "),
    kB: Math.round(requests.reduce((sum, { bytes }) => sum + bytes, 0) / 100) / 10,
    initiators: Math.max(...calls.map((request) => chain(request, calls))),
    roundTrips: inTurn(calls),
    roundTripsWithPreflights: inTurn(requests),
    seconds: Math.round(took / 100) / 10,
  };
}

/** Counts the requests that had to come first because one named the next. */
function chain(request, all) {
  const by = all.find(({ url }) => url === request.by);
  return by && by !== request ? 1 + chain(by, all) : 1;
}

/** Counts the longest row of requests of which each began when the one before had ended. */
function inTurn(requests) {
  const rows = [];
  for (const { begin, end } of requests.toSorted((left, right) => left.begin - right.begin)) {
    const before = rows.filter((row) => row.end <= begin).map(({ length }) => length);
    rows.push({ end, length: 1 + Math.max(0, ...before) });
  }
  return Math.max(0, ...rows.map(({ length }) => length));
}
