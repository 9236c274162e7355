// Every kind of source, each loaded when the first of it is opened.

import type { SourceSpec } from '../core/records/source.ts';
import { faultsOfSource } from '../core/records/source-check.ts';
import { wordOfSource } from '../core/records/source-words.ts';
import { PortError } from '../ports/errors.ts';
import type { Source, Sources } from '../ports/source.ts';
import type { SourceContext } from './kit/opened.ts';

export interface SourcesOptions extends SourceContext {
  /** Folders in and below which files are read and written; `any` for all, none for no files at all. */
  folders: 'any' | readonly string[];
}

export function createSources(options: SourcesOptions): Sources {
  return {
    async open(spec) {
      const [fault] = faultsOfSource(spec);
      if (fault !== undefined)
        throw new PortError('denied', `the source is refused: ${fault.pointer} ${fault.detail}`);
      if ('path' in spec && !isLetIn(spec.path, options.folders))
        throw new PortError('denied', `${wordOfSource(spec)} lies in no folder that is let in here`);
      return load(spec, options);
    },
  };
}

async function load(spec: SourceSpec, context: SourceContext): Promise<Source> {
  switch (spec.kind) {
    case 'file':
      return (await import('./file.ts')).openFile(spec);
    case 'folder':
      return (await import('./folder.ts')).openFolder(spec);
    case 'http':
      return (await import('./http.ts')).openHttp(spec, context);
    case 'postgresql':
      return (await import('./postgresql/open.ts')).openPostgresql(spec, context);
    case 'sqlite':
      demandNode(24, 'SQLite');
      return (await import('./sqlite/open.ts')).openSqlite(spec);
    case 's3':
      return (await import('./aws/s3.ts')).openS3(spec);
    case 'dynamodb':
      // Before that, numbers cannot be read as they are written.
      demandNode(22, 'DynamoDB');
      return (await import('./aws/dynamodb.ts')).openDynamodb(spec);
  }
}

/** The command line runs on older releases than the service. */
function demandNode(major: number, what: string): void {
  const here = process.versions.node;
  if (Number(here.split('.')[0]) < major)
    throw new PortError('denied', `${what} needs Node ${major} or newer, and this is ${here}`);
}

function isLetIn(path: string, folders: SourcesOptions['folders']): boolean {
  if (folders === 'any') return true;
  return (
    !path.split('/').includes('..') &&
    folders.some((folder) => path === folder || path.startsWith(`${folder.replace(/\/$/, '')}/`))
  );
}
