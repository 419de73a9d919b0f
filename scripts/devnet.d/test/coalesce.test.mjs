import assert from "node:assert/strict";
import { test } from "node:test";
import { Coalescer } from "../beacon/coalesce.mjs";

class Refused extends Error {
  constructor(message, failures) {
    super(message);
    this.failures = failures;
  }
}
const bytes = (item) => Buffer.from(JSON.stringify(item));

/** A beacon node that counts what it judges and refuses what says so. */
function node() {
  const judged = [];
  let open = () => {};
  const gate = new Promise((resolve) => (open = resolve));
  const publish = async ({ items }) => {
    judged.push(...items.map(({ name }) => name));
    await gate;
    if (items[0].isBad) throw new Refused("refused", [{ index: 0, message: `${items[0].name} is bad` }]);
  };
  return { judged, open, publish: new Coalescer(Refused).wrap(publish, "items", bytes) };
}

test("copies that come while the first is judged get its answer, and later ones too", async () => {
  const { judged, open, publish } = node();
  const both = [publish({ items: [{ name: "a" }, { name: "b" }] }), publish({ items: [{ name: "b" }, { name: "a" }] })];
  open();
  await Promise.all(both);
  await publish({ items: [{ name: "a" }] });
  assert.deepEqual(judged, ["a", "b"]);
});

test("refusals name the items as they were sent, reach every sender, and are judged anew", async () => {
  const { judged, open, publish } = node();
  const items = [{ name: "a" }, { name: "b", isBad: true }];
  const both = [publish({ items }), publish({ items: [...items].reverse() })].map((answer) => answer.catch((error) => error.failures));
  open();
  assert.deepEqual(await Promise.all(both), [[{ index: 1, message: "b is bad" }], [{ index: 0, message: "b is bad" }]]);
  await assert.rejects(publish({ items: [items[1]] }));
  assert.deepEqual(judged, ["a", "b", "b"]);
});

test("what differs in one byte is another object", async () => {
  const { judged, open, publish } = node();
  open();
  await publish({ items: [{ name: "a", root: 1 }] });
  await publish({ items: [{ name: "a", root: 2 }] });
  assert.deepEqual(judged, ["a", "a"]);
});
