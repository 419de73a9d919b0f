import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { EventReader } from "../proxy/events.mjs";
import { HttpReader } from "../proxy/http.mjs";
import { Journal } from "../proxy/journal.mjs";
import { Manner } from "../proxy/manner.mjs";
import { startRelay } from "../proxy/relay.mjs";

/** Feeds `text` in pieces of `size` bytes, piece n at n microseconds; returns what the reader said. */
function read(text, size, hasBody) {
  const messages = [];
  const reader = new HttpReader(
    {
      head: (head, micros) => messages.push({ ...head, micros, body: "" }),
      body: (bytes) => (messages.at(-1).body += bytes.toString()),
      end: (micros) => (messages.at(-1).end = micros),
      lost: (error) => messages.push({ lost: error.message }),
    },
    hasBody,
  );
  const bytes = Buffer.from(text, "latin1");
  for (let at = 0, piece = 0; at < bytes.length; at += size, piece++) reader.push(bytes.subarray(at, at + size), piece);
  reader.finish(bytes.length);
  return messages;
}

const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nTrailer: 1\r\n\r\n";

test("every split of the bytes reads alike", () => {
  const requests = "POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET /b HTTP/1.1\r\nHost: x\r\n\r\n";
  for (let size = 1; size <= requests.length; size++) {
    const [post, get] = read(requests, size);
    assert.deepEqual([post.method, post.path, post.body, get.method, get.path, get.body], ["POST", "/a", "abc", "GET", "/b", ""]);
    assert.equal(post.micros, 0);
  }
  for (let size = 1; size <= CHUNKED.length; size++) {
    const [answer] = read(CHUNKED, size);
    assert.deepEqual([answer.status, answer.body, answer.end !== undefined], [200, "hello world", true]);
  }
});

test("the second message starts with its own first byte", () => {
  const [, second] = read("GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n", 10);
  assert.equal(second.micros, 1); // byte 19 is in the second piece
});

test("answers without a body and bodies without a length", () => {
  const noBody = (head) => head.status !== 204;
  assert.deepEqual(
    read("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\n\r\nrest", 7, noBody).map((answer) => [answer.status, answer.body]),
    [
      [100, ""],
      [204, ""],
      [200, "rest"],
    ],
  );
});

test("what is no HTTP is left unread", () => {
  assert.match(read("\x16\x03\x01 hello\r\n\r\nGET / HTTP/1.1\r\n\r\n", 64)[0].lost, /neither a request/);
});

test("events carry the time of their own first byte", () => {
  const seen = [];
  const reader = new EventReader((event) => seen.push(event));
  reader.push(Buffer.from(":keep\n\nevent: head\nda"), 10);
  reader.push(Buffer.from('ta: {"slot":"1"}\n\nevent: block\ndata: {}\n\n'), 20);
  reader.push(Buffer.from("\n\nevent: head\r\ndata: {}\r\n\r\n"), 30);
  assert.deepEqual(
    seen.map(({ event, micros }) => [event, micros]),
    [
      ["head", 10],
      ["block", 20],
      ["head", 30],
    ],
  );
});

test("a relay passes bytes unchanged and writes down both directions", async () => {
  const directory = mkdtempSync(path.join(os.tmpdir(), "relay-"));
  const node = http.createServer((request, response) => {
    if (request.url === "/events") {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end('event: head\ndata: {"slot":"7"}\n\n');
      return;
    }
    let body = "";
    request.on("data", (bytes) => (body += bytes));
    request.on("end", () => {
      response.writeHead(request.url === "/refused" ? 400 : 200, { "content-type": "application/json" });
      response.end(`{"echo":${body}}`);
    });
  });
  await new Promise((resolve) => node.listen(0, "127.0.0.1", resolve));
  const file = path.join(directory, "journal.jsonl");
  const journal = new Journal(file);
  const relay = await startRelay({ port: 0, targetPort: node.address().port, journal });
  const url = `http://127.0.0.1:${relay.address().port}`;

  const post = (target) => fetch(url + target, { method: "POST", body: '{"a":1}', headers: { connection: "close" } });
  assert.equal(await (await post("/accepted")).text(), '{"echo":{"a":1}}');
  assert.equal((await post("/refused")).status, 400);
  assert.match(await (await fetch(`${url}/events`)).text(), /"slot":"7"/);
  relay.close();
  node.closeAllConnections();
  node.close();
  await journal.close();

  const lines = readFileSync(file, "utf8").trim().split("\n").map(JSON.parse);
  const [accepted, refused] = lines.filter((line) => line.type === "exchange");
  assert.deepEqual([accepted.path, accepted.status, accepted.request_body, accepted.response_body], ["/accepted", 200, '{"a":1}', undefined]);
  assert.deepEqual([refused.status, refused.response_body], [400, '{"echo":{"a":1}}']);
  assert.ok(accepted.request_micros <= accepted.response_micros && accepted.response_micros <= accepted.response_end_micros);
  assert.deepEqual(
    lines.filter((line) => line.type === "event").map((line) => [line.event, line.data]),
    [["head", '{"slot":"7"}']],
  );
  rmSync(directory, { recursive: true });
});

test("a relay's manner keeps the order, freezes and delays without losing anything", async () => {
  const manner = new Manner();
  const done = [];
  const carry = (name) => manner.carry(() => done.push(name));
  carry("at once");
  assert.deepEqual(done, ["at once"]);
  manner.change({ manner: "freeze" });
  carry("frozen 1");
  carry("frozen 2");
  assert.deepEqual(done, ["at once"]);
  manner.change({ manner: "delay", millis: 30 });
  const before = performance.now();
  const delayed = new Promise((resolve) => manner.carry(() => resolve(performance.now())));
  manner.carry(() => done.push("after"));
  assert.deepEqual(done, ["at once", "frozen 1", "frozen 2"]);
  assert.ok((await delayed) - before >= 30);
  manner.change({ manner: "pass" });
  await new Promise((resolve) => manner.carry(resolve));
  assert.deepEqual(done, ["at once", "frozen 1", "frozen 2", "after"]);
  assert.throws(() => manner.change({ manner: "lie" }), /no manner/);
  assert.throws(() => manner.change({ manner: "delay", millis: -1 }), /whole number/);
});
