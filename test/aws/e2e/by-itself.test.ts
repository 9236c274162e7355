// What runs by itself: the deployed functions that read sources and tell others, called as their rules call them.

import { createHmac, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { DisableRuleCommand, EnableRuleCommand, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateQueueCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { stateOf } from '../../e2e/client.ts';
import { capabilities } from '../capabilities.ts';
import { invoke } from '../invoke.ts';
import { type Clients, createClients, destroyClients, makeBucket, newName } from '../resources.ts';
import { TOLD_TOPIC_ARN } from '../stack.ts';
import { describeDeployed, eventually } from './deployed.ts';
import { allow, makeSecret, query } from './query-apis.ts';

const STACK = 'BackupRestore-dev';
const WITHIN_MS = 30_000;
/** The rules come once a minute. */
const MINUTE_MS = 60_000;
const LONG_MS = 4 * MINUTE_MS;

interface RunView {
  id: string;
  slot: string;
  status: string;
  trigger: string;
  backupId?: string;
  failure?: { code: string };
}
interface DeliveryView {
  id: string;
  state: string;
  attempts: { outcome: string; status?: number }[];
}
interface Got {
  path: string;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

describeDeployed('by itself', ({ client, outputs }) => {
  let clients: Clients;
  /** What stands behind it answers as `answers` says, path by path: status and body. */
  const got: Got[] = [];
  const answers = new Map<string, (request: Got) => [number, string]>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const one: Got = {
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      got.push(one);
      const [status, text] = answers.get(one.path)?.(one) ?? [404, ''];
      response.writeHead(status, { 'content-type': 'application/json' }).end(text);
    });
  });
  let here: string;
  /** Since when a state is expected that does not come: its minute passes while other tests run. */
  let expectedSince: number;
  const EXPECTED = { expectEverySeconds: 60 };
  /** Nobody looks at it but the rule, once a minute: no test behind the one that asks for it calls that function. */
  let leftToTheRule: RunView;

  beforeAll(async () => {
    clients = createClients();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    here = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await client.backup({ resourceId: 'by-itself-late', state: '1' });
    await put('/resources/by-itself-late/settings', EXPECTED);
    expectedSince = Date.now();
    expect(await lookForLate()).toMatchObject({ late: 0, recovered: 0 });
  }, LONG_MS);
  afterAll(() => {
    destroyClients(clients);
    server.closeAllConnections();
    server.close();
  });

  async function put(path: string, body: object): Promise<void> {
    const { status, body: said } = await client.send('PUT', path, JSON.stringify(body));
    if (status !== 200 && status !== 201) throw new Error(`PUT ${path} gave ${status}: ${said}`);
  }
  const check = async (id: string) =>
    (await client.send('POST', `/sources/${id}/check`)).json<{ ok: boolean; code?: string }>();
  const lookNow = () => invoke(outputs.SchedulesFunction, { task: 'schedules' });
  const lookForLate = () =>
    invoke<{ late: number; recovered: number }>(outputs.NotifyFunction, { task: 'conditions' });
  const tellNow = () => invoke(outputs.NotifyFunction, { task: 'notify' });

  async function runNow(id: string): Promise<RunView> {
    const asked = await client.send('POST', `/schedules/${id}/run`);
    if (asked.status !== 202) throw new Error(`the run was not queued: ${asked.status} ${asked.body}`);
    return asked.json<RunView>();
  }
  const runs = async (scheduleId: string) =>
    (await client.send('GET', `/runs?scheduleId=${scheduleId}`)).json<{ runs: RunView[] }>().runs;
  const ended = (id: string, withinMs = WITHIN_MS) =>
    eventually(withinMs, `the end of ${id}`, async () => {
      const run = (await client.send('GET', `/runs/${id}`)).json<RunView>();
      return ['queued', 'running'].includes(run.status) ? undefined : run;
    });
  const eventsOf = async (resourceId: string) =>
    (await client.send('GET', `/audit?resourceId=${resourceId}&limit=100`))
      .json<{ events: { action: string; actor: string; detail?: Record<string, unknown> }[] }>()
      .events.reverse();

  /** While the rule of a task is off: then only the test calls its function. */
  async function withoutRule(task: string, act: () => Promise<void>): Promise<void> {
    const { Rules = [] } = await clients.eventBridge.send(new ListRulesCommand({}));
    const rules = Rules.filter(({ Description }) => Description?.endsWith(`function: ${task}`));
    expect(rules).toHaveLength(1);
    const { Name } = rules[0]!;
    await clients.eventBridge.send(new DisableRuleCommand({ Name }));
    try {
      await act();
    } finally {
      await clients.eventBridge.send(new EnableRuleCommand({ Name }));
    }
  }

  test('a server is read with a secret of Secrets Manager, and no secret of others is', async () => {
    const name = newName();
    const arn = await makeSecret(`${STACK}/${name}`, JSON.stringify({ token: 'of-the-shop' }));
    const foreign = await makeSecret(`others/${name}`, 'theirs');
    answers.set('/orders', ({ headers }) =>
      headers.authorization === 'Bearer of-the-shop' ? [200, '{"orders":[1.50]}'] : [401, '{}'],
    );
    const source = (reference: string) => ({
      ...{ kind: 'http', url: `${here}/orders` },
      headers: { authorization: `Bearer {secretsmanager:${reference}}` },
    });
    await put('/sources/server', source(`${arn}#token`));
    expect(await check('server')).toMatchObject({ ok: true });
    await put('/schedules/yearly', {
      sourceId: 'server',
      resourceId: 'by-itself-server',
      when: '0 0 1 1 *',
      drillEvery: 1,
    });
    const { id } = await runNow('yearly');
    await lookNow();
    const run = await ended(id);
    expect(run).toMatchObject({ status: 'completed' });
    expect(stateOf(await client.restore(run.backupId!)).toString()).toBe('{"orders":[1.50]}');
    // One run, one drill: its evidence is kept.
    const { drills } = (await client.send('GET', '/drills?scheduleId=yearly')).json<{ drills: object[] }>();
    expect(drills).toMatchObject([{ passed: true, backupId: run.backupId }]);

    await put(
      '/sources/server',
      source(`arn:aws:secretsmanager:us-east-1:000000000000:secret:${STACK}/none`),
    );
    expect(await check('server')).toMatchObject({ ok: false, code: 'source_missing' });
    if (capabilities().checksCallers) {
      await put('/sources/server', source(foreign));
      expect(await check('server')).toMatchObject({ ok: false, code: 'source_denied' });
    }
    await put('/sources/server', { kind: 'http', url: 'http://169.254.169.254/latest/meta-data' });
    expect(await check('server')).toMatchObject({ ok: false, code: 'source_denied' });
  });

  test(
    'an object of S3 becomes backups: a slot that two look at has one run and one backup, and what is unchanged makes none',
    async () => {
      const bucket = await makeBucket(clients.s3);
      const key = 'shop/orders.json';
      const write = (Body: string) =>
        clients.s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body }));
      await write('{"orders":{"1":{"sum":12345678901234567890.10}}}');
      await put('/sources/object', { kind: 's3', bucket, key });
      if (capabilities().checksCallers) {
        expect(await check('object')).toMatchObject({ ok: false, code: 'source_denied' });
      }
      await allow(outputs.SchedulesFunction, ['s3:GetObject', 's3:PutObject'], [`arn:aws:s3:::${bucket}/*`]);
      expect(await check('object')).toMatchObject({ ok: true });

      await withoutRule('schedules', async () => {
        // A run that its rule has begun before it was off ends by itself.
        await put('/schedules/minutely', {
          sourceId: 'object',
          resourceId: 'by-itself-object',
          when: 'every 1m',
        });
        await delay(MINUTE_MS - (Date.now() % MINUTE_MS) + 500);
        await Promise.all([lookNow(), lookNow()]);
        const [first, ...others] = await eventually(WITHIN_MS, 'the run', async () => {
          const found = await runs('minutely');
          return found.some(({ status }) => ['queued', 'running'].includes(status)) ? undefined : found;
        });
        expect(others).toEqual([]);
        expect(first).toMatchObject({ status: 'completed', trigger: 'schedule' });
        expect(Date.parse(first!.slot) % MINUTE_MS).toBe(0);
        const restored = stateOf(await client.restore(first!.backupId!)).toString();
        expect(restored).toBe('{"orders":{"1":{"sum":12345678901234567890.10}}}');
        expect(
          (await client.list()).filter(({ resourceId }) => resourceId === 'by-itself-object'),
        ).toHaveLength(1);
        const told = (await eventsOf('by-itself-object')).filter(
          ({ actor }) => actor === 'schedule:minutely',
        );
        expect(told.map(({ action }) => action).sort()).toEqual([
          'backup.created',
          'run.completed',
          'run.queued',
          'run.started',
        ]);
        await client.send('POST', '/schedules/minutely/pause');

        // The same object makes no backup; another does.
        const same = await runNow('minutely');
        await lookNow();
        expect(await ended(same.id)).toMatchObject({ status: 'unchanged', backupId: first!.backupId });
        await write('{"orders":{}}');
        const changed = await runNow('minutely');
        await lookNow();
        const second = await ended(changed.id);
        expect(second).toMatchObject({ status: 'completed' });
        expect(stateOf(await client.restore(second.backupId!)).toString()).toBe('{"orders":{}}');
      });

      // What was made comes back, into an object that is marked as scratch: by the function that may write there.
      await put('/sources/scratch', { kind: 's3', bucket, key: 'scratch.json', scratch: true });
      await put('/schedules/minutely', {
        ...{ sourceId: 'object', resourceId: 'by-itself-object', when: 'every 1m' },
        drillInto: 'scratch',
      });
      const drilled = await client.send('POST', '/schedules/minutely/drill');
      expect(drilled.json()).toMatchObject({ passed: true, into: { sourceId: 'scratch', isExact: true } });
      const { Body } = await clients.s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'scratch.json' }));
      expect(await Body!.transformToString()).toBe('{"orders":{}}');
      leftToTheRule = await runNow('minutely');
    },
    LONG_MS,
  );

  /** Whether it was signed by whoever knows the secret, as Standard Webhooks 1.0 asks receivers to look. */
  function isSigned({ headers, body }: Got, key: Buffer): boolean {
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    const signature = `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
    return String(headers['webhook-signature']).split(' ').includes(signature);
  }
  const deliveries = async (id: string) =>
    (await client.send('GET', `/notifications/${id}/deliveries`)).json<{ deliveries: DeliveryView[] }>()
      .deliveries;
  /** Until each of a channel's deliveries has ended; the trail's function makes them, within seconds of the commit. */
  const told = (id: string, count: number) =>
    eventually(WITHIN_MS * 2, `what ${id} is told`, async () => {
      await tellNow();
      const all = await deliveries(id);
      return all.length >= count && all.every(({ state }) => state !== 'pending') ? all : undefined;
    });

  test(
    'a webhook is told of a commit, signed; one that fails at first is told again, and two who tell at once tell once',
    async () => {
      const keys = [randomBytes(32), randomBytes(24)];
      const secrets = await Promise.all(
        keys.map((key) => makeSecret(`${STACK}/${newName()}`, `whsec_${key.toString('base64')}`)),
      );
      let failures = 1;
      answers.set('/hook', () => (failures-- > 0 ? [503, ''] : [204, '']));
      await put('/notifications/hook', {
        target: {
          ...{ kind: 'webhook', url: `${here}/hook` },
          secrets: secrets.map((arn) => `secretsmanager:${arn}`),
        },
        events: ['backup.created'],
        resources: ['told/*'],
      });
      const { id: backupId } = await client.backup({ resourceId: 'told/db', state: '{"a":1}' });
      const [delivery, ...others] = await told('hook', 1);
      expect(others).toEqual([]);
      expect(delivery!.attempts.map(({ outcome, status }) => [outcome, status])).toEqual([
        ['status', 503],
        ['delivered', 204],
      ]);
      const hooks = () => got.filter(({ path }) => path === '/hook');
      expect(hooks()).toHaveLength(2);
      expect(new Set(hooks().map(({ headers }) => headers['webhook-id'])).size).toBe(1);
      for (const hook of hooks()) {
        expect(keys.map((key) => isSigned(hook, key))).toEqual([true, true]);
        expect(Math.abs(Number(hook.headers['webhook-timestamp']) * 1000 - Date.now())).toBeLessThan(
          MINUTE_MS,
        );
        expect(JSON.parse(hook.body)).toMatchObject({
          type: 'backup.created',
          data: { resourceId: 'told/db', backupId },
        });
      }

      const before = hooks().length;
      await client.backup({ resourceId: 'told/db', state: '{"a":2}' });
      await eventually(WITHIN_MS, 'the delivery', async () =>
        (await deliveries('hook')).length >= 2 ? true : undefined,
      );
      await Promise.all([tellNow(), tellNow(), tellNow()]);
      await told('hook', 2);
      expect(hooks()).toHaveLength(before + 1);
      await client.send('DELETE', '/notifications/hook');
    },
    LONG_MS,
  );

  test('a secret that cannot be read is said to be the reason, and nothing is sent', async () => {
    const reference = `secretsmanager:${await makeSecret(`others/${newName()}`, 'whsec_AAAA')}`;
    await put('/notifications/closed', {
      target: { kind: 'webhook', url: `${here}/closed`, secrets: [reference] },
      ...{ events: ['backup.created'], resources: ['nothing'] },
    });
    await client.send('POST', '/notifications/closed/test');
    const attempts = await eventually(WITHIN_MS, 'the attempt', async () => {
      await tellNow();
      const [delivery] = await deliveries('closed');
      return delivery === undefined || delivery.attempts.length === 0 ? undefined : delivery.attempts;
    });
    expect(attempts[0]).toMatchObject({ outcome: 'secret' });
    expect(got.filter(({ path }) => path === '/closed')).toEqual([]);
    await client.send('DELETE', '/notifications/closed');
  });

  test('a topic of SNS is told, and with it the queue behind it; a topic that the deployment does not name is not', async () => {
    const QueueName = newName();
    const Resource = `arn:aws:sqs:us-east-1:000000000000:${QueueName}`;
    const Principal = { Service: 'sns.amazonaws.com' };
    const Statement = [{ Effect: 'Allow', Principal, Action: 'sqs:SendMessage', Resource }];
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
    const { QueueUrl } = await clients.sqs.send(
      new CreateQueueCommand({ QueueName, Attributes: { Policy } }),
    );
    const name = TOLD_TOPIC_ARN.split(':').at(-1)!;
    const made = await query('sns', '2010-03-31', { Action: 'CreateTopic', Name: name });
    expect(made).toContain(`<TopicArn>${TOLD_TOPIC_ARN}</TopicArn>`);
    await query('sns', '2010-03-31', {
      ...{ Action: 'Subscribe', TopicArn: TOLD_TOPIC_ARN, Protocol: 'sqs' },
      Endpoint: Resource,
    });
    // A test goes to its channel whatever that is told of.
    const ofNothing = { events: ['backup.created'], resources: ['nothing'] };
    await put('/notifications/topic', { target: { kind: 'sns', topicArn: TOLD_TOPIC_ARN }, ...ofNothing });
    await client.send('POST', '/notifications/topic/test');
    expect(await told('topic', 1)).toMatchObject([
      { state: 'delivered', attempts: [{ outcome: 'delivered' }] },
    ]);
    const message = await eventually(WITHIN_MS, 'the message', async () => {
      const { Messages = [] } = await clients.sqs.send(
        new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }),
      );
      return Messages[0];
    });
    const said = JSON.parse(message.Body!) as {
      Subject: string;
      Message: string;
      MessageAttributes: Record<string, { Value: string }>;
    };
    expect(said.Subject).toBe('[backup] This is a test of the channel topic');
    expect(said.Message).toContain('event: channel.tested');
    expect(said.MessageAttributes.kind!.Value).toBe('channel.tested');
    await client.send('DELETE', '/notifications/topic');
    if (!capabilities().checksCallers) return;

    await query('sns', '2010-03-31', { Action: 'CreateTopic', Name: 'unnamed' });
    await put('/notifications/unnamed', {
      target: { kind: 'sns', topicArn: TOLD_TOPIC_ARN.replace(name, 'unnamed') },
      ...ofNothing,
    });
    await client.send('POST', '/notifications/unnamed/test');
    const refused = await eventually(WITHIN_MS, 'the attempt', async () => {
      await tellNow();
      const [delivery] = await deliveries('unnamed');
      return delivery?.attempts[0];
    });
    expect(refused).toMatchObject({ outcome: 'status', status: 403 });
    await client.send('DELETE', '/notifications/unnamed');
  });

  test(
    'what no call tells of is looked for: a state that does not come is told, once',
    async () => {
      const told = async () =>
        (await eventsOf('by-itself-late')).filter(({ action }) => action === 'backup.late');
      const leftMs = expectedSince + MINUTE_MS + 1000 - Date.now();
      if (leftMs > 0) await delay(leftMs);
      await Promise.all([lookForLate(), lookForLate()]);
      await lookForLate();
      expect(await told()).toMatchObject([{ actor: 'service', detail: EXPECTED }]);
    },
    LONG_MS,
  );

  test(
    'what was asked for runs without a call: its rule comes',
    async () => {
      expect(await ended(leftToTheRule.id, 2 * MINUTE_MS)).toMatchObject({ status: 'unchanged' });
    },
    LONG_MS,
  );

  test('a task that neither function knows is an error, not a success', async () => {
    for (const name of [outputs.SchedulesFunction, outputs.NotifyFunction]) {
      await expect(invoke(name, { task: 'sweep' })).rejects.toThrow('there is no task');
    }
  });
});
