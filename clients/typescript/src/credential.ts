// The credential of the calls: an API key on a server, frontend tokens in a browser.

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
  #minted: Promise<MintedToken> | null = null;

  constructor(source: Credential) {
    if (typeof source === "string") refuse(source);
    this.#source = source;
  }

  /** True when another credential can be had after a refusal. */
  get canRenew(): boolean {
    return typeof this.#source !== "string";
  }

  /** Returns the header of a call. */
  async header(): Promise<string> {
    if (typeof this.#source === "string") return `Bearer ${this.#source}`;
    const { token, expires_at } = await this.#mint(this.#source);
    if (Date.parse(expires_at) - Date.now() > SPARE) return `Bearer ${token}`;
    this.#minted = null;
    return `Bearer ${(await this.#mint(this.#source)).token}`;
  }

  /** Forgets a token that was refused. */
  forget(): void {
    this.#minted = null;
  }

  /** One request for a token serves all calls that wait for it. */
  async #mint(source: () => Promise<MintedToken>): Promise<MintedToken> {
    const mine = (this.#minted ??= source());
    try {
      return await mine;
    } catch (problem) {
      if (this.#minted === mine) this.#minted = null;
      throw problem;
    }
  }
}

function refuse(text: string): void {
  if (!FORM.test(text)) throw new TypeError("The credential is no API key and no frontend token of Mooring.");
  if ("document" in globalThis && !text.startsWith("moor_ft_")) {
    throw new TypeError("An API key belongs on a server. Give a browser a frontend token.");
  }
}
