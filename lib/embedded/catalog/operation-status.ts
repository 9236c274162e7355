import type { OperationStatus, RequestStatus } from '../../core/records/model.ts';

/** Whether an operation or a request has come to its end, well or not. */
export function isFinished(status: OperationStatus | RequestStatus): boolean {
  return status === 'completed' || status === 'failed';
}
