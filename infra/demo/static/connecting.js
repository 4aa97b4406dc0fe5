// The end of a connect flow: our server half takes the connection up for its visitor.

/** Takes up what came back. Returns one word as `connected`, `renewed` or, with the reason, `problem`. */
export async function finish({ connection_id, code, error }) {
  if (error) return { problem: error };
  // A live connection that was authorised again is active already and brings no code.
  if (connection_id && code === null) return { renewed: "" };
  return activate(connection_id, code);
}

async function activate(connection_id, code) {
  const body = JSON.stringify({ connection_id, code });
  try {
    const answer = await fetch("/activate", { method: "POST", headers: { "content-type": "application/json" }, body });
    return answer.ok ? { connected: "" } : { problem: (await answer.json()).code };
  } catch {
    return { problem: "api_unreachable" };
  }
}
