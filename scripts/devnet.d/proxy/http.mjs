// Reads one direction of an HTTP/1.1 connection as it passes by, without touching it. Knows the framing only: heads,
// Content-Length, chunked bodies, bodies until the connection ends, and answers that have no body at all.

const HEAD_END = Buffer.from("\r\n\r\n");
const LINE_END = Buffer.from("\r\n");
/** A head beyond this is no HTTP; the connection is passed through unread from there on. */
const MAX_HEAD_BYTES = 64 * 1024;

function parseHead(text) {
  const [first, ...lines] = text.split("\r\n");
  const headers = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon > 0) headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  const parts = first.split(" ");
  if (first.startsWith("HTTP/1.")) return { kind: "response", status: Number(parts[1]), headers };
  if (parts.length === 3 && parts[2].startsWith("HTTP/1.")) return { kind: "request", method: parts[0], path: parts[1], headers };
  throw new Error(`neither a request nor a status line: ${first.slice(0, 80)}`);
}

/**
 * Push reader. `on.head(head, firstByteMicros)`, `on.body(bytes, micros)` and `on.end(micros)` are called for each
 * message; `on.lost(error)` once when the bytes stop making sense, after which nothing is read.
 * `hasBody(head)` says whether a response head is followed by a body (it depends on the request).
 */
export class HttpReader {
  #on;
  #hasBody;
  #step = this.#readHead;
  #held = Buffer.alloc(0);
  #firstByteMicros = null;
  #remaining = 0;

  constructor(on, hasBody = () => true) {
    this.#on = on;
    this.#hasBody = hasBody;
  }

  push(bytes, micros) {
    if (this.#step === null) return;
    let data = this.#held.length > 0 ? Buffer.concat([this.#held, bytes]) : bytes;
    this.#held = Buffer.alloc(0);
    try {
      while (data.length > 0 && this.#step !== null) {
        const rest = this.#step(data, micros);
        if (rest === null) {
          this.#held = data;
          return;
        }
        data = rest;
      }
    } catch (error) {
      this.#step = null;
      this.#on.lost?.(error);
    }
  }

  /** The connection ended: that is what ends a body without a length. */
  finish(micros) {
    if (this.#step === this.#readUntilClose) this.#endMessage(micros);
    this.#step = null;
  }

  // Each step takes what it can and returns the rest, or null when it needs more bytes first.

  #readHead(data, micros) {
    this.#firstByteMicros ??= micros;
    const end = data.indexOf(HEAD_END);
    if (end < 0) {
      if (data.length > MAX_HEAD_BYTES) throw new Error("head without end");
      return null;
    }
    const head = parseHead(data.toString("latin1", 0, end));
    this.#on.head(head, this.#firstByteMicros);
    this.#enterBody(head, micros);
    return data.subarray(end + HEAD_END.length);
  }

  #enterBody(head, micros) {
    const { "transfer-encoding": coding, "content-length": length } = head.headers;
    if (head.kind === "response" && head.status < 200) {
      this.#firstByteMicros = null; // an interim answer; the final head follows, unless the protocol changes
      this.#step = head.status === 101 ? null : this.#readHead;
    } else if (head.kind === "response" && !this.#hasBody(head)) this.#endMessage(micros);
    else if (coding !== undefined && /chunked/i.test(coding)) this.#step = this.#readChunkSize;
    else if (length !== undefined) this.#enterLength(Number(length), micros);
    else if (head.kind === "response") this.#step = this.#readUntilClose;
    else this.#endMessage(micros);
  }

  #enterLength(length, micros) {
    if (!Number.isSafeInteger(length) || length < 0) throw new Error("bad content length");
    this.#remaining = length;
    if (length === 0) this.#endMessage(micros);
    else this.#step = this.#readLength;
  }

  #endMessage(micros) {
    this.#on.end(micros);
    this.#firstByteMicros = null;
    this.#step = this.#readHead;
  }

  #take(data, micros) {
    const part = data.subarray(0, this.#remaining);
    this.#remaining -= part.length;
    if (part.length > 0) this.#on.body(part, micros);
    return data.subarray(part.length);
  }

  #readLength(data, micros) {
    const rest = this.#take(data, micros);
    if (this.#remaining === 0) this.#endMessage(micros);
    return rest;
  }

  #readUntilClose(data, micros) {
    this.#on.body(data, micros);
    return data.subarray(data.length);
  }

  #readChunkSize(data) {
    const end = data.indexOf(LINE_END);
    if (end < 0) return null;
    const size = Number.parseInt(data.toString("latin1", 0, end), 16);
    if (Number.isNaN(size)) throw new Error("bad chunk size");
    this.#remaining = size;
    this.#step = size === 0 ? this.#readTrailer : this.#readChunk;
    return data.subarray(end + LINE_END.length);
  }

  #readChunk(data, micros) {
    const rest = this.#take(data, micros);
    if (this.#remaining === 0) this.#step = this.#readChunkEnd;
    return rest;
  }

  #readChunkEnd(data) {
    if (data.length < LINE_END.length) return null;
    this.#step = this.#readChunkSize;
    return data.subarray(LINE_END.length);
  }

  #readTrailer(data, micros) {
    const end = data.indexOf(LINE_END);
    if (end < 0) return null;
    if (end === 0) this.#endMessage(micros);
    return data.subarray(end + LINE_END.length);
  }
}
