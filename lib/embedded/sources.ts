// What this home reads sources with: which folders and hosts they may have. What is the service's own is never one of them.

import { wordOfSource } from '../core/records/source-words.ts';
import { PortError } from '../ports/errors.ts';
import type { Sources } from '../ports/source.ts';
import { createSources, type SourcesOptions } from '../sources/sources.ts';
import { isBelowAny, isOwn, type OwnPlaces, realPlace } from './own-places.ts';

export type SourceSettings = Pick<SourcesOptions, 'folders' | 'privateHosts'>;

/** Whoever may set a source could have the master key read as one, or have tokens written; and whoever may write in a folder could link from there to elsewhere. */
export function openSources(options: SourcesOptions, own: OwnPlaces): Sources {
  const sources = createSources(options);
  return {
    async open(spec) {
      const source = await sources.open(spec);
      if (!('path' in spec)) return source;
      const place = await realPlace(spec.path);
      if (await isOwn(place, own)) {
        throw new PortError(
          'denied',
          'the data folder of the service is no source, nor what the system tells',
        );
      }
      if (!(await isBelowAny(place, options.folders))) {
        const detail = `${wordOfSource(spec)} is a link that leads out of the folders that are let in here`;
        throw new PortError('denied', detail);
      }
      return source;
    },
  };
}
