// Names as SQL writes them.

import { fitsPattern } from '../../core/records/wildcard.ts';

/** A name in quotes. */
export function ident(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Of a table: `public.orders` in the state is `"public"."orders"` in SQL. */
export function qualified(schema: string, name: string): string {
  return `${ident(schema)}.${ident(name)}`;
}

/** A text as a literal, whatever `standard_conforming_strings` says. */
export function literal(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes('\\') ? `E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}

/** A name that none of the others is. */
export function unlike(name: string, others: readonly string[]): string {
  return others.includes(name) ? unlike(`${name}#`, others) : name;
}

/** Whether a table is one of those that are named: `public.orders`, `orders` (of public), `audit.*`. */
export function isNamed(patterns: readonly string[], schema: string, name: string): boolean {
  return patterns.some((pattern) =>
    fitsPattern(pattern.includes('.') ? pattern : `public.${pattern}`, `${schema}.${name}`),
  );
}
