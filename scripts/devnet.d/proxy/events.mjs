// Splits a server-sent event stream into events, each with the time its first byte passed.

export class EventReader {
  #onEvent;
  #text = "";
  #firstByteMicros = null;

  /** `onEvent({ event, data, micros })` per complete event; comments and keep-alives are skipped. */
  constructor(onEvent) {
    this.#onEvent = onEvent;
  }

  push(bytes, micros) {
    let text = this.#text + bytes.toString("utf8").replaceAll("\r\n", "\n");
    this.#firstByteMicros ??= micros;
    for (;;) {
      const trimmed = text.replace(/^\n+/, "");
      const end = trimmed.indexOf("\n\n");
      if (end < 0) {
        this.#text = trimmed;
        if (trimmed === "") this.#firstByteMicros = null;
        return;
      }
      this.#emit(trimmed.slice(0, end));
      text = trimmed.slice(end + 2);
      this.#firstByteMicros = micros; // whatever follows arrived with these bytes
    }
  }

  #emit(block) {
    let event = "message";
    const data = [];
    for (const line of block.split("\n")) {
      if (line.startsWith("event:")) event = line.slice(6).trim();
      else if (line.startsWith("data:")) data.push(line.slice(5).trim());
    }
    if (data.length > 0) this.#onEvent({ event, data: data.join("\n"), micros: this.#firstByteMicros });
  }
}
