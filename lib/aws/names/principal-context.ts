// How the authorizer tells the functions who is calling: the gateway hands on names with texts, and nothing else.

import { isScope, type Principal, type ResourceSet } from '../../core/records/access.ts';

/** Beside the subject, which the gateway knows as `principalId`. */
export interface PrincipalContext {
  /** Words with spaces between them. */
  scopes: string;
  /** A ResourceSet as JSON; all resources, if it is left out. */
  resources?: string;
}

export function contextOf({ scopes, resources }: Principal): PrincipalContext {
  return {
    scopes: [...scopes].join(' '),
    ...(resources === undefined ? {} : { resources: JSON.stringify(resources) }),
  };
}

/** The principal that was told. Throws an Error for what no authorizer of ours tells: nobody is let in by guessing. */
export function principalOf(subject: string, { scopes, resources }: Record<string, unknown>): Principal {
  const words = typeof scopes === 'string' ? scopes.split(' ').filter((word) => word !== '') : [];
  if (!words.every(isScope)) throw new Error('the authorizer tells of a scope that is not known');
  const principal = { subject, scopes: new Set(words) };
  if (resources === undefined) return principal;
  return { ...principal, resources: resourcesOf(JSON.parse(String(resources))) };
}

function resourcesOf(value: unknown): ResourceSet {
  const { ids, prefixes } = (value ?? {}) as Record<string, unknown>;
  if (isTexts(ids) && isTexts(prefixes)) return { ids, prefixes };
  throw new Error('the authorizer tells of resources in an unknown form');
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}
