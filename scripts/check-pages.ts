// What the pages name exists: every path of the repository between backticks, every link, and every heading that a link
// leads to. `node scripts/check-pages.ts` says what does not; `npm run check` runs it.

import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
const PAGES = ['*.md', 'docs/**/*.md', 'lib/**/*.md'];
/** Folders whose files are named from the root; what else stands between backticks may be anything. */
const PATH = /`((?:bin|docs|lambdas|lib|scripts|test)\/[\w./@-]*)(?::\d+)?`/g;
const LINK = /\]\(([^)\s]+)\)/g;

/** Paths and links of a page that lead nowhere, each with its line. */
export function faultsOf(root: string, page: string): string[] {
  const faults: string[] = [];
  let isCode = false;
  for (const [i, line] of readFileSync(join(root, page), 'utf8').split('\n').entries()) {
    if (line.startsWith('```')) isCode = !isCode;
    if (isCode) continue;
    const paths = [...line.matchAll(PATH)].map(([, path]) => path!);
    const gone = paths.filter((path) => !existsSync(join(root, path)));
    const links = [...line.matchAll(LINK)].map(([, link]) => link!);
    gone.push(...links.filter((link) => !/^\w+:/.test(link) && !leadsSomewhere(root, page, link)));
    faults.push(...gone.map((what) => `${page}:${i + 1}: ${what}`));
  }
  return faults;
}

function leadsSomewhere(root: string, page: string, link: string): boolean {
  const [path, anchor] = link.split('#') as [string, string | undefined];
  const target = path === '' ? join(root, page) : resolve(root, dirname(page), path);
  if (!existsSync(target) || anchor === undefined) return existsSync(target);
  return anchorsOf(readFileSync(target, 'utf8')).includes(anchor);
}

/** The names that GitHub gives to headings. */
function anchorsOf(markdown: string): string[] {
  const headings = [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading!);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}

/** Of all pages of the repository. */
export function allFaults(): string[] {
  const pages = globSync(PAGES, { cwd: ROOT, exclude: ['node_modules/**'] }).sort();
  if (pages.length === 0) throw new Error('there are no pages');
  return pages.flatMap((page) => faultsOf(ROOT, page));
}

if (process.argv[1] === import.meta.filename) {
  const faults = allFaults();
  for (const fault of faults) process.stderr.write(`leads nowhere: ${fault}\n`);
  if (faults.length > 0) process.exitCode = 1;
}
