// Who may do what, to which resources. Pure: whoever has found out who is calling makes a principal, and whoever serves asks here.

import { ServiceError } from './errors.ts';

/** What can be allowed, one word a right. `admin` is all of them, for all resources. */
export const SCOPES = [
  'backup:write',
  'import',
  'backup:list',
  'data:read',
  'backup:verify',
  'backup:delete',
  'hold:manage',
  'policy:manage',
  'audit:read',
  'metrics:read',
  'notify:manage',
  'schedule:read',
  'schedule:manage',
  'admin',
] as const;

export type Scope = (typeof SCOPES)[number];

export function isScope(word: string): word is Scope {
  return (SCOPES as readonly string[]).includes(word);
}

/** Resources by name, or by what their names begin with. */
export interface ResourceSet {
  ids: readonly string[];
  prefixes: readonly string[];
}

/** Who is calling, found out by whoever has let the call in. */
export interface Principal {
  /** For the audit trail: an authenticated name, never one that the request says of itself. */
  subject: string;
  scopes: ReadonlySet<Scope>;
  /** All resources, if it is left out. */
  resources?: ResourceSet;
}

/** Somebody who may do everything. */
export function adminOf(subject: string): Principal {
  return { subject, scopes: new Set<Scope>(['admin']) };
}

/** Somebody who has not said who it is, where that is asked for. */
export const NOBODY: Principal = { subject: 'anonymous', scopes: new Set() };

/** Whether the right is held at all, for whichever resources. */
export function holds({ scopes }: Principal, scope: Scope): boolean {
  return scopes.has('admin') || scopes.has(scope);
}

/** Whether every resource may be touched: then nothing has to be looked up to decide. */
export function isUnrestricted({ scopes, resources }: Principal): boolean {
  return scopes.has('admin') || resources === undefined;
}

/** Whether the resource is one of those that the principal may touch at all. */
export function reaches(principal: Principal, resourceId: string): boolean {
  if (isUnrestricted(principal)) return true;
  const { ids, prefixes } = principal.resources!;
  return ids.includes(resourceId) || prefixes.some((prefix) => resourceId.startsWith(prefix));
}

/**
 * The one decision: whether the principal may do this, to that resource where one is named. Throws ServiceError `forbidden`,
 * naming the missing right. Where even to say so would tell what is there, callers ask `reaches` and answer as if nothing were.
 */
export function authorize(principal: Principal, scope: Scope, resourceId?: string): void {
  if (!holds(principal, scope)) {
    throw new ServiceError('forbidden', `This needs the scope ${scope}.`, {
      extra: { scope },
      refused: { scope, ...(resourceId === undefined ? {} : { resourceId }) },
    });
  }
  if (resourceId !== undefined && !reaches(principal, resourceId)) {
    throw new ServiceError('forbidden', 'This credential is not for that resource.', {
      extra: { scope },
      refused: { scope, resourceId },
    });
  }
}
