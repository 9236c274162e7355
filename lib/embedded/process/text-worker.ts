// The thread that works on large texts: takes one piece of work after the other, and sends texts back with the result.

import { parentPort, workerData } from 'node:worker_threads';
import { createKernel, type Kernel, type KernelSetup } from '../../core/json/kernel/kernel.ts';
import { ServiceError } from '../../core/records/errors.ts';
import {
  applyWholeChain,
  diffPage,
  findSpan,
  hashOfApplied,
  lossesOf,
  makeDelta,
  placeAlong,
  placesOf,
  servedChunks,
  treeAt,
} from '../../core/text-work.ts';
import { buffersIn, ownPieces } from './transferable.ts';

type WithoutKernel<Work> = Work extends (kernel: Kernel, ...args: infer Args) => unknown ? Args : never;

/** What can be asked of the thread: the name of a piece of work, and what it is given. */
export interface WorkTexts {
  makeDelta: { args: WithoutKernel<typeof makeDelta>; result: ReturnType<typeof makeDelta> };
  hashOfApplied: { args: Parameters<typeof hashOfApplied>; result: string };
  applyWholeChain: {
    args: WithoutKernel<typeof applyWholeChain>;
    result: ReturnType<typeof applyWholeChain>;
  };
  servedChunks: { args: WithoutKernel<typeof servedChunks>; result: Uint8Array[] };
  placeAlong: { args: WithoutKernel<typeof placeAlong>; result: ReturnType<typeof placeAlong> };
  diffPage: { args: WithoutKernel<typeof diffPage>; result: ReturnType<typeof diffPage> };
  placesOf: { args: WithoutKernel<typeof placesOf>; result: ReturnType<typeof placesOf> };
  treeAt: { args: WithoutKernel<typeof treeAt>; result: ReturnType<typeof treeAt> };
  lossesOf: { args: WithoutKernel<typeof lossesOf>; result: ReturnType<typeof lossesOf> };
  findSpan: { args: Parameters<typeof findSpan>; result: ReturnType<typeof findSpan> };
}

export interface WorkRequest {
  name: keyof WorkTexts;
  args: unknown[];
  /** Whether what it was given is to come back. */
  isReturned: boolean;
}

/** A fault that a caller is to be told of has its code; anything else is ours. */
export type WorkAnswer = { args?: unknown[] } & (
  | { result: unknown; fault?: never }
  | { result?: never; fault: { message: string; service?: Pick<ServiceError, 'code' | 'errors' | 'extra'> } }
);

const kernel = createKernel(workerData as KernelSetup);
const WORK = {
  makeDelta: makeDelta.bind(undefined, kernel),
  hashOfApplied,
  lossesOf: lossesOf.bind(undefined, kernel),
  applyWholeChain: applyWholeChain.bind(undefined, kernel),
  servedChunks: servedChunks.bind(undefined, kernel),
  findSpan,
  treeAt: treeAt.bind(undefined, kernel),
  placesOf: placesOf.bind(undefined, kernel),
  placeAlong: placeAlong.bind(undefined, kernel),
  diffPage: diffPage.bind(undefined, kernel),
} as Record<keyof WorkTexts, (...args: unknown[]) => unknown>;

parentPort?.on('message', ({ name, args, isReturned }: WorkRequest) => {
  const given = isReturned ? { args } : {};
  let answer: WorkAnswer;
  try {
    answer = { ...given, result: ownPieces(WORK[name](...args)) };
  } catch (error) {
    answer = { ...given, fault: faultOf(error) };
  }
  parentPort!.postMessage(answer, buffersIn(answer));
});

function faultOf(error: unknown): NonNullable<WorkAnswer['fault']> {
  if (!(error instanceof ServiceError)) {
    return { message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  const { message, code, errors, extra } = error;
  return { message, service: { code, errors, extra } };
}
