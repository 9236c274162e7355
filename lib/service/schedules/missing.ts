// What is not there of what runs by itself.

import { ServiceError } from '../../core/records/errors.ts';

export function noSource(id: string): ServiceError {
  return new ServiceError('source_not_found', `There is no source ${id}.`);
}

export function noSchedule(id: string): ServiceError {
  return new ServiceError('schedule_not_found', `There is no schedule ${id}.`);
}

export function noRun(id: string): ServiceError {
  return new ServiceError('run_not_found', `There is no run ${id}.`);
}
