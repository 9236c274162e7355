// The policies that the docs hold ready, walked against the table of routes: each opens the routes of the scopes that it claims, and
// no others. A new route is missing in the docs until it stands there.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { patternsOf, policyFor } from '../../lib/aws/names/route-patterns.ts';
import { SERVED_BY } from '../../lib/aws/names/served-by.ts';
import { isScope, type Scope } from '../../lib/core/records/access.ts';
import { ROUTE_LIST } from '../../lib/http/contract/routes.ts';
import { callOf, lets, type PolicyStatement } from './iam.ts';

const API = 'arn:aws:execute-api:REGION:ACCOUNT:API/STAGE';
const SERVED = ROUTE_LIST.filter(({ operationId }) => SERVED_BY[operationId] !== undefined);
const SECTION = /^#### (\w+): (.+)\n+```json\n([\s\S]+?)\n```/gm;

const policies = [...readFileSync('docs/operations.md', 'utf8').matchAll(SECTION)].map(
  ([, name, claimed, text]) => ({
    name: name!,
    scopes: new Set([...claimed!.matchAll(/`([^`]+)`/g)].map(([, word]) => word as Scope)),
    statements: (JSON.parse(text!) as { Statement: PolicyStatement[] }).Statement,
  }),
);

test('there are four', () => {
  expect(policies.map(({ name }) => name)).toEqual(['Writer', 'Reader', 'Operator', 'Auditor']);
});

describe.each(policies)('$name', ({ scopes, statements }) => {
  test('claims scopes that there are, and not both to delete and to hold', () => {
    for (const scope of scopes) expect([scope, isScope(scope)]).toEqual([scope, true]);
    expect(scopes.has('backup:delete') && scopes.has('hold:manage')).toBe(false);
    expect(scopes.has('admin')).toBe(false);
  });

  test('opens the routes of its scopes, and no others', () => {
    for (const route of SERVED) {
      if (route.scope === 'public') continue;
      const open = ['', '/'].map((slash) => lets(statements, `${API}/${callOf(route)}${slash}`));
      const isMeant = scopes.has(route.scope);
      expect([route.operationId, open[0]]).toEqual([route.operationId, isMeant]);
      if (!isMeant) expect([route.operationId, open[1]]).toEqual([route.operationId, false]);
    }
  });

  test('names routes one by one, as they are made from the table', () => {
    const named = (effect: string) =>
      statements
        .filter(({ Effect }) => Effect === effect)
        .flatMap(({ Resource }) => Resource)
        .sort();
    const { allow, deny } = policyFor(patternsOf(SERVED), scopes);
    expect(named('Allow')).toEqual(allow.map((pattern) => `${API}/${pattern}`).sort());
    expect(named('Deny')).toEqual(deny.map((pattern) => `${API}/${pattern}`).sort());
  });
});
