// The templates of the calls: one method for each operation that a program calls.

const METHODS = ["get", "put", "post", "delete", "patch", "head"];

/** Returns the text of the module that has a method for each operation. */
export function calls(description) {
  const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
    METHODS.filter((method) => methods[method]).map((method) => new Operation(description, path, method, methods[method])));
  const called = operations.filter((operation) => operation.isCalled);
  return `// Written by scripts/generate.mjs from the API's description.

import type { CallOptions, CsvPage, Sender } from "../call.js";
import { iterate, segment } from "../call.js";
import type * as schema from "./schema.js";

/** The version of the API's description. */
export const VERSION = ${JSON.stringify(description.info.version)};

/** The operations that people's browsers make: their answers are pages. */
export const PAGES = ${JSON.stringify(operations.filter((operation) => !operation.isCalled).map(({ id }) => id), null, 2)} as const;
${webhookEvents(description)}
/** The calls of the API, one method for each operation. */
export abstract class Calls {
  protected abstract readonly sender: Sender;
${called.flatMap((operation) => operation.methods()).join("\n")}}
`;
}

/** The type of a delivery's body: as the description has it, or with data that it does not describe. */
function webhookEvents({ webhooks }) {
  const refs = Object.values(webhooks ?? {}).map(({ post }) => post.requestBody.content["application/json"].schema.$ref);
  const types = [...new Set(refs.map(typeOf))];
  const type = types.length > 0 ? types.join(" | ") : "{ type: string; timestamp: string; data: Record<string, unknown> }";
  return `\n/** An event as a webhook delivers it. */\nexport type WebhookEvent = ${type};\n`;
}

const nameOf = (ref) => ref.split("/").at(-1);
const typeOf = (ref) => `schema.${nameOf(ref)}`;
const capital = (text) => text[0].toUpperCase() + text.slice(1);
const plural = (text) => (/[^aeiou]y$/.test(text) ? `${text.slice(0, -1)}ies` : `${text}s`);

class Operation {
  constructor(description, path, method, value) {
    Object.assign(this, { description, path, method: method.toUpperCase(), value, id: value.operationId });
    const [status, answer] = Object.entries(value.responses).find(([code]) => /^2\d\d$/.test(code)) ?? [];
    this.isEmpty = status === "204" || (status !== undefined && method === "head");
    this.media = answer?.content ?? {};
  }

  /** True when a program can read the answer. */
  get isCalled() {
    return this.isEmpty || "application/json" in this.media || "text/csv" in this.media;
  }

  get parameters() {
    const found = (this.value.parameters ?? []).map((one) => (one.$ref ? this.description.components.parameters[nameOf(one.$ref)] : one));
    return (place) => found.filter((one) => one.in === place);
  }

  methods() {
    const own = [];
    if (this.isEmpty) own.push(this.method_(this.id, "void", "none"));
    if ("application/json" in this.media) own.push(this.method_(this.id, this.answer, "json"));
    if ("text/csv" in this.media) own.push(this.method_(own.length > 0 ? `${this.id}Csv` : this.id, "CsvPage", "csv"));
    const pages = this.pages();
    return pages ? [...own, pages] : own;
  }

  get answer() {
    const { $ref } = this.media["application/json"].schema;
    return $ref ? typeOf($ref) : "unknown";
  }

  /** The arguments of a method: those of the path one by one, then the query or the body, then the options. */
  arguments({ query = this.query }) {
    const path = this.parameters("path").map(({ name }) => `${name}: string`);
    return [...path, ...query, ...this.body, "options: CallOptions = {}"].join(", ");
  }

  get query() {
    const all = this.parameters("query");
    if (all.length === 0) return [];
    return [`query: ${this.queryType}${all.some(({ required }) => required) ? "" : " = {}"}`];
  }

  get queryType() {
    return `NonNullable<schema.operations["${this.id}"]["parameters"]["query"]>`;
  }

  get body() {
    const schema = this.value.requestBody?.content["application/json"]?.schema;
    return schema ? [`body: ${schema.$ref ? typeOf(schema.$ref) : "unknown"}`] : [];
  }

  method_(name, answer, reads) {
    const path = this.path.replaceAll(/\{(\w+)\}/g, (_, parameter) => `\${segment(${parameter})}`);
    const parts = [`operation: "${this.id}"`, `method: "${this.method}"`, `path: \`${path}\``, `reads: "${reads}"`];
    if (this.query.length > 0) parts.push("query");
    if (this.body.length > 0) parts.push("body");
    if (this.parameters("header").some(({ name }) => name === "Idempotency-Key")) parts.push("isKeyed: true");
    if (!this.value.security?.length) parts.push("isPublic: true");
    return `${this.comment(this.value.description)}  ${name}(${this.arguments({})}): Promise<${answer}> {
    return this.sender.send({ ${parts.join(", ")} }, options);
  }
`;
  }

  /** The method that goes through all pages of a list, for operations that answer \`next_cursor\`. */
  pages() {
    const schema = this.media["application/json"]?.schema;
    if (!schema?.$ref || !this.parameters("query").some(({ name }) => name === "cursor")) return null;
    const { properties } = this.description.components.schemas[nameOf(schema.$ref)];
    // A list has one array of rows; a report has others beside its \`rows\`.
    const arrays = Object.entries(properties).filter(([, one]) => one.type === "array" && one.items.$ref);
    const [field, { items }] = arrays.find(([name]) => name === "rows") ?? arrays[0];
    const item = nameOf(items.$ref);
    const name = this.id.startsWith("list") ? `all${this.id.slice(4)}` : `all${plural(capital(item))}`;
    const query = [`query: Omit<${this.queryType}, "cursor">${this.query[0].endsWith(" = {}") ? " = {}" : ""}`];
    const path = this.parameters("path").map((one) => one.name);
    return `  /** Goes through all pages of {@link ${this.id}}. */
  ${name}(${this.arguments({ query })}): AsyncGenerator<schema.${item}, void, void> {
    return iterate((cursor) => this.${this.id}(${[...path, "{ ...query, ...cursor }", "options"].join(", ")}), (page) => page.${field});
  }
`;
  }

  comment(text) {
    const { summary } = this.value;
    const lines = [summary, ...(text ? [text] : [])].join(". ").replaceAll("*/", "*\\/").match(/.{1,110}(?:\s|$)/g);
    return `\n  /**\n${lines.map((line) => `   * ${line.trim()}\n`).join("")}   */\n`;
  }
}
