// The catalog's table, as the constant says that the code uses it.

import { RemovalPolicy } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { TABLE } from '../aws/names/table.ts';
import type { Settings } from './settings.ts';

const text = (name: string): dynamodb.Attribute => ({ name, type: dynamodb.AttributeType.STRING });

/** What is used of a table, whoever has made it. */
export type Catalog = Pick<dynamodb.ITable, 'tableName' | 'tableArn' | 'stack' | 'node'> & {
  tableStreamArn?: string | undefined;
};

export class CatalogTable extends Construct {
  readonly table: Catalog;

  constructor(scope: Construct, id: string, { disposable, adopted, warmWriteUnits }: Settings) {
    super(scope, id);
    const { tableName, tableStreamArn } = adopted;
    if (tableName !== undefined) {
      this.table = dynamodb.Table.fromTableAttributes(this, 'Table', {
        tableName,
        ...(tableStreamArn === undefined ? {} : { tableStreamArn }),
      });
      return;
    }
    const warm =
      warmWriteUnits === undefined ? {} : { warmThroughput: { writeUnitsPerSecond: warmWriteUnits } };
    const table = new dynamodb.Table(this, 'Table', {
      ...warm,
      partitionKey: text(TABLE.partitionKey),
      sortKey: text(TABLE.sortKey),
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      // AWS's own key for the account: the records hold names, not states, and no key of ours can take them along.
      encryption: dynamodb.TableEncryption.AWS_MANAGED,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      timeToLiveAttribute: TABLE.ttlAttribute,
      // Tells that something was committed, and nothing of what.
      stream: dynamodb.StreamViewType.KEYS_ONLY,
      deletionProtection: !disposable,
      removalPolicy: disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    });
    for (const { name, partitionKey, sortKey } of TABLE.indexes) {
      table.addGlobalSecondaryIndex({
        indexName: name,
        partitionKey: text(partitionKey),
        sortKey: text(sortKey),
        projectionType: dynamodb.ProjectionType.KEYS_ONLY,
        // Whatever is written to the table waits for each of them.
        ...warm,
      });
    }
    this.table = table;
  }
}
