// Routes as resources of IAM: what a policy has to name so that exactly the routes of some scopes are open.

import { isScope, type Scope } from '../../core/records/access.ts';
import { fitsPattern } from '../../core/records/wildcard.ts';
import { methodsOf, type Route } from '../../http/contract/route.ts';

/** Patterns of routes by the scope that opens them: `{"backup:write": ["POST/backups"]}`. */
export type RoutePatterns = Readonly<Partial<Record<Scope, readonly string[]>>>;

export interface RoutePolicy {
  allow: string[];
  /** Stands above what is allowed. */
  deny: string[];
}

type NamedRoute = Pick<Route, 'method' | 'hasHead' | 'path' | 'scope'>;

/** As they stand in ARNs, behind the stage: `GET/backups/*` for `GET /backups/{id}`. */
function patternsFor(route: NamedRoute): string[] {
  return methodsOf(route).map((method) => method + route.path.replaceAll(/\{[^}]*\}/g, '*'));
}

/** Of routes that ask for a right; who may call the others is nobody's question. */
export function patternsOf(routes: readonly NamedRoute[]): RoutePatterns {
  const patterns: Partial<Record<Scope, string[]>> = {};
  for (const route of routes) {
    if (route.scope === 'public') continue;
    patterns[route.scope] ??= [];
    patterns[route.scope]!.push(...patternsFor(route));
  }
  return patterns;
}

/**
 * What to allow and to deny for the holder of these scopes. The star of a policy passes over slashes, so that of a backup would
 * open its delta too: what an allowed pattern opens without being meant is denied by name.
 */
export function policyFor(patterns: RoutePatterns, scopes: ReadonlySet<Scope>): RoutePolicy {
  const allow: string[] = [];
  const closed: string[] = [];
  for (const [scope, named] of Object.entries(patterns) as [Scope, readonly string[]][]) {
    (scopes.has(scope) || scopes.has('admin') ? allow : closed).push(...named);
  }
  const deny = closed.filter((pattern) => allow.some((allowed) => fitsPattern(allowed, pattern)));
  // The gateway may pass over a slash at the end of a path; the policy does not.
  return { allow, deny: deny.flatMap((pattern) => [pattern, `${pattern}/*`]) };
}

/** Patterns as they were written into an environment. Throws an Error for anything else. */
export function readPatterns(text: string): RoutePatterns {
  const value: unknown = JSON.parse(text);
  const isNamed = ([scope, named]: [string, unknown]): boolean =>
    isScope(scope) && Array.isArray(named) && named.every((pattern) => typeof pattern === 'string');
  if (typeof value !== 'object' || value === null || !Object.entries(value).every(isNamed)) {
    throw new Error('must be patterns of routes by scope');
  }
  return value as RoutePatterns;
}
