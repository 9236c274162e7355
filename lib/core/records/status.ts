// How far a restore or a backup by upload has come.

export type RequestStatus = 'pending' | 'in_progress' | 'completed' | 'failed';
export type OperationStatus = 'queued' | 'in_progress' | 'validating' | 'completed' | 'failed';

/** Whether an operation or a request has come to its end, well or not: nothing moves it on any more. */
export function isFinished({ status }: { status: OperationStatus | RequestStatus }): boolean {
  return status === 'completed' || status === 'failed';
}
