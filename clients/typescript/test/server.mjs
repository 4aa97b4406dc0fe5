// A server that answers what a test tells it, and keeps what it was asked.

import { once } from "node:events";
import { createServer } from "node:http";

export class Server {
  asked = [];
  answers = [];

  /**
   * Starts a server that ends with a test. Answers are functions of the request, or `[status, headers, body]`, one after the
   * other; the last one stays.
   */
  static async start(test, ...answers) {
    const server = new Server();
    server.answers = answers;
    server.http = createServer((request, response) => server.answer(request, response));
    server.http.listen(0, "127.0.0.1");
    await once(server.http, "listening");
    server.origin = `http://127.0.0.1:${server.http.address().port}`;
    test.after(() => server.close());
    return server;
  }

  async answer(request, response) {
    const parts = [];
    for await (const part of request) parts.push(part);
    this.asked.push({ method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(parts).toString() });
    const next = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
    if (typeof next === "function") return next(request, response);
    const [status, headers, body] = next;
    response.writeHead(status, headers);
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  }

  async close() {
    this.http.closeAllConnections();
    this.http.close();
    await once(this.http, "close");
  }
}

export const json = (status, body, headers = {}) => [status, { "content-type": "application/json", ...headers }, body];

export const problem = (status, code, headers = {}, more = {}) => json(status, {
  type: `tag:mooring,2026:${code}`, title: "A title", status, detail: "What happened.", code, request_id: "req-1",
  retryable: status === 429 || status >= 500, doc: `https://api.example.com/docs/api/errors#${code}`, ...more,
}, headers);
