import { afterAll } from '@jest/globals';
import { openDatabase } from '../../lib/embedded/catalog/database.ts';
import { createUpkeepRecords } from '../../lib/embedded/catalog/upkeep.ts';
import { createMemoryUpkeep } from '../../lib/memory/upkeep.ts';
import { createDataDirs } from './data-dirs.ts';
import { upkeepRecordsSuite } from './upkeep-records.suite.ts';

const dataDirs = createDataDirs();
afterAll(dataDirs.removeAll);

upkeepRecordsSuite('memory', () => ({ records: createMemoryUpkeep() }));

upkeepRecordsSuite('embedded', () => {
  const database = openDatabase(dataDirs.make());
  return { records: createUpkeepRecords(database), close: async () => database.close() };
});
