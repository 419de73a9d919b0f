// A JSON-lines file that is appended in the background, so that writing never delays what is being measured.
import { createWriteStream } from "node:fs";

/** Lines wait this long before they are written: beyond the busy time after a head event. */
const FLUSH_MILLIS = 400;

export class Journal {
  #stream;
  #lines = [];
  #timer = null;

  constructor(path) {
    this.#stream = createWriteStream(path, { flags: "a" });
    this.#stream.on("error", (error) => {
      console.error(`${path}: ${error.message}`);
      process.exit(1); // a check without its log would compare against nothing
    });
  }

  write(entry) {
    this.#lines.push(entry);
    this.#timer ??= setTimeout(() => this.flush(), FLUSH_MILLIS);
  }

  flush() {
    clearTimeout(this.#timer);
    this.#timer = null;
    const lines = this.#lines.splice(0);
    if (lines.length > 0) this.#stream.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  }

  close() {
    this.flush();
    return new Promise((resolve) => this.#stream.end(resolve));
  }
}
