// The schemas that the document names: of answers, and of requests, so that what is generated from it has names too.

import * as z from 'zod/mini';
import { createAnswers } from '../contract/answers.ts';
import { MetadataInput } from '../contract/backups.ts';
import type { BodySpec, Route } from '../contract/route.ts';

export type Json = Record<string, unknown>;

/** All that the routes' answers and bodies refer to, by name. */
export function componentSchemas(routes: readonly Route[]): Json {
  const bodies = new Map(
    routes.flatMap(({ body }) => (body === undefined ? [] : [[body.name, body] as const])),
  );
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(createAnswers())) registry.add(schema, { id });
  registry.add(MetadataInput(), { id: 'MetadataInput' });
  for (const [id, { fields }] of bodies) registry.add(fields(), { id });
  const { schemas } = z.toJSONSchema(registry, { io: 'input', uri: (id) => reference(id).$ref });
  const named: Json = Object.fromEntries(
    Object.entries(schemas).map(([id, schema]) => [id, withoutMeta(schema as Json)]),
  );
  for (const [id, body] of bodies) Object.assign(named, withState(id, body, named[id] as Json));
  return named;
}

/**
 * A body with a state in it or, in its place, with what says where the state is: two schemas of their own, of which a request is
 * one, because a generator can make nothing of members that exclude each other.
 */
function withState(id: string, { stateMember, stateInstead }: BodySpec, fields: Json): Json {
  if (stateMember === undefined) return {};
  const state = { description: 'The state: any JSON value, kept and given back as it is' };
  const { [stateInstead ?? '']: instead, ...properties } = fields.properties as Json;
  const required = (fields.required ?? []) as string[];
  const one = (member: string, schema: unknown): Json => ({
    ...fields,
    properties: { ...properties, [member]: schema },
    required: [...required, member],
  });
  if (stateInstead === undefined) return { [id]: one(stateMember, state) };
  const names = [stateMember, stateInstead].map((member) => `${id}With${capitalized(member)}`);
  return {
    [id]: { oneOf: names.map(reference) },
    [names[0]!]: one(stateMember, state),
    [names[1]!]: one(stateInstead, instead),
  };
}

function capitalized(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}

/** A schema that is written where it is needed. */
export function plainSchema(schema: z.ZodMiniType, io: 'input' | 'output'): Json {
  return withoutMeta(z.toJSONSchema(schema, { io }) as Json);
}

export function reference(id: string): { $ref: string } {
  return { $ref: `#/components/schemas/${id}` };
}

/** Those of the schemas that something refers to, by itself or through others: a home has no use for what it does not serve. */
export function usedBy(referrer: Json, schemas: Json): Json {
  const used = new Set<string>();
  const follow = (value: unknown): void => {
    for (const [, id = ''] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      if (used.has(id)) continue;
      used.add(id);
      follow(schemas[id]);
    }
  };
  follow(referrer);
  return Object.fromEntries(Object.entries(schemas).filter(([id]) => used.has(id)));
}

/** OpenAPI says once which dialect it speaks, and names schemas by their place. */
function withoutMeta({ $schema: _schema, $id: _id, ...rest }: Json): Json {
  return rest;
}
