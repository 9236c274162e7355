// Resources: their backups, and their states at any moment.

import { LISTS } from '../../core/history/diff-entries.ts';
import { pointerOfSteps } from '../../core/json/pointer.ts';
import { LATEST } from '../../core/records/asked-moment.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type { FoundDiff } from '../../service/contract/looks.ts';
import { viewBackup } from '../contract/backups-view.ts';
import type { RESOURCE_ROUTES } from '../contract/resources.ts';
import { viewHistory, viewResource, viewTimeline, viewTree } from '../contract/resources-view.ts';
import { viewFound } from '../contract/states-view.ts';
import { listed } from './backups.ts';
import type { HandlersOf } from './call.ts';
import { replyJson, replyPage, replyParts } from './reply.ts';
import { replyState } from './state-reply.ts';

export function createResourceHandlers(): HandlersOf<typeof RESOURCE_ROUTES> {
  return {
    async listResources({ query }, { service }) {
      return replyPage('resources', await service.listResources(query), viewResource);
    },

    async listResourceBackups({ params, query }, { service }) {
      return replyPage('backups', await service.listBackups({ ...params, ...listed(query) }), viewBackup);
    },

    async getState({ params, query, headers }, { service, caller, isHead }) {
      const state = await service.openState({ at: LATEST, ...params, ...query }, caller);
      return replyState(state, headers, isHead);
    },

    async getTree({ params, query }, { service, caller }) {
      const { path, mask, limit, after = 0, textBytes = LIMITS.shownTextBytesDefault, ...rest } = query;
      const options = { limit, after, textBytesMax: textBytes, ...(mask === undefined ? {} : { mask }) };
      const asked = { at: LATEST, ...params, ...rest, ...(path ?? ROOT), options };
      return replyJson(200, viewTree(await service.readTree(asked, caller)));
    },

    async getHistory({ params, query }, { service, caller }) {
      const { path = ROOT, mask, textBytes = LIMITS.shownTextBytesDefault, ...rest } = query;
      const options = { textBytesMax: textBytes, ...(mask === undefined ? {} : { mask }) };
      const asked = { ...params, ...rest, ...path, options };
      const history = await service.readHistory(asked, caller);
      return replyJson(200, viewHistory(path.path, history));
    },

    async getTimeline({ params, query }, { service }) {
      return replyJson(200, viewTimeline(await service.readTimeline({ ...params, ...query })));
    },

    async getDiff({ params, query }, { service, caller }) {
      const { path, mask, limit, after = 0, format, valueBytes, ...moments } = query;
      const valueBytesMax = valueBytes ?? LIMITS.diffValueBytesDefault;
      const options = { format, limit, after, valueBytesMax, ...(mask === undefined ? {} : { mask }) };
      const asked = { ...BEFORE_LATEST, ...params, ...moments, ...(path ?? ROOT), options };
      return replyDiff(await service.readDiff(asked, caller));
    },

    async getPatch({ params, query }, { service, caller }) {
      const { path, limit, after = 0, ...moments } = query;
      const options = { format: 'patch', limit, after, valueBytesMax: 0 } as const;
      const asked = { ...BEFORE_LATEST, ...params, ...moments, ...(path ?? ROOT), options };
      const { from, to, page } = await service.readDiff(asked, caller);
      return replyParts(200, [Buffer.from(page.patch!)], {
        'Content-Type': 'application/json-patch+json',
        'From-Backup-Id': from.record.id,
        'To-Backup-Id': to.record.id,
        ...(page.next === undefined ? {} : { 'Next-After': String(page.next) }),
      });
    },
  };
}

/** What is compared where nothing else is asked for. */
const BEFORE_LATEST = { from: { back: 1 }, to: LATEST };

/** Values stand in the answer byte for byte, so it is put together as text. */
function replyDiff({ from, to, page }: FoundDiff): Response {
  const { steps, counts, tables, lists, next } = page;
  const head = { from: viewFound(from), to: viewFound(to), path: pointerOfSteps(steps), counts, ...tables };
  const text = JSON.stringify(head).slice(0, -1);
  const shown = lists === undefined ? '' : LISTS.map((name) => `,"${name}":${lists[name]}`).join('');
  return replyParts(200, [Buffer.from(`${text}${shown}${next === undefined ? '' : `,"next":${next}`}}`)]);
}

const ROOT = { path: '', steps: [] };
