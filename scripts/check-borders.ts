// `node scripts/check-borders.ts`: every import of `lib` against the borders, and the rooms against circles. Ends with 1 if one is
// crossed, with a line each.

import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { circleOf, faultOfConsoleImport, faultOfImport, importsOf, ROOMS, roomOf } from './borders.ts';

const faults: string[] = [];
const edges = new Map<string, Set<string>>();
const lived = new Set<string>();
const files = globSync('lib/**/*.ts').filter(
  (file) => !file.includes('/assembly/') && !file.endsWith('.d.ts'),
);

for (const file of files) {
  const room = roomOf(file);
  if (room !== undefined) lived.add(room);
  for (const specifier of importsOf(readFileSync(file, 'utf8'))) {
    const fault = faultOfImport(file, specifier);
    if (fault !== undefined) faults.push(`${file}: ${fault}`);
    const other = specifier.startsWith('.') ? roomOf(join(dirname(file), specifier)) : undefined;
    if (room === undefined || other === undefined || other === room) continue;
    edges.set(room, (edges.get(room) ?? new Set()).add(other));
  }
}
for (const file of globSync('console/**/*.{ts,tsx}')) {
  for (const specifier of importsOf(readFileSync(file, 'utf8'))) {
    const fault = faultOfConsoleImport(file, specifier);
    if (fault !== undefined) faults.push(`${file}: ${fault}`);
  }
}
const circle = circleOf(edges);
if (circle !== undefined) faults.push(`rooms import in a circle: ${circle.join(' -> ')}`);
for (const room of Object.keys(ROOMS)) if (!lived.has(room)) faults.push(`nothing lives in ${room}`);

for (const fault of faults) process.stderr.write(`${fault}\n`);
if (faults.length > 0) process.exitCode = 1;
else process.stdout.write(`${files.length} files in ${lived.size} rooms: no border is crossed\n`);
