// Answers CloudFormation on behalf of a custom resource that has something to do only when it is deleted.

import type { CloudFormationCustomResourceEvent } from 'aws-lambda';

/**
 * Runs `onDelete` if that is what happens, and tells CloudFormation how it went: without an answer the stack would wait for an
 * hour. The resource is called `physicalId`; under another one, CloudFormation deletes the former. Throws if it cannot be told.
 */
export async function answerStack(
  event: CloudFormationCustomResourceEvent,
  physicalId: string,
  onDelete: () => Promise<void>,
): Promise<void> {
  const { StackId, RequestId, LogicalResourceId, ResponseURL } = event;
  const isDelete = event.RequestType === 'Delete';
  const outcome = isDelete ? await outcomeOf(onDelete) : { Status: 'SUCCESS' };
  const PhysicalResourceId = isDelete ? event.PhysicalResourceId : physicalId;
  const answer = { ...outcome, PhysicalResourceId, StackId, RequestId, LogicalResourceId };
  // As bytes: a text would get a Content-Type, and the URL is signed for none.
  const body = new TextEncoder().encode(JSON.stringify(answer));
  const { ok, status } = await fetch(ResponseURL, { method: 'PUT', body });
  if (!ok) throw new Error(`CloudFormation took the answer with ${status}`);
}

async function outcomeOf(work: () => Promise<void>): Promise<{ Status: string; Reason?: string }> {
  try {
    await work();
    return { Status: 'SUCCESS' };
  } catch (error) {
    return { Status: 'FAILED', Reason: error instanceof Error ? error.message : String(error) };
  }
}
