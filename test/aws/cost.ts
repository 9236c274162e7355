// What a million backups cost on AWS: the arithmetic of docs/cost.md, from what the tests count and what AWS charges. A test holds the page to it.

import { PRICES, PROVISIONED_HOUR, unitPrices, usedUnit } from '../../lib/aws/prices.ts';
import { SEGMENT_MARK_UNITS, UNITS } from './counted.ts';

const MILLION = 1e6;
const API_GB = 1.73;
const WORKER_GB = 2.94;
const SQS_CALL = 0.4e-6;
const BUS_EVENT = 1e-6;
const GB_MONTH = 0.023;
const KB_PER_GB = 1e6;
/** What the relay of an event writes of its own. */
const RELAY_UNITS = UNITS.relay - SEGMENT_MARK_UNITS;

/** What one backup takes. */
interface Taken {
  apiCalls: number;
  lambdaCalls: number;
  /** Estimates: the sizes of the functions, and times of this code. */
  gbSeconds: number;
  writeUnits: number;
  readUnits: number;
  puts: number;
  gets: number;
  keys: number;
  messages: number;
  busEvents: number;
  storedKb: number;
}

const FULL_10_KB: Taken = {
  ...{ apiCalls: 1, lambdaCalls: 1, gbSeconds: 0.06 * API_GB },
  ...{ writeUnits: UNITS.full + RELAY_UNITS, readUnits: 1 + 2 },
  ...{ puts: 1, gets: 0, keys: 1, messages: 0, busEvents: 1, storedKb: 2.3 },
};
const FULL_1_MB: Taken = { ...FULL_10_KB, gbSeconds: 0.25 * API_GB, storedKb: 230 };
const FULL_100_MB: Taken = {
  // The upload, the backup, two looks at how it is; and the worker.
  ...{ apiCalls: 4, lambdaCalls: 5, gbSeconds: 10 * WORKER_GB + 0.06 * API_GB },
  ...{ writeUnits: UNITS.upload + 4 * RELAY_UNITS, readUnits: 6 + 8 },
  ...{ puts: 7, gets: 13, keys: 1, messages: 3, busEvents: 4, storedKb: 23_000 },
};

const BLOCK_UNITS = 100;
const HOURS_A_YEAR = 8760;
/** Of a hundred write units, in dollars: what is paid beforehand, and for each hour. */
const RESERVED = {
  one: { years: 1, upfront: 150, hourly: 0.0128 },
  three: { years: 3, upfront: 180, hourly: 0.0081 },
};
/** For a write unit that is there for an hour, what was paid beforehand included. */
function reservedHour({
  years,
  upfront,
  hourly,
}: {
  years: number;
  upfront: number;
  hourly: number;
}): number {
  return (upfront / (years * HOURS_A_YEAR) + hourly) / BLOCK_UNITS;
}
/** Assumed: one year, nothing paid beforehand, on arm64; AWS says "up to". It is for the time of Lambda, not for its calls. */
const SAVINGS_PLAN = 0.17;

/** What may be chosen, and what it makes of the prices. */
interface Choice {
  writeUnit: number;
  readUnit: number;
  /** Of the price of Lambda's time. */
  lambdaShare: number;
  toldOnBus: boolean;
}

const AS_DEPLOYED: Choice = { ...unitPrices('on-demand'), lambdaShare: 1, toldOnBus: true };

/** Dollars for a million of them. */
function partsOf(taken: Taken, { writeUnit, readUnit, lambdaShare, toldOnBus }: Choice) {
  return {
    api: MILLION * taken.apiCalls * PRICES.apiCall,
    lambdaCalls: MILLION * taken.lambdaCalls * PRICES.lambdaCall,
    lambdaTime: MILLION * taken.gbSeconds * PRICES.lambdaGbSecond * lambdaShare,
    writes: MILLION * taken.writeUnits * writeUnit,
    reads: MILLION * taken.readUnits * readUnit,
    s3: MILLION * (taken.puts * PRICES.s3Put + taken.gets * PRICES.s3Get),
    kms: MILLION * taken.keys * PRICES.kmsCall,
    messages: MILLION * (taken.messages * SQS_CALL + (toldOnBus ? taken.busEvents * BUS_EVENT : 0)),
  };
}

function sumOf(parts: Record<string, number>): number {
  return Object.values(parts).reduce((sum, part) => sum + part, 0);
}

const cents = (dollars: number): string => dollars.toFixed(2);
/** From a hundred dollars on, none of the figures is known to a cent. */
const rounded = (dollars: number): string => (dollars < 100 ? cents(dollars) : dollars.toFixed(0));
const row = (...cells: string[]): string => `| ${cells.join(' | ')} |`;

/** The table of what a million cost, by what it is spent on. */
export function millionTable(): string[] {
  const sizes = [FULL_10_KB, FULL_1_MB, FULL_100_MB].map((taken) => ({
    taken,
    parts: partsOf(taken, AS_DEPLOYED),
  }));
  const line = (name: string, cell: (size: (typeof sizes)[number]) => string) =>
    row(name, ...sizes.map(cell));
  return [
    row('a million of them', '10 KB', '1 MB', '100 MB'),
    '|---|---|---|---|',
    line('API Gateway', ({ parts }) => cents(parts.api)),
    line('Lambda calls', ({ parts }) => cents(parts.lambdaCalls)),
    line(
      'Lambda time',
      ({ taken, parts }) => `${Number(taken.gbSeconds.toFixed(3))} x 13.33 = ${cents(parts.lambdaTime)}`,
    ),
    line(
      'DynamoDB',
      ({ taken, parts }) =>
        `${taken.writeUnits} x 0.625 + ${taken.readUnits} x 0.125 = ${cents(parts.writes + parts.reads)}`,
    ),
    line('S3 requests', ({ parts }) => cents(parts.s3)),
    line('KMS', ({ parts }) => cents(parts.kms)),
    line('SQS, EventBridge', ({ parts }) => cents(parts.messages)),
    line('**making them**', ({ parts }) => `**${rounded(sumOf(parts))}**`),
    line(
      '**keeping them a month**',
      ({ taken }) => `**${rounded((MILLION * taken.storedKb * GB_MONTH) / KB_PER_GB)}**`,
    ),
  ];
}

const PROVISIONED = unitPrices('provisioned');
const reserved = (term: keyof typeof RESERVED): number => usedUnit(reservedHour(RESERVED[term]));
const UNTOLD = { toldOnBus: false };
const PLANNED = { lambdaShare: 1 - SAVINGS_PLAN };

/** Each with all that stands above it in the same column of choices. */
const CHOICES: [name: string, chosen: Partial<Choice>][] = [
  ['as it is deployed: on demand, all events on the bus', {}],
  ['`busEvents=all,-backup.created`', UNTOLD],
  ['`provisionedWriteUnits=...`, used to 70 %', PROVISIONED],
  ['both', { ...PROVISIONED, ...UNTOLD }],
  [
    'both, and the write units reserved for a year',
    { ...PROVISIONED, writeUnit: reserved('one'), ...UNTOLD },
  ],
  ['both, and reserved for three years', { ...PROVISIONED, writeUnit: reserved('three'), ...UNTOLD }],
  [
    'both, reserved for a year, and a Compute Savings Plan',
    { ...PROVISIONED, writeUnit: reserved('one'), ...UNTOLD, ...PLANNED },
  ],
  [
    'both, reserved for three years, and a Compute Savings Plan',
    { ...PROVISIONED, writeUnit: reserved('three'), ...UNTOLD, ...PLANNED },
  ],
];

/** The table of the least that a million fulls of 10 KB can cost. */
export function leastTable(): string[] {
  return [
    row(
      'a million fulls of 10 KB',
      'write units',
      'read units',
      'EventBridge',
      'Lambda time',
      'the rest',
      'together',
    ),
    '|---|---|---|---|---|---|---|',
    ...CHOICES.map(([name, chosen]) => {
      const { writes, reads, messages, lambdaTime, ...rest } = partsOf(FULL_10_KB, {
        ...AS_DEPLOYED,
        ...chosen,
      });
      const all = sumOf({ writes, reads, messages, lambdaTime, ...rest });
      return row(name, ...[writes, reads, messages, lambdaTime, sumOf(rest)].map(cents), `**${cents(all)}**`);
    }),
  ];
}

/** The table of what a write unit costs, and how much of what is provisioned has to be used for it to be worth it. */
export function unitTable(): string[] {
  const onDemand = unitPrices('on-demand').writeUnit;
  const line = (name: string, hourly: number) =>
    row(
      name,
      ((hourly * HOURS_A_YEAR) / 12).toFixed(3),
      (usedUnit(hourly) * MILLION).toFixed(3),
      `${((100 * hourly) / 3600 / onDemand).toFixed(0)} %`,
    );
  return [
    row('a write unit', 'a second, a month', 'a million, used to 70 %', 'worth it from a use of'),
    '|---|---|---|---|',
    row('on demand', '', (onDemand * MILLION).toFixed(3), ''),
    line('provisioned', PROVISIONED_HOUR.writeUnit),
    line('reserved for a year', reservedHour(RESERVED.one)),
    line('reserved for three years', reservedHour(RESERVED.three)),
  ];
}
