// The credential of the calls: an API key on a server, frontend tokens in a browser.

import { ending } from "./wait.js";

/** A frontend token as `createFrontendToken` answers it. */
export interface MintedToken {
  token: string;
  expires_at: string;
}

/** A text, or a function that asks your server for a frontend token. */
export type Credential = string | (() => Promise<MintedToken>);

/** A token that ends within this time is replaced, in milliseconds. */
const SPARE = 60_000;
const FORM = /^moor_[!-~]{1,255}$/;

/** Keeps the credential out of whatever prints the client, and mints a frontend token when one is needed. */
export class Credentials {
  readonly #source: Credential;
  #kept: MintedToken | null = null;
  #pending: Promise<MintedToken> | null = null;

  constructor(source: Credential) {
    if (typeof source === "string") refuse(source);
    this.#source = source;
  }

  /** True when another credential can be had after a refusal. */
  get canRenew(): boolean {
    return typeof this.#source !== "string";
  }

  /** Returns the credential of a call. Rejects when the signal ends the wait for a frontend token. */
  async token(signal: AbortSignal): Promise<string> {
    if (typeof this.#source === "string") return this.#source;
    const kept = this.#kept;
    if (kept && Date.parse(kept.expires_at) - Date.now() > SPARE) return kept.token;
    return (await this.#mint(this.#source, signal)).token;
  }

  /** Forgets a token that was refused. Another call may have replaced it meanwhile: the newer token stays. */
  forget(refused: string): void {
    if (this.#kept?.token === refused) this.#kept = null;
  }

  /**
   * One request for a token serves all calls that wait for it. A call that gives up makes the next call ask again, because
   * the request may never be answered. The other calls that wait for the request still get its token.
   */
  async #mint(source: () => Promise<MintedToken>, signal: AbortSignal): Promise<MintedToken> {
    signal.throwIfAborted();
    const mine = (this.#pending ??= this.#ask(source));
    try {
      return await ending(mine, signal);
    } finally {
      if (this.#pending === mine) this.#pending = null;
    }
  }

  /** Asks for a token and keeps it, even when it comes after all calls gave up. */
  async #ask(source: () => Promise<MintedToken>): Promise<MintedToken> {
    const minted = await source();
    // A token that is no header's value would be in the error of `fetch`.
    refuse(minted.token);
    return (this.#kept = minted);
  }
}

function refuse(text: string): void {
  if (!FORM.test(text)) throw new TypeError("The credential is no API key and no frontend token of Mooring.");
  if ("document" in globalThis && !text.startsWith("moor_ft_")) {
    throw new TypeError("An API key belongs on a server. Give a browser a frontend token.");
  }
}
