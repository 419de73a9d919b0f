// One listening port in front of one node. Bytes are stamped and passed on first, read and logged afterwards.
import net from "node:net";
import { unixMicros } from "../lib/clock.mjs";
import { EventReader } from "./events.mjs";
import { HttpReader } from "./http.mjs";
import { Manner } from "./manner.mjs";

/** Longer bodies are cut in the log (never on the wire). */
const MAX_LOGGED_BODY = 256 * 1024;
/** Blocks are told by their first bytes: signature, slot, proposer, parent. */
const MAX_LOGGED_BLOCK = 512;
const BLOCKS = /^\/eth\/v\d\/beacon\/(blinded_)?blocks/;

class Body {
  #parts = [];
  #kept = 0;
  #limit;
  length = 0;

  constructor(limit = MAX_LOGGED_BODY) {
    this.#limit = limit;
  }

  add(bytes) {
    this.length += bytes.length;
    if (this.#kept < this.#limit) this.#parts.push(Buffer.from(bytes.subarray(0, this.#limit - this.#kept)));
    this.#kept = Math.min(this.length, this.#limit);
  }

  text() {
    return Buffer.concat(this.#parts).toString("utf8");
  }

  /** What is logged of a request's body: text, or base64 of what is not. */
  logged(contentType) {
    if (this.length === 0) return {};
    return contentType === "application/octet-stream" ? { request_base64: Buffer.concat(this.#parts).toString("base64") } : { request_body: this.text() };
  }
}

/** Pairs requests with answers on one connection and writes one journal line per exchange or event. */
class ExchangeLog {
  #journal;
  #connection;
  #waiting = [];
  #request = null;
  #answer = null;

  constructor(journal, connection) {
    this.#journal = journal;
    this.#connection = connection;
    this.requests = new HttpReader({
      head: (head, micros) => {
        const body = new Body(BLOCKS.test(head.path) ? MAX_LOGGED_BLOCK : MAX_LOGGED_BODY);
        this.#request = { method: head.method, path: head.path, request_micros: micros, body, contentType: head.headers["content-type"] };
        this.#waiting.push(this.#request);
      },
      body: (bytes) => this.#request.body.add(bytes),
      end: (micros) => {
        this.#request.request_end_micros = micros;
      },
      lost: (error) => this.#journal.write({ type: "unread", connection, direction: "request", reason: error.message }),
    });
    this.answers = new HttpReader(
      {
        head: (head, micros) => this.#startAnswer(head, micros),
        body: (bytes, micros) => this.#continueAnswer(bytes, micros),
        end: (micros) => this.#endAnswer(micros),
        lost: (error) => this.#journal.write({ type: "unread", connection, direction: "answer", reason: error.message }),
      },
      (head) => this.#waiting[0]?.method !== "HEAD" && head.status !== 204 && head.status !== 304,
    );
  }

  #startAnswer(head, micros) {
    if (head.status < 200) return;
    const request = this.#waiting[0];
    this.#answer = { status: head.status, response_micros: micros, body: new Body(), events: null };
    if (!/^text\/event-stream/.test(head.headers["content-type"] ?? "")) return;
    this.#answer.events = new EventReader(({ event, data, micros: eventMicros }) =>
      this.#journal.write({ type: "event", connection: this.#connection, micros: eventMicros, event, data }),
    );
    this.#journal.write({ type: "subscribed", connection: this.#connection, micros, path: request?.path, status: head.status });
  }

  #continueAnswer(bytes, micros) {
    if (this.#answer.events) this.#answer.events.push(bytes, micros);
    else this.#answer.body.add(bytes);
  }

  #endAnswer(micros) {
    const request = this.#waiting.shift();
    const answer = this.#answer;
    this.#answer = null;
    if (!request || !answer) return;
    const { body, contentType, ...stamps } = request;
    this.#journal.write({
      type: "exchange",
      connection: this.#connection,
      ...stamps,
      status: answer.status,
      response_micros: answer.response_micros,
      response_end_micros: micros,
      response_bytes: answer.body.length,
      ...body.logged(contentType),
      ...(answer.status >= 300 ? { response_body: answer.body.text() } : {}),
    });
  }

  /** Requests that never got a complete answer are written too: they were sent. */
  close(micros) {
    this.requests.finish(micros);
    this.answers.finish(micros);
    for (const { body, contentType, ...stamps } of this.#waiting.splice(0)) {
      this.#journal.write({
        type: "exchange",
        connection: this.#connection,
        ...stamps,
        status: null,
        response_micros: this.#answer?.response_micros ?? null,
        response_end_micros: null,
        ...body.logged(contentType),
      });
      this.#answer = null;
    }
  }
}

let connections = 0;

/**
 * `from` to `to`, with back-pressure and by the relay's `manner`; `see` looks at the bytes after they are on their way,
 * when and as they reach the other side.
 */
function forward(from, to, manner, see) {
  const pass = (bytes) => {
    if (to.destroyed) return;
    const micros = unixMicros();
    if (!to.write(bytes)) {
      from.pause();
      to.once("drain", () => from.resume());
    }
    see(bytes, micros);
  };
  from.on("data", (bytes) => manner.carry(() => pass(bytes)));
  from.on("end", () => manner.carry(() => to.end()));
  from.on("error", () => to.destroy());
}

/** Listens on 127.0.0.1:`port` for the node on 127.0.0.1:`targetPort`; resolves to the server. */
export function startRelay({ port, targetPort, journal, manner = new Manner() }) {
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const node = net.connect({ port: targetPort, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    const log = new ExchangeLog(journal, ++connections);
    forward(client, node, manner, (bytes, micros) => log.requests.push(bytes, micros));
    forward(node, client, manner, (bytes, micros) => log.answers.push(bytes, micros));
    let open = 2;
    const closed = () => {
      open -= 1;
      if (open === 0) log.close(unixMicros());
    };
    client.on("close", () => {
      node.destroy();
      closed();
    });
    node.on("close", () => {
      client.destroy();
      closed();
    });
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}
