// Mooring's connect flow in a window of its own: opens it from a button, and tells the page with the button how it ended.
//
// Pages of Mooring and of the platforms cut the link between a window and the page that opened it, so the page at the return
// URL speaks to the page with the button through a BroadcastChannel. A browser delivers such messages within one origin
// only: the return URL has to lie on the origin of the page with the button. README.md shows both pages.

const NAME = "mooring-connect";
/** How long the return page waits for the page with the button before it goes on by itself, in milliseconds. */
const PATIENCE = 2000;
/** How long a message may be on its way when the person is back already, in milliseconds. */
const GRACE = 500;
/** How long a flow may take, in milliseconds: a tab that comes back later did not come back from it. */
const FLOW = 3600000;
/** The flows that this page began and that have not ended: what to do at the end of each, by its state. */
const flows = new Map();
let channel;

/**
 * Begins a connect flow. Call it in a click, or the browser blocks the window.
 *
 * `session` is the address of your server that answers a POST with `{"url": …}` of a connect session, or a function that
 * returns the URL. `done` is called with `{connection_id, code, error}`. The error `no_session` has its `cause`. `closed`
 * says that the person closed or left the window; if they go on in it nevertheless, `done` is called again with the end.
 */
export async function connect(session, done, { redirect = matchMedia("(pointer:coarse)").matches } = {}) {
  let popup = redirect ? null : open("", "", "popup,width=560,height=760");
  const state = crypto.getRandomValues(new Uint32Array(4)).join("-");
  try {
    popup?.sessionStorage.setItem(NAME, `${Date.now()} ${state}`);
  } catch {
    // Without storage the return page cannot know its opener, so the flow takes this page's place.
    popup.close();
    popup = null;
  }
  if (popup) listen(popup, state, done);
  let url;
  try {
    url = new URL(await (typeof session === "string" ? ask(session) : session()));
    if (!/^https?:$/.test(url.protocol)) throw new TypeError("The session's URL is not one of the web.");
  } catch (cause) {
    flows.delete(state);
    popup?.close();
    return done({ connection_id: null, code: null, error: "no_session", cause });
  }
  try {
    // No page waits for a flow that takes this page's place.
    if (!popup) sessionStorage.setItem(NAME, Date.now());
  } catch {
    // The return page calls a flow that it does not know unbound.
  }
  (popup ?? window).location.assign(url);
}

/** Begins a connect flow at each click of a button, which stays disabled until the flow ends. */
export function connectButton(button, session, done, options) {
  const free = () => (button.disabled = false);
  button.addEventListener("click", () => {
    button.disabled = true;
    connect(session, (end) => (free(), done(end)), options);
  });
  // A browser may show this page as it was left, after a flow that took its place.
  addEventListener("pageshow", free);
}

/**
 * Reads the flow's end on the return page, and takes it out of the address. In the window of a button, hands the end to the
 * page with the button and closes the window. Without such a page calls `finish` with `{connection_id, code, error, bound}`;
 * `bound` is true when this tab itself began a flow within the last hour.
 */
export function returned(finish) {
  const here = new URL(location);
  const end = {};
  for (const name of ["connection_id", "code", "error"]) {
    end[name] = here.searchParams.get(name);
    here.searchParams.delete(name);
  }
  history.replaceState(null, "", here);
  let begun, state;
  try {
    [begun, state] = sessionStorage.getItem(NAME).split(" ");
    sessionStorage.removeItem(NAME);
  } catch {
    // Nobody waits for a window without storage, or without a flow.
  }
  const bound = Date.now() - begun < FLOW;
  if (!bound || !state) return finish({ ...end, bound });
  const back = new BroadcastChannel(NAME);
  const alone = setTimeout(() => {
    back.close();
    finish({ ...end, bound });
  }, PATIENCE);
  back.onmessage = ({ data }) => {
    if (data.taken !== state) return;
    clearTimeout(alone);
    close();
  };
  // The page with the button takes an end early enough for its answer to be back in time.
  back.postMessage({ ...end, state, until: Date.now() + PATIENCE / 2 });
}

async function ask(address) {
  const answer = await fetch(address, { method: "POST" });
  if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
  return (await answer.json()).url;
}

function listen(popup, state, done) {
  flows.set(state, done);
  channel ??= new BroadcastChannel(NAME);
  channel.onmessage = take;
  // A window on another origin looks closed, so the person's return to this page decides.
  const signs = ["focus", "pointerdown"];
  const look = () => {
    if (!popup.closed) return;
    for (const sign of signs) removeEventListener(sign, look);
    setTimeout(() => flows.get(state)?.({ connection_id: null, code: null, error: "closed" }), GRACE);
  };
  for (const sign of signs) addEventListener(sign, look);
}

function take({ data: { state, until, ...end } }) {
  const done = flows.get(state);
  // A page that slept gets its messages late, when the return page has gone on by itself.
  if (!done || Date.now() > until) return;
  flows.delete(state);
  channel.postMessage({ taken: state });
  done(end);
}
