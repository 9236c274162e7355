// A secret is kept as where it stands, never as what it is. Pure: whoever reads it is given the reference.

/** Where a secret stands: `env:NAME`, `file:/run/secrets/x`, `secretsmanager:arn` (the ARN, or with `#member` of a JSON secret). */
export type SecretReference = string;

export type ParsedReference =
  | { from: 'env'; name: string }
  | { from: 'file'; path: string }
  | { from: 'secretsmanager'; id: string; member?: string };

const ENV = /^env:([A-Za-z_][A-Za-z0-9_]{0,127})$/;
const FILE = /^file:(\/[^\0]{1,1023})$/;
const MANAGED = /^secretsmanager:([A-Za-z0-9/_+=.@:-]{1,512})(?:#([A-Za-z0-9_.-]{1,128}))?$/;
/** Within the value of a header: `Bearer {env:TOKEN}`. */
const INSIDE = /\{((?:env|file|secretsmanager):[^{}]+)\}/g;

/** Undefined for what is no reference: then it may be the secret itself, and is not to be shown. */
export function parseReference(text: string): ParsedReference | undefined {
  const [, name] = ENV.exec(text) ?? [];
  if (name !== undefined) return { from: 'env', name };
  const [, path] = FILE.exec(text) ?? [];
  if (path !== undefined) return { from: 'file', path };
  const [, id, member] = MANAGED.exec(text) ?? [];
  if (id === undefined) return undefined;
  return { from: 'secretsmanager', id, ...(member === undefined ? {} : { member }) };
}

/** The references in a text that is made with secrets, in order. */
export function referencesIn(template: string): SecretReference[] {
  return [...template.matchAll(INSIDE)].map(([, reference]) => reference!);
}

/** The text with what each reference stands for in its place. */
export function filledIn(template: string, secrets: ReadonlyMap<SecretReference, string>): string {
  return template.replace(INSIDE, (whole, reference: string) => secrets.get(reference) ?? whole);
}
