// Core and service follow from what they are given: see scripts/purity.ts, which `npm run check` runs too.

import { describe, expect, test } from '@jest/globals';
import { lookAtAll } from '../../scripts/check-purity.ts';
import { impuritiesOf } from '../../scripts/purity.ts';

test('all of core and service is looked at, and pure but for what is let in', () => {
  const { files, faults } = lookAtAll();
  expect(files).toBeGreaterThan(150);
  expect(faults).toEqual([]);
});

describe('what is looked for is found', () => {
  test.each([
    ['const limit = process.env.LIMIT;', 'process'],
    ['export const read = () => globalThis.process;', 'globalThis'],
    ["import { env } from 'node:process';", 'node:process'],
    ["import { randomBytes } from 'node:crypto';", 'node:crypto randomBytes'],
    ["import crypto from 'node:crypto';", 'node:crypto default'],
    ["import * as crypto from 'node:crypto';", 'node:crypto *'],
    ["export { randomUUID } from 'node:crypto';", 'node:crypto randomUUID'],
    ["export const load = () => import('node:crypto');", 'import()'],
    ["import { availableParallelism } from 'node:os';", 'node:os'],
    ["import { setTimeout as pause } from 'node:timers/promises';", 'node:timers/promises'],
    ['export const id = () => crypto.randomUUID();', 'crypto'],
    ['export const roll = () => Math.random();', 'Math.random'],
    ["export const roll = () => Math['random']();", 'Math[]'],
    ['export const roll = () => { const { random } = Math; return random(); };', 'Math'],
    ['export const now = () => Date.now();', 'Date.now'],
    ['export const now = Date.now;', 'Date.now'],
    ['export const now = () => new Date();', 'new Date()'],
    ['export const now = () => Date();', 'Date'],
    ['export function took(now = performance.now()) { return now; }', 'performance'],
    ['export const later = (f: () => void) => setTimeout(f, 1);', 'setTimeout'],
    ['export const here = import.meta.dirname;', 'import.meta'],
    ['let count = 0; export const next = () => ++count;', 'state count'],
    ['export var count = 0;', 'state count'],
    ['const known = new Map(); export const knows = (k: string) => known.has(k);', 'state known'],
    ['const seen: string[] = []; export const see = (s: string) => seen.push(s);', 'state seen'],
    ['const last = { at: 0 }; export const see = (at: number) => { last.at = at; };', 'state last'],
    ['const last = { at: 0 }; export class See { see() { last.at++; } }', 'state last'],
    ['const last = { at: 0 }; export const see = (at: number) => Object.assign(last, { at });', 'state last'],
    ['export class Counter { static count = 0; }', 'state count'],
  ])('%s', (source, name) => {
    expect(impuritiesOf(source)).toContain(name);
  });

  test.each([
    'export const day = (at: number) => new Date(at).toISOString();',
    'export const START = Date.UTC(2026, 0, 1);',
    "import { createHash } from 'node:crypto'; export const hash = () => createHash('sha256');",
    "import type { KeyObject } from 'node:crypto'; export type Key = KeyObject;",
    'export const most = (a: number) => { let most = a; most++; return Math.max(most, 1); };',
    'export interface Job { process: string; setTimeout(): void } export const of = (job: Job) => job.process;',
    'const KNOWN: ReadonlySet<string> = new Set(["a"]); export const knows = (k: string) => KNOWN.has(k);',
    'const TABLE = { a: 1 } as const; export const get = (table = TABLE) => Object.keys(TABLE);',
    'export const local = () => { const seen: string[] = []; seen.push("a"); return seen; };',
    'export const text = "process.env, Date.now() and Math.random()"; // performance',
  ])('and nothing else: %s', (source) => {
    expect(impuritiesOf(source)).toEqual([]);
  });
});
