// Work on large texts in threads of its own, so that nobody's small request waits for it. Texts are handed over, not
// copied: while a thread has them, they are nowhere else.

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Kernel } from '../../core/json/kernel/kernel.ts';
import { ServiceError } from '../../core/records/errors.ts';
import { type IndexedText, quickTreeAt } from '../../core/text-work.ts';
import { PortError } from '../../ports/errors.ts';
import { inThisThread, type TextWork } from '../../ports/text-work.ts';
import type { WorkAnswer, WorkRequest, WorkTexts } from './text-worker.ts';
import { buffersIn, ownPieces } from './transferable.ts';

/** Shorter texts are worked on here: the worst that such a piece of work can cost is some 50 ms. */
const HANDED_OVER_BYTES_MIN = 256 * 1024;
const THREADS_MAX = 4;

export interface TextWorkers extends TextWork {
  /** Ends the threads; work under way fails. */
  close(): Promise<void>;
}

interface Task {
  request: WorkRequest;
  resolve: (answer: WorkAnswer) => void;
  reject: (reason: unknown) => void;
}

interface Thread {
  worker: Worker;
  task: Task | undefined;
}

/** `program` is the file of `text-worker.ts`. Threads are started when they are first needed; each makes a kernel like this one. */
export function createTextWorkers(program: URL, kernel: Kernel): TextWorkers {
  const here = inThisThread(kernel);
  // One processor is for the requests.
  const threadsMax = Math.max(1, Math.min(THREADS_MAX, availableParallelism() - 1));
  const threads = new Set<Thread>();
  const waiting: Task[] = [];
  let isClosed = false;

  function start(): Thread {
    const thread: Thread = { worker: new Worker(program, { workerData: kernel.setup }), task: undefined };
    threads.add(thread);
    const broken = (cause: unknown): void => {
      threads.delete(thread);
      const { task } = thread;
      thread.task = undefined;
      task?.reject(new PortError('unavailable', 'the work on a text was broken off', { cause }));
      next();
    };
    thread.worker.on('message', (answer: WorkAnswer) => {
      const { task } = thread;
      thread.task = undefined;
      thread.worker.unref();
      task?.resolve(answer);
      next();
    });
    thread.worker.on('error', broken);
    thread.worker.on('messageerror', broken);
    thread.worker.on('exit', (code) => {
      if (threads.has(thread)) broken(new Error(`the thread ended with code ${code}`));
    });
    return thread;
  }

  /** Loading the program takes a quarter of a second, in which the blobs are read and opened. */
  function startFirst(): void {
    // It is idle: the process may end before there is work.
    if (threads.size === 0 && !isClosed) start().worker.unref();
  }

  function next(): void {
    while (waiting.length > 0 && !isClosed) {
      const idle = [...threads].find(({ task }) => task === undefined);
      if (idle === undefined && threads.size >= threadsMax) return;
      const thread = idle ?? start();
      const task = waiting.shift()!;
      thread.task = task;
      // The process must not end while somebody waits for this.
      thread.worker.ref();
      const request = { ...task.request, args: ownPieces(task.request.args) };
      thread.worker.postMessage(request, buffersIn(request));
    }
  }

  async function ask<Name extends keyof WorkTexts>(
    name: Name,
    args: WorkTexts[Name]['args'],
    isReturned: boolean,
  ): Promise<WorkTexts[Name]['result']> {
    const {
      args: returned,
      result,
      fault,
    } = await new Promise<WorkAnswer>((resolve, reject) => {
      if (isClosed) return reject(new PortError('unavailable', 'the service is closing'));
      waiting.push({ request: { name, args: [...args], isReturned }, resolve, reject });
      next();
    });
    if (isReturned) for (const [i, arg] of args.entries()) giveBack(arg, returned?.[i]);
    if (fault === undefined) return result as WorkTexts[Name]['result'];
    if (fault.service === undefined) throw new Error(`work on a text failed: ${fault.message}`);
    const { code, errors, extra } = fault.service;
    throw new ServiceError(code, fault.message, { errors, extra });
  }

  const isSmall = (...texts: Uint8Array[]): boolean =>
    texts.reduce((sum, { length }) => sum + length, 0) < HANDED_OVER_BYTES_MIN;

  return {
    expect(bytes) {
      if (bytes >= HANDED_OVER_BYTES_MIN) startFirst();
    },

    makeDelta: (base, target, ...how) =>
      isSmall(base.bytes, target.bytes)
        ? here.makeDelta(base, target, ...how)
        : ask('makeDelta', [base, target, ...how], true),

    hashOfApplied: (base, delta) =>
      isSmall(base.bytes, delta)
        ? here.hashOfApplied(base, delta)
        : ask('hashOfApplied', [base, delta], true),

    async applyChain(base, deltas, isChecked) {
      if (isSmall(base, ...deltas)) return here.applyChain(base, deltas, isChecked);
      const { bytes, ...proof } = await ask('applyWholeChain', [base, deltas, isChecked], false);
      return { ...proof, bytes: bytes.length, chunks: [bytes] };
    },

    servedChunks: (base, target, identity) =>
      isSmall(base.bytes, target.bytes)
        ? here.servedChunks(base, target, identity)
        : ask('servedChunks', [base, target, identity], false),

    rowsGone: (base, target, identity) =>
      isSmall(base.bytes, target.bytes)
        ? here.rowsGone(base, target, identity)
        : ask('lossesOf', [base, target, identity], true),

    findSpan: (text, tokens) =>
      isSmall(text.bytes) ? here.findSpan(text, tokens) : ask('findSpan', [text, tokens], true),

    async treeAt(text, steps, options) {
      if (isSmall(text.bytes)) return here.treeAt(text, steps, options);
      // To hand 100 MB over and back takes longer than to look into what is known of it.
      return quickTreeAt(text, steps, options) ?? ask('treeAt', [text, steps, options], true);
    },

    placesOf: (text) => (isSmall(text.bytes) ? here.placesOf(text) : ask('placesOf', [text], true)),

    placeAlong: (base, deltas, steps, options) =>
      isSmall(base, ...deltas)
        ? here.placeAlong(base, deltas, steps, options)
        : ask('placeAlong', [base, deltas, steps, options], false),

    diffPage: (base, target, steps, options) =>
      isSmall(base.bytes, target.bytes)
        ? here.diffPage(base, target, steps, options)
        : ask('diffPage', [base, target, steps, options], true),

    async close() {
      isClosed = true;
      for (const { reject } of waiting.splice(0))
        reject(new PortError('unavailable', 'the service is closing'));
      await Promise.all([...threads].map(({ worker }) => worker.terminate()));
    },
  };
}

/** Puts the bytes of a text that comes back where they were. */
function giveBack(given: unknown, returned: unknown): void {
  if (!isText(given) || !isText(returned)) return;
  given.bytes = returned.bytes;
  if (returned.index !== undefined) given.index = returned.index;
  if (returned.differences !== undefined) given.differences = returned.differences;
}

function isText(value: unknown): value is IndexedText {
  return typeof value === 'object' && value !== null && 'bytes' in value;
}
