// Events, as their rows hold them: what the columns do not say, by place and not by name, and a checksum over both. Events of
// before are whole in their documents.

import type { AuditEvent } from '../../core/records/model.ts';
import { type DocRow, damagedRow, keyText, nameOf, recordOf, sumOf } from './schema.ts';

/** What is read of a row of `event`, as SQL. */
export const EVENT_COLUMNS = 'doc, sum, id, resource_id, at, action';

export interface EventRow extends DocRow {
  id: string;
  resource_id: string;
  at: number;
  action: string;
}

type Value = string | number | boolean;
type Detail = Record<string, Value>;

/** What is said of most events: of a backup that has been made. The order is that of the places. */
const USUAL_DETAIL = ['type', 'sequence', 'size', 'compressedSize'];

type Doc = [
  actor: string,
  address: string | 0,
  backupId: string | 0,
  /** Values alone, where all that there is are the usual members. */
  detail: Detail | Value[] | 0,
  others?: Record<string, unknown>,
];

/** The values of a row, as they stand in `EVENT_COLUMNS`. */
export function eventValues(event: AuditEvent): [doc: string, sum: number, ...(string | number)[]] {
  const { id, resourceId, at, action, actor, address = 0, backupId = 0, detail = 0, ...others } = event;
  const written: Doc = [actor, address, backupId, detail && shortDetail(detail)];
  if (Object.values(others).some((value) => value !== undefined)) written.push(others);
  const row = { doc: JSON.stringify(written), id: keyText(id), resource_id: keyText(resourceId), at, action };
  return [row.doc, sumOfRow(row), row.id, row.resource_id, at, action];
}

/** The event in a row. Throws PortError `integrity` if it is not what was written. */
export function eventOf(row: EventRow): AuditEvent {
  if (!row.doc.startsWith('[')) return recordOf<AuditEvent>('event', row);
  if (sumOfRow(row) !== row.sum) throw damagedRow('event');
  const [actor, address, backupId, detail, others] = JSON.parse(row.doc) as Doc;
  const event: AuditEvent = {
    id: nameOf(row.id),
    at: row.at,
    action: row.action as AuditEvent['action'],
    actor,
    resourceId: nameOf(row.resource_id),
  };
  if (address !== 0) event.address = address;
  if (backupId !== 0) event.backupId = backupId;
  if (detail !== 0) event.detail = Array.isArray(detail) ? detailOf(detail) : detail;
  return others === undefined ? event : Object.assign(event, others);
}

function shortDetail(detail: Detail): Detail | Value[] {
  const names = Object.keys(detail);
  const isUsual =
    names.length === USUAL_DETAIL.length && USUAL_DETAIL.every((name) => detail[name] !== undefined);
  return isUsual ? USUAL_DETAIL.map((name) => detail[name]!) : detail;
}

function detailOf([type, sequence, size, compressedSize]: Value[]): Detail {
  return { type: type!, sequence: sequence!, size: size!, compressedSize: compressedSize! };
}

function sumOfRow({ doc, id, resource_id, at, action }: Omit<EventRow, 'sum'>): number {
  return sumOf(`${doc}\n${id}\n${resource_id}\n${at}\n${action}`);
}
