// What a principal has to hold before a use case begins, and which of a list it may see.

import { authorize, isUnrestricted, type Principal, reaches } from '../../core/records/access.ts';
import { ServiceError } from '../../core/records/errors.ts';
import type { Page, PageRequest } from '../../ports/pages.ts';
import { noBackup } from '../chains/live.ts';
import type { BackupService, CreateBackupInput } from '../contract/api.ts';
import { nothingAt } from '../restores/moment.ts';
import { noOperation } from '../restores/operations.ts';
import { noSchedule } from '../schedules/missing.ts';
import { USE_CASE_SCOPES, type UseCase } from './use-case-scopes.ts';

/** Rounds in which a list is looked through for what may be seen; what is left has a cursor. */
const ROUNDS_MAX = 20;

/** Bound to a principal. Each throws ServiceError `forbidden`, or what tells of something that is not there. */
export function createDemands(service: BackupService, principal: Principal) {
  const demand = (useCase: UseCase, resourceId?: string): void =>
    authorize(principal, USE_CASE_SCOPES[useCase], resourceId);
  /** What is about more than the principal's resources needs a principal for all of them. */
  const demandAll = (hint: string): void => {
    if (isUnrestricted(principal)) return;
    const detail = `This credential is for some resources only: ${hint}.`;
    throw new ServiceError('forbidden', detail, { refused: {} });
  };
  /** What may not be seen is answered as if it were not there; the trail knows better. */
  const demandSeen = (useCase: UseCase, resourceId: string, notThere: () => ServiceError): void => {
    if (reaches(principal, resourceId)) return;
    throw notThere().asRefusal({ scope: USE_CASE_SCOPES[useCase], resourceId });
  };
  /** Costs nothing where every resource may be touched. */
  const demandBackup = async (useCase: UseCase, id: string): Promise<void> => {
    demand(useCase);
    if (isUnrestricted(principal)) return;
    const resourceId = await service.resourceOf({ backupId: id });
    if (resourceId === undefined) throw noBackup(id);
    demandSeen(useCase, resourceId, () => noBackup(id));
  };
  const demandOperation = async (useCase: UseCase, id: string): Promise<void> => {
    demand(useCase);
    if (isUnrestricted(principal)) return;
    const resourceId = await service.resourceOf({ operationId: id });
    if (resourceId === undefined) throw noOperation(id);
    demandSeen(useCase, resourceId, () => noOperation(id));
  };
  const demandSchedule = async (useCase: UseCase, id: string): Promise<void> => {
    demand(useCase);
    if (isUnrestricted(principal)) return;
    const { schedule } = await service.getSchedule(id, 0);
    demandSeen(useCase, schedule.resourceId, () => noSchedule(id));
  };
  /** A source is of no resource: it may have the states of all. */
  const demandSources = (useCase: UseCase): void => {
    demand(useCase);
    demandAll('sources are for those who may touch all');
  };
  /** Channels are told of any resource, and of the store as a whole. */
  const demandChannels = (useCase: UseCase): void => {
    demand(useCase);
    demandAll('channels are about all of them');
  };
  /** A look at what a resource was. */
  const demandLook = (useCase: UseCase, resourceId: string): void => {
    demand(useCase);
    demandSeen(useCase, resourceId, () => nothingAt({}));
  };
  const demandMore = ({ resourceId, ifChanged, condition, asOf }: Omit<CreateBackupInput, 'state'>): void => {
    // Whether it is unchanged, or the one that was named, tells what the newest state is.
    if (ifChanged || condition !== undefined) demand('listBackups', resourceId);
    // Times are ours to give, but for who may say when something was true.
    if (asOf !== undefined) authorize(principal, 'import', resourceId);
  };
  /** A list of what may be seen. A named resource that may not be seen has nothing in it. */
  const listed = async <T extends { resourceId: string }, R extends PageRequest & { resourceId?: string }>(
    useCase: UseCase,
    list: (request: R) => Promise<Page<T>>,
    request: R,
  ): Promise<Page<T>> => {
    demand(useCase);
    if (isUnrestricted(principal)) return list(request);
    const { resourceId } = request;
    if (resourceId === undefined) return visible(principal, list, request);
    return reaches(principal, resourceId) ? list(request) : { items: [] };
  };

  return {
    ...{ demand, demandAll, demandSeen, demandMore, demandLook },
    ...{ demandBackup, demandOperation, demandSchedule, demandSources, demandChannels },
    listed,
  };
}

/** A page of what may be seen: as full as it can be had, for others' items take no room in it. */
async function visible<T extends { resourceId: string }, R extends PageRequest, P extends Page<T>>(
  principal: Principal,
  list: (request: R) => Promise<P>,
  request: R,
): Promise<P> {
  const { limit } = request;
  const items: T[] = [];
  for (let { cursor } = request, round = 1; ; round++) {
    const page = await list({
      ...request,
      limit: limit - items.length,
      ...(cursor === undefined ? {} : { cursor }),
    });
    items.push(...page.items.filter(({ resourceId }) => reaches(principal, resourceId)));
    cursor = page.cursor;
    if (cursor === undefined || items.length === limit || round === ROUNDS_MAX) return { ...page, items };
  }
}
