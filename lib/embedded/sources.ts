// What this home reads sources with: which folders and hosts they may have. The data folder is never one of them.

import { PortError } from '../ports/errors.ts';
import type { Sources } from '../ports/source.ts';
import { createSources, type SourcesOptions } from '../sources/sources.ts';
import { isWithin } from './secrets.ts';

export type SourceSettings = Pick<SourcesOptions, 'folders' | 'privateHosts'>;

/** Whoever may set a source could have the master key read as one. */
export function openSources(options: SourcesOptions, dataDir: string): Sources {
  const sources = createSources(options);
  return {
    async open(spec) {
      if ('path' in spec && ((await isWithin(spec.path, dataDir)) || (await isWithin(dataDir, spec.path)))) {
        throw new PortError('denied', 'the data folder of the service is no source');
      }
      return sources.open(spec);
    },
  };
}
