// What every catalog must do, as in lib/ports/catalog.ts. The parts stand in files of their own.

import { afterEach, beforeEach, describe } from '@jest/globals';
import type { Catalog } from '../../lib/ports/catalog.ts';
import { auditTests } from './catalog-audit.tests.ts';
import { commitTests } from './catalog-commit.tests.ts';
import { idTests } from './catalog-ids.tests.ts';
import { listTests } from './catalog-lists.tests.ts';
import { lookupTests } from './catalog-lookups.tests.ts';
import { membershipTests } from './catalog-membership.tests.ts';
import { raceTests } from './catalog-races.tests.ts';
import { recordTests } from './catalog-records.tests.ts';
import { timelineTests } from './catalog-timeline.tests.ts';

export interface CatalogHarness {
  /** Empty. */
  catalog: Catalog;
  close(): Promise<void>;
}

export interface CatalogSupports {
  /** Whether ids are counted: `backup-1`, `backup-2`. */
  countedIds?: boolean;
  /** Whether names may hold what is no Unicode text: lone surrogates, which JSON can carry. */
  loneSurrogates?: boolean;
  /** How many random histories are tried: fewer where each call goes far. */
  histories?: number;
}

export function catalogSuite(
  name: string,
  make: () => Promise<CatalogHarness>,
  { countedIds = true, loneSurrogates = true, histories = 60 }: CatalogSupports = {},
): void {
  describe(`${name} catalog`, () => {
    let harness: CatalogHarness;
    const catalog = () => harness.catalog;

    beforeEach(async () => {
      harness = await make();
    });
    afterEach(() => harness.close());

    idTests(catalog, countedIds);
    commitTests(catalog);
    raceTests(catalog);
    recordTests(catalog, loneSurrogates);
    lookupTests(catalog);
    listTests(catalog);
    membershipTests(catalog);
    auditTests(catalog);
    timelineTests(catalog, histories);
  });
}
