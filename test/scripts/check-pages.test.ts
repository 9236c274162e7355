// Pages that name what is not there are found, by the check that `npm run check` makes.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { allFaults, faultsOf } from '../../scripts/check-pages.ts';

const root = mkdtempSync(join(tmpdir(), 'pages-'));
afterAll(() => rmSync(root, { recursive: true }));

mkdirSync(join(root, 'docs'));
writeFileSync(join(root, 'docs/other.md'), '# Other page\n\n## What is `served`, and why\n');

function faults(text: string): string[] {
  writeFileSync(join(root, 'docs/page.md'), text);
  return faultsOf(root, 'docs/page.md');
}

test.each([
  ['a path', 'see `docs/gone.ts`'],
  ['a folder', 'see `lib/gone/`'],
  ['a path with its line', 'see `docs/gone.ts:12`'],
  ['a page', 'see [it](gone.md)'],
  ['a heading of another page', 'see [it](other.md#nothing)'],
  ['a heading of its own', 'see [it](#nothing)'],
])('%s that is not there', (_, text) => {
  expect(faults(`# Page\n\n${text}\n`)).toEqual([
    expect.stringMatching(/^docs\/page\.md:3: .*(gone|nothing)/),
  ]);
});

test('nothing else is complained of', () => {
  const fine = [
    '# Page',
    '`docs/other.md`, `blobs/xx/<id>`, `docs/*.md`, [web](https://example.com/gone), [other](other.md)',
    '[part](other.md#what-is-served-and-why), [own](#page)',
    '```text',
    '[0](gone.md) `docs/gone.ts`',
    '```',
  ];
  expect(faults(fine.join('\n'))).toEqual([]);
});

test('the pages of this repository lead somewhere', () => {
  expect(allFaults()).toEqual([]);
});
