import assert from "node:assert/strict";
import { test } from "node:test";
import { BlockTree } from "../shims/fork-choice/tree.js";

const block = (blockRoot, parentRoot, slot) => ({ blockRoot, parentRoot, slot });

function chain() {
  const tree = new BlockTree(block("a", "genesis", 0));
  for (const each of [block("b", "a", 1), block("c", "b", 2), block("d", "b", 3), block("e", "d", 4)]) tree.add(each);
  return tree;
}
const isValid = () => true;

test("the head follows the weight, then the later slot", () => {
  const tree = chain();
  assert.equal(tree.heaviestLeaf("a", new Map([["c", 3], ["e", 2]]), isValid).blockRoot, "c");
  assert.equal(tree.heaviestLeaf("a", new Map([["c", 1], ["d", 1], ["e", 1]]), isValid).blockRoot, "e");
  assert.equal(tree.heaviestLeaf("a", new Map(), isValid).blockRoot, "e");
  assert.equal(tree.heaviestLeaf("a", new Map([["e", 9]]), ({ blockRoot }) => blockRoot !== "d").blockRoot, "c");
  assert.equal(tree.heaviestLeaf("a", new Map([["unknown", 9]]), isValid).blockRoot, "e");
});

test("ancestry is by parents", () => {
  const tree = chain();
  assert.deepEqual(
    [...tree.ancestors("e")].map(({ blockRoot }) => blockRoot),
    ["e", "d", "b", "a"],
  );
  assert.ok(tree.isDescendant("b", "e") && tree.isDescendant("e", "e") && !tree.isDescendant("c", "e") && !tree.isDescendant("unknown", "e"));
});

test("pruning keeps the new anchor and what descends from it", () => {
  const tree = chain();
  assert.deepEqual(tree.prune("d").map(({ blockRoot }) => blockRoot).sort(), ["a", "b", "c"]);
  assert.deepEqual(tree.blocks().map(({ blockRoot }) => blockRoot).sort(), ["d", "e"]);
  assert.deepEqual(tree.prune("d"), []);
  tree.add(block("f", "c", 5)); // its parent is gone
  assert.ok(!tree.has("f"));
});
