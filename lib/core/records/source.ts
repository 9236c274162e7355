// What a state is read from, and may be put back into, as it is kept and shown: secrets stand in it only as references. Pure.

import type { SecretReference } from './secret-reference.ts';

export type SourceSpec = (
  | PostgresqlSource
  | HttpSource
  | FileSource
  | FolderSource
  | SqliteSource
  | DynamodbSource
  | S3Source
) & {
  /** Its owner has said that drills may write there: all that it has is lost by that. */
  scratch?: boolean;
};

export type SourceKind = SourceSpec['kind'];

/** Tables by name, `*` for any part of one; `schema.table` of PostgreSQL, where `table` alone is of `public`. */
interface Tables {
  /** These alone; all without it. */
  tables?: string[];
  /** Not these. */
  exclude?: string[];
}

/** All tables of a database, at one instant. */
export interface PostgresqlSource extends Tables {
  kind: 'postgresql';
  /** `postgres://user@host:5432/database?sslmode=verify-full`, without a password; or a reference to a URL that may have one. */
  url: string | SecretReference;
  password?: SecretReference;
}

/** What a URL answers to GET. */
export interface HttpSource {
  kind: 'http';
  url: string;
  /** A value may name secrets: `{"authorization": "Bearer {env:TOKEN}"}`. */
  headers?: Record<string, string>;
  /** How a state is put back; without it nothing is. */
  write?: { method: 'PUT' | 'POST'; url?: string; headers?: Record<string, string> };
}

export interface FileSource {
  kind: 'file';
  /** Absolute. */
  path: string;
}

/** The JSON files of a folder and of those below it, as one object: names to contents. */
export interface FolderSource {
  kind: 'folder';
  /** Absolute. */
  path: string;
}

/** All tables of a SQLite file, at one instant. */
export interface SqliteSource extends Tables {
  kind: 'sqlite';
  /** Absolute. */
  path: string;
}

interface OnAws {
  region?: string;
  /** Of an emulator, or of what speaks the same protocol. */
  endpoint?: string;
}

/** All items of a table, by key. A scan is not of one instant. */
export interface DynamodbSource extends OnAws {
  kind: 'dynamodb';
  table: string;
}

/** One object, or with `prefix` the JSON objects under it, names to contents. */
export interface S3Source extends OnAws {
  kind: 's3';
  bucket: string;
  key?: string;
  prefix?: string;
}
