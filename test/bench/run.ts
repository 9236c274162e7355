// `npm run bench`: every figure that we promise, with its target. Each topic runs in a process of its own, one after the
// other. `npm run bench -- small init` runs these only; `--write FILE` puts the tables between the markers in the file.

import { fork } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { createReport, type Entry, summaryOf, toMarkdown, toText } from './report.ts';

/** Those that are quick or quiet first: what memory the large ones leave behind is gone by then. */
const TOPICS = [
  ...['init', 'small', 'engine', 'npm-peers', 'pipeline', 'beside'],
  ...['looks', 'pages', 'memory', 'growth', 'catalog', 'backlog'],
];
const BEGIN = '<!-- bench: begin -->';
const END = '<!-- bench: end -->';

const topic = process.env.BENCH_TOPIC;
if (topic === undefined) await runAll();
else await runTopic(topic);

async function runAll(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { write: { type: 'string' } },
    allowPositionals: true,
  });
  const unknown = positionals.find((name) => !TOPICS.includes(name));
  if (unknown !== undefined) throw new Error(`there is no topic ${unknown}; there are ${TOPICS.join(', ')}`);
  const began = performance.now();
  const entries: Entry[] = [{ kind: 'text', text: machine() }];
  console.log(machine());
  let failed = false;
  for (const name of positionals.length > 0 ? positionals : TOPICS) {
    const started = performance.now();
    const take = (entry: Entry): void => {
      entries.push(entry);
      console.log(toText(entry));
    };
    failed = !(await runApart(name, take)) || failed;
    console.log(`  (${name}: ${((performance.now() - started) / 1000).toFixed(0)} s)`);
  }
  const summary = summaryOf(entries);
  console.log(`\n## Targets\n\n${toText(summary)}`);
  console.log(`\n${((performance.now() - began) / 60_000).toFixed(1)} minutes in all`);
  if (failed) process.exitCode = 1;
  else if (values.write !== undefined) write(values.write, [entries[0]!, summary, ...entries.slice(1)]);
}

/** Resolves with whether the topic came to its end. */
function runApart(name: string, take: (entry: Entry) => void): Promise<boolean> {
  const child = fork(import.meta.filename, {
    env: { ...process.env, BENCH_TOPIC: name },
    execArgv: ['--max-old-space-size=8192'],
  });
  child.on('message', take);
  return new Promise((resolve) => child.on('close', (code) => resolve(code === 0)));
}

async function runTopic(name: string): Promise<void> {
  const { default: measure } = (await import(`./${name}.ts`)) as {
    default: (report: ReturnType<typeof createReport>) => Promise<void>;
  };
  await measure(createReport((entry) => void process.send!(entry)));
  process.disconnect();
}

function machine(): string {
  const model = cpus()[0]?.model ?? 'unknown processor';
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  const day = new Date().toISOString().slice(0, 10);
  return `${day}, ${model}, ${cpus().length} cores, ${gigabytes} GiB, Node ${process.version}, ${process.platform}.`;
}

function write(file: string, entries: readonly Entry[]): void {
  const text = readFileSync(file, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${file} has no markers ${BEGIN} and ${END}`);
  const tables = entries
    .map(toMarkdown)
    .filter((part) => part !== '')
    .join('\n');
  writeFileSync(file, `${text.slice(0, begin + BEGIN.length)}\n\n${tables}\n${text.slice(end)}`);
}
