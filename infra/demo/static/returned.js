// The return page of a product that does not exist yet: shows what the connect flow sent back, and what to do with it.

import { byId, h } from "./dom.js";

/** The form of ids and codes. What does not fit is not shown as a command: whoever made the link wrote it. */
const PLAIN = /^[A-Za-z0-9_-]{1,200}$/;
const WORD = /^[a-z_]{1,48}$/;

const sent = new URLSearchParams(location.search);
const plain = (name, form = PLAIN) => (form.test(sent.get(name) ?? "") ? sent.get(name) : null);
const [connection, code, error] = [plain("connection_id"), plain("code"), plain("error", WORD)];

const said = byId("said");
said.append(...page().map((part) => h("section", { class: "card" }, part)));
said.classList.add("stack");

function page() {
  if (error) return ended();
  if (connection && code) return connected();
  if (connection && !sent.has("code")) return renewed();
  return unreadable();
}

function connected() {
  return [
    [
      h("h2", null, "A person connected an account"),
      facts([["connection_id", connection], ["code", code]]),
      h("p", { class: "soft" }, "The code works once, for 15 minutes, and only together with the end user of the session."),
    ],
    [
      h("h2", null, "What to do next"),
      h("p", null, "If the quickstart waits in a terminal, give it the address of this page:"),
      copied("address", location.href),
      h("p", null, "Or activate the connection by hand, with the end user for whom you opened the session:"),
      copied("command", activation()),
      h("p", { class: "soft" },
        "In your product the server does this, for the user who is signed in with it, and leads on to a page of yours. Until ",
        "then the connection reads nothing."),
    ],
  ];
}

function activation() {
  const body = JSON.stringify({ code, end_user: "user-1" });
  const headers = `-H "Authorization: Bearer $KEY" -H "Content-Type: application/json"`;
  return `curl -sS "$API/v1/connections/${connection}/activate" ${headers} -d '${body}'`;
}

function renewed() {
  return [[
    h("h2", null, "A person gave access again"),
    facts([["connection_id", connection]]),
    h("p", null, "The connection is active already and brings no code: there is nothing to activate."),
  ]];
}

function ended() {
  return [[
    h("h2", null, "Nothing was connected"),
    facts([["error", error], ["connection_id", connection]]),
    h("p", null, "Your product says so to its user, and can open another connect session. ",
      "docs/api/README.md of Mooring says what each word means."),
  ]];
}

function unreadable() {
  return [[
    h("h2", null, "Nothing came back"),
    h("p", null, "The connect flow leads here with ", h("code", null, "connection_id"), " and ", h("code", null, "code"),
      ", or with ", h("code", null, "error"), ". This address has none that can be read. Open a connect session whose ",
      h("code", null, "return_url"), " is this page, and follow its ", h("code", null, "url"), "."),
  ]];
}

function facts(rows) {
  const known = rows.filter(([, value]) => value);
  return h("dl", { class: "facts" }, known.map(([name, value]) => [h("dt", null, name), h("dd", null, h("code", null, value))]));
}

/** A text with a button that copies it. Where the browser has no clipboard, the text is selected instead. */
function copied(name, text) {
  const field = h("textarea", { id: name, readonly: true, rows: "3", "aria-label": `The ${name}`, spellcheck: "false" });
  field.value = text;
  const button = h("button", { type: "button", onclick: () => copy(field, button) }, "Copy");
  return h("div", { class: "copied" }, field, button);
}

async function copy(field, button) {
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Selected";
  }
}
