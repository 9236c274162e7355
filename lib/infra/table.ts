// The catalog's table, as the constant says that the code uses it.

import { RemovalPolicy } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { CAPACITY } from '../aws/names/capacity.ts';
import { TABLE } from '../aws/names/table.ts';
import type { Provisioned, UnitBounds } from './capacity-settings.ts';
import type { Settings } from './settings.ts';

const text = (name: string): dynamodb.Attribute => ({ name, type: dynamodb.AttributeType.STRING });

/** What is used of a table, whoever has made it. */
export type Catalog = Pick<dynamodb.ITable, 'tableName' | 'tableArn' | 'stack' | 'node'> & {
  tableStreamArn?: string | undefined;
};

export class CatalogTable extends Construct {
  readonly table: Catalog;

  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    const { disposable, warmWriteUnits, provisioned } = settings;
    const { tableName, tableStreamArn } = settings.adopted;
    if (tableName !== undefined) {
      this.table = dynamodb.Table.fromTableAttributes(this, 'Table', {
        tableName,
        ...(tableStreamArn === undefined ? {} : { tableStreamArn }),
      });
      return;
    }
    const warm =
      warmWriteUnits === undefined ? {} : { warmThroughput: { writeUnitsPerSecond: warmWriteUnits } };
    // What it begins with, and is set to where the least changes: from there it is scaled.
    const units =
      provisioned === undefined
        ? {}
        : { writeCapacity: provisioned.writeUnits.least, readCapacity: provisioned.readUnits.least };
    const table = new dynamodb.Table(this, 'Table', {
      ...warm,
      ...units,
      partitionKey: text(TABLE.partitionKey),
      sortKey: text(TABLE.sortKey),
      billingMode:
        provisioned === undefined ? dynamodb.BillingMode.PAY_PER_REQUEST : dynamodb.BillingMode.PROVISIONED,
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
        ...units,
      });
    }
    if (provisioned !== undefined) {
      scale(table, provisioned);
      // The CDK leaves out what CloudFormation takes for the default of a new table; a living one is to be changed.
      (table.node.defaultChild as dynamodb.CfnTable).billingMode = dynamodb.BillingMode.PROVISIONED;
    }
    this.table = table;
  }
}

/** Table and indexes each by itself: a write waits for all that it enters. */
function scale(table: dynamodb.Table, { writeUnits, readUnits }: Provisioned): void {
  const targetUtilizationPercent = CAPACITY.targetUtilization * 100;
  const between = ({ least, most }: UnitBounds) => ({ minCapacity: least, maxCapacity: most });
  const [writes, reads] = [between(writeUnits), between(readUnits)];
  const targets = [
    table.autoScaleWriteCapacity(writes),
    table.autoScaleReadCapacity(reads),
    ...TABLE.indexes.flatMap(({ name }) => [
      table.autoScaleGlobalSecondaryIndexWriteCapacity(name, writes),
      table.autoScaleGlobalSecondaryIndexReadCapacity(name, reads),
    ]),
  ];
  for (const target of targets) target.scaleOnUtilization({ targetUtilizationPercent });
}
