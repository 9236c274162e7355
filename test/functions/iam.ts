// What policies of IAM say of a call, as AWS evaluates them: a refusal stands above a leave, and nothing is let in unsaid.

import type { Route } from '../../lib/http/contract/route.ts';

export interface PolicyStatement {
  Effect: string;
  Action: string | string[];
  Resource: string | string[];
}

/** Whether the statements let a call through. */
export function lets(statements: readonly PolicyStatement[], arn: string): boolean {
  const apply = (effect: string): boolean =>
    statements.some(
      ({ Effect, Action, Resource }) =>
        Effect === effect &&
        [Action].flat().includes('execute-api:Invoke') &&
        [Resource].flat().some((pattern) => matches(pattern, arn)),
    );
  return apply('Allow') && !apply('Deny');
}

/** `*` is anything, slashes too; `?` is one character. */
export function matches(pattern: string, text: string): boolean {
  const source = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${source.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's').test(text);
}

/** A call of the route, as it stands in an ARN behind the stage; ids of backups hold no slash. */
export function callOf({ method, path }: Pick<Route, 'method' | 'path'>, id = 'backup-0123456789'): string {
  return method + path.replaceAll(/\{[^}]*\}/g, id);
}
