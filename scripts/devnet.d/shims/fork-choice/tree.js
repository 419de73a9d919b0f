// The block tree from the finalized block upwards, with LMD weights.

/** One block and its place in the tree. */
class Node {
  constructor(block, parent) {
    this.block = block;
    this.parent = parent;
    this.children = [];
  }
}

export class BlockTree {
  #nodes = new Map();

  constructor(anchor) {
    this.#nodes.set(anchor.blockRoot, new Node(anchor, null));
  }

  block(root) {
    return this.#nodes.get(root)?.block ?? null;
  }

  has(root) {
    return this.#nodes.has(root);
  }

  blocks() {
    return Array.from(this.#nodes.values(), (node) => node.block);
  }

  leaves() {
    return [...this.#nodes.values()].filter((node) => node.children.length === 0).map((node) => node.block);
  }

  /** A block whose parent was pruned or never known has no place and is left out. */
  add(block) {
    const parent = this.#nodes.get(block.parentRoot);
    if (!parent || this.#nodes.has(block.blockRoot)) return;
    const node = new Node(block, parent);
    parent.children.push(node);
    this.#nodes.set(block.blockRoot, node);
  }

  /** The block of `root` and its ancestors, youngest first. */
  *ancestors(root) {
    for (let node = this.#nodes.get(root); node; node = node.parent) yield node.block;
  }

  isDescendant(ancestorRoot, root) {
    const lowest = this.block(ancestorRoot)?.slot ?? Number.POSITIVE_INFINITY;
    for (const block of this.ancestors(root)) {
      if (block.blockRoot === ancestorRoot) return true;
      if (block.slot <= lowest) return false;
    }
    return false;
  }

  *descendants(root) {
    const pending = [...(this.#nodes.get(root)?.children ?? [])];
    while (pending.length > 0) {
      const node = pending.shift();
      yield node.block;
      pending.push(...node.children);
    }
  }

  /**
   * The leaf reached from `root` by the heavier child at each step; equal weights fall to the later slot, then to the
   * larger root. `votes` counts latest votes per block root.
   */
  heaviestLeaf(root, votes, isValid) {
    const weights = new Map();
    for (const [votedRoot, count] of votes) {
      for (let node = this.#nodes.get(votedRoot); node && node.block.blockRoot !== root; node = node.parent) {
        weights.set(node, (weights.get(node) ?? 0) + count);
      }
    }
    const heavier = (a, b) => {
      const byWeight = (weights.get(a) ?? 0) - (weights.get(b) ?? 0) || a.block.slot - b.block.slot;
      return byWeight > 0 || (byWeight === 0 && a.block.blockRoot > b.block.blockRoot) ? a : b;
    };
    let node = this.#nodes.get(root);
    for (;;) {
      const children = node.children.filter((child) => isValid(child.block));
      if (children.length === 0) return node.block;
      node = children.reduce(heavier);
    }
  }

  /** Makes `root` the new anchor; everything that does not descend from it goes. */
  prune(root) {
    const anchor = this.#nodes.get(root);
    if (!anchor || anchor.parent === null) return [];
    const kept = new Map([[root, anchor]]);
    for (const block of this.descendants(root)) kept.set(block.blockRoot, this.#nodes.get(block.blockRoot));
    const removed = this.blocks().filter((block) => !kept.has(block.blockRoot));
    anchor.parent = null;
    this.#nodes = kept;
    return removed;
  }
}
