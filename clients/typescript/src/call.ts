// A call of the API as the generated methods write it, and the walk through the pages of a list.

/** Options of one call. */
export interface CallOptions {
  /** The `Idempotency-Key` of a POST. Without it each call has a new one, which its retries keep. */
  idempotencyKey?: string;
  /** Ends the call and its retries. */
  signal?: AbortSignal;
  /** How long each try may take, in milliseconds, with the wait for a frontend token. */
  timeoutMs?: number;
  /** How many more tries follow the first one. */
  retries?: number;
}

/** A page of a table. */
export interface CsvPage {
  /** The table's text, with a line of names first. */
  text: string;
  /** The cursor of the next page; `null` on the last. */
  next_cursor: string | null;
  /** The completeness of the days; see the description of the operation. */
  completeness: string | null;
}

/** One call. */
export interface Call {
  operation: string;
  method: string;
  path: string;
  reads: "json" | "csv" | "none";
  query?: object;
  body?: object;
  /** True when the operation takes an `Idempotency-Key`. */
  isKeyed?: boolean;
  /** True when the operation takes no credential. */
  isPublic?: boolean;
}

/** Makes calls. */
export interface Sender {
  send<Answer>(call: Call, options: CallOptions): Promise<Answer>;
}

/** Writes a value as one segment of a path. A name that would change the path is refused before anything is called. */
export function segment(value: string): string {
  if (["", ".", ".."].includes(value)) throw new TypeError(`${JSON.stringify(value)} is no id.`);
  return encodeURIComponent(value);
}

/** Asks page after page and gives each row. */
export async function* iterate<Page extends { next_cursor?: string | null }, Row>(
  ask: (cursor: { cursor?: string }) => Promise<Page>,
  rows: (page: Page) => Row[],
): AsyncGenerator<Row, void, void> {
  let cursor: string | null | undefined;
  const seen = new Set<string>();
  do {
    const page = await ask(cursor ? { cursor } : {});
    yield* rows(page);
    cursor = page.next_cursor;
    // A list that leads back to a page would never end.
    if (cursor && seen.has(cursor)) throw new Error("The list leads back to a page that was read.");
    if (cursor) seen.add(cursor);
  } while (cursor);
}
