// What every catalog must do, as in lib/ports/catalog.ts. The parts stand in files of their own.

import { describe } from '@jest/globals';
import type { Catalog } from '../../lib/ports/catalog.ts';
import { auditTests } from './catalog-audit.tests.ts';
import { commitTests } from './catalog-commit.tests.ts';
import { documentTests } from './catalog-documents.tests.ts';
import { idTests } from './catalog-ids.tests.ts';
import { listTests } from './catalog-lists.tests.ts';
import { liveEntriesTests } from './catalog-live-entries.tests.ts';
import { lookupTests } from './catalog-lookups.tests.ts';
import { membershipTests } from './catalog-membership.tests.ts';
import { partTests } from './catalog-parts.tests.ts';
import { raceTests } from './catalog-races.tests.ts';
import { recordTests } from './catalog-records.tests.ts';
import { timelineTests } from './catalog-timeline.tests.ts';
import { type Closing, forEachTest, type Make } from './harness.ts';

export interface CatalogHarness extends Closing {
  /** Empty. */
  catalog: Catalog;
}

export function catalogSuite(name: string, make: Make<CatalogHarness>): void {
  describe(`${name} catalog`, () => {
    const harness = forEachTest(make);
    const catalog = () => harness().catalog;

    idTests(`${name} catalog`, catalog);
    commitTests(catalog);
    raceTests(catalog);
    recordTests(catalog);
    documentTests(catalog);
    lookupTests(catalog);
    listTests(catalog);
    liveEntriesTests(catalog);
    membershipTests(catalog);
    partTests(`${name} catalog`, catalog);
    timelineTests(catalog);
    auditTests(catalog);
  });
}
