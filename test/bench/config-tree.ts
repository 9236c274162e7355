// A seeded config tree: deep, with keys that are nearly all different. No rows to align, so it is hard for a differ.

import { createRandom, pick, WORDS, wordsOf } from './corpus.ts';

type Value = string | number | boolean | null | Value[] | Tree;
interface Tree {
  [key: string]: Value;
}

const DEPTH = 9;

/** About `bytes` of JSON text. */
export function createConfigTree(bytes: number, seed = 5): Tree {
  const random = createRandom(seed);
  const root: Tree = {};
  let written = 0;
  for (let section = 0; written < bytes; section++) {
    const name = `section-${section}`;
    root[name] = branch(random, DEPTH);
    written += JSON.stringify(root[name]).length + name.length + 4;
  }
  return root;
}

export const treeText = (tree: Tree): Buffer => Buffer.from(JSON.stringify(tree));

/** The tree with a part of its leaves edited: most changed, some gone, some new beside them. */
export function withEditedLeaves(tree: Tree, part: number, seed = 6): Tree {
  const random = createRandom(seed);
  const edited = (value: Value): Value => (isTree(value) ? editTree(value) : value);
  const editTree = (old: Tree): Tree => {
    const next: Tree = {};
    for (const [key, value] of Object.entries(old)) {
      if (isTree(value) || random() >= part) {
        next[key] = edited(value);
        continue;
      }
      const kind = random();
      if (kind < 0.1) continue;
      next[key] = kind < 0.2 ? value : `changed-${Math.floor(random() * 1e12)}`;
      if (kind < 0.2) next[`new-${Math.floor(random() * 1e9)}`] = wordsOf(random, 3);
    }
    return next;
  };
  return editTree(tree);
}

function isTree(value: Value): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function branch(random: () => number, depth: number): Value {
  if (depth === 0 || random() < 0.15) return leaf(random);
  const tree: Tree = {};
  const children = 2 + Math.floor(random() * 6);
  for (let i = 0; i < children; i++) {
    tree[`${pick(random, WORDS)}-${Math.floor(random() * 1000)}`] = branch(random, depth - 1);
  }
  return tree;
}

function leaf(random: () => number): Value {
  switch (Math.floor(random() * 6)) {
    case 0:
      return Math.floor(random() * 1e6);
    case 1:
      return random() < 0.5;
    case 2:
      return null;
    case 3:
      return wordsOf(random, 4);
    case 4:
      return [Math.floor(random() * 99), Math.floor(random() * 99), pick(random, WORDS)];
    default:
      return `${Math.floor(random() * 2 ** 48).toString(16)}${Math.floor(random() * 2 ** 48).toString(16)}`;
  }
}
