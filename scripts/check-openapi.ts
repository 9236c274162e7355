// `node scripts/check-openapi.ts [file]`: holds the OpenAPI document, as each kind of deployment gives it, or the one in the file,
// against the rules that Redocly recommends. Ends with 1 if it breaks one, with a line for each fault.

import { readFileSync } from 'node:fs';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { createOpenApi, type OpenApiOptions } from '../lib/http/openapi/openapi.ts';

/** Rules beyond the recommended ones, all of which are on, and none as a mere warning. */
const RULES = {
  // They are off there, and each is what a generator of clients falls over.
  'no-invalid-media-type-examples': 'error',
  'no-invalid-schema-examples': 'error',
  'no-invalid-parameter-examples': 'error',
  'no-ambiguous-paths': 'error',
  'operation-description': 'error',
  'tag-description': 'error',
  'path-parameters-defined': 'error',
  'no-required-schema-properties-undefined': 'error',
  'no-schema-type-mismatch': 'error',
} as const;

/** What the document is to each kind of caller, beside its title. */
const KINDS: Omit<OpenApiOptions, 'version' | 'server'>[] = [
  { security: 'open', uploads: true },
  { security: 'token', uploads: true },
  { security: 'iam', looksAtNames: false },
  { security: 'jwt', looksAtNames: false },
  { security: 'none', looksAtNames: false },
];

/** What is wrong with an OpenAPI document, a line for each: rule, place, and what it is. */
async function faultsOf(source: string): Promise<string[]> {
  const config = await createConfig({ extends: ['recommended-strict'], rules: RULES });
  const problems = await lintFromString({ source, absoluteRef: 'openapi.json', config });
  return problems.map(({ ruleId, message, location: [where] }) => {
    const pointer = where !== undefined && 'pointer' in where ? where.pointer : '';
    return `${ruleId} at ${pointer}: ${message}`;
  });
}

const [file] = process.argv.slice(2);
const documents =
  file === undefined
    ? KINDS.map((kind) => {
        const server = 'https://backups.internal';
        return [kind.security, JSON.stringify(createOpenApi({ version: '0.0.0', server, ...kind }))] as const;
      })
    : [[file, readFileSync(file, 'utf8')] as const];
for (const [name, source] of documents) {
  const faults = await faultsOf(source);
  for (const fault of faults) process.stderr.write(`OpenAPI (${name}): ${fault}\n`);
  if (faults.length > 0) process.exitCode = 1;
}
