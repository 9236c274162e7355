// What keeps records passes its suites, on DynamoDB.

import { afterAll } from '@jest/globals';
import { createCatalog } from '../../../lib/aws/catalog/catalog.ts';
import { createTableClient } from '../../../lib/aws/catalog/table-client.ts';
import { createUpkeepRecords } from '../../../lib/aws/catalog/upkeep.ts';
import { createSystemClock } from '../../../lib/aws/clock.ts';
import { systemRandom } from '../../../lib/random.ts';
import { catalogSuite } from '../../contract/catalog.suite.ts';
import { upkeepRecordsSuite } from '../../contract/upkeep-records.suite.ts';
import { createClients, destroyClients, makeTable, removeTable } from '../resources.ts';

const clients = createClients();
const { dynamoDb } = clients;
const clock = createSystemClock();
afterAll(() => destroyClients(clients));

catalogSuite('AWS', async () => {
  const tableName = await makeTable(dynamoDb);
  return {
    catalog: createCatalog({ random: systemRandom, dynamoDb, tableName, clock }),
    close: () => removeTable(dynamoDb, tableName),
  };
});

upkeepRecordsSuite('AWS', async () => {
  const tableName = await makeTable(dynamoDb);
  return {
    records: createUpkeepRecords(createTableClient(dynamoDb, tableName)),
    close: () => removeTable(dynamoDb, tableName),
  };
});
