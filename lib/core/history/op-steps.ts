// Where the operations of a comparison are, as the steps of paths.

import {
  AROUND,
  type Ops,
  ROOT,
  STEP,
  STEP_FROM,
  STEP_INDEX,
  STEP_TARGET_NAME,
  STEP_TO,
} from '../delta/compare/ops.ts';
import { decodeName } from '../json/pointer.ts';

/** One step, into the container that the step before leads to. */
export interface OpStep {
  /** The name, or the number, as a path has it. */
  step: string;
  /** Of an element. */
  index?: number;
  /** Of a member: where its value begins, in the text that the name is of. */
  valueAt?: number;
}

/** The steps to `place`, an offset among the places. All but the last are of the base. */
export function stepsTo({ places }: Ops, place: number, base: Buffer, target: Buffer): OpStep[] {
  const { data } = places;
  const steps: OpStep[] = [];
  for (let at = place; at !== ROOT; at = data[at + AROUND]!) {
    const from = data[at + STEP_FROM]!;
    if (data[at + STEP] === STEP_INDEX) {
      steps.push({ step: String(from), index: from });
      continue;
    }
    const text = data[at + STEP] === STEP_TARGET_NAME ? target : base;
    const to = data[at + STEP_TO]!;
    steps.push({ step: decodeName(text.subarray(from + 1, to - 1)), valueAt: to + 1 });
  }
  return steps.reverse();
}
