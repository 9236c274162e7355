// A schedule is made or changed: what is read, into which resource, and when. What it would do stands beside it before anything is saved.

import { useEffect, useState } from 'preact/hooks';
import type { Answer, CallInput } from '../../lib/client/contract.ts';
import { areShown, type Faults, faultsIn, NO_FAULTS } from '../app/forms.ts';
import { useLoad } from '../app/load.ts';
import { go, linkTo } from '../app/router.ts';
import { offsetOf, wallOf, whenInWords } from '../app/runs.ts';
import { client } from '../app/session.ts';
import { OWN_ZONE, utc } from '../app/words.ts';
import { Empty, Failure, Head, Notice, Show, Term } from '../parts/common.tsx';
import { CheckField, ChoiceField, NumberField, TextField } from '../parts/form.tsx';
import { tell } from '../parts/toast.tsx';

type One = Answer<'Schedule'>;
type Body = NonNullable<CallInput<'putSchedule'>['body']>;

const TYPED_MS = 300;
const PREVIEWED_AS = 'preview';
const POINTERS = [
  ...['/path/id', '/sourceId', '/resourceId', '/when', '/zone', '/jitterSeconds', '/type', '/retentionDays'],
  ...['/catchUp', '/drillEvery', '/drillInto', '/resourceType'],
];
const TYPES = [
  ['incremental', 'incremental: what has changed'],
  ['differential', 'differential: against the last full'],
  ['full', 'full: whole each time'],
] as const;
const CATCH_UP = [
  ['one', 'runs late, unless the next is near'],
  ['none', 'is left out'],
] as const;

function bodyOf(schedule: One | undefined): Body {
  if (schedule === undefined) {
    return {
      ...{ sourceId: '', resourceId: '', resourceType: 'generic', when: '30 2 * * *', zone: OWN_ZONE },
      ...{ jitterSeconds: 0, catchUp: 'one', type: 'incremental', retentionDays: 30, ifChanged: true },
      ...{ tags: {}, drillEvery: 7 },
    };
  }
  const { sourceId, resourceId, resourceType, when, zone, jitterSeconds, catchUp, type } = schedule;
  const { retentionDays, tags, ifChanged, drillEvery, drillInto } = schedule;
  return {
    ...{ sourceId, resourceId, resourceType, when, zone, jitterSeconds, catchUp, type },
    ...{ retentionDays, tags, ifChanged, drillEvery },
    ...(drillInto === undefined ? {} : { drillInto }),
  };
}

async function load(id: string | undefined, signal: AbortSignal) {
  const [{ sources }, schedule] = await Promise.all([
    client.call('listSources', { query: { limit: 1000 } }, { signal }),
    id === undefined ? undefined : client.call('getSchedule', { params: { id } }, { signal }),
  ]);
  return { sources, schedule };
}

export function ScheduleForm({ id }: { id?: string }) {
  const loaded = useLoad((signal) => load(id, signal), [id]);
  const title = id === undefined ? 'New schedule' : `Change ${id}`;
  return (
    <>
      <Head
        title={title}
        crumbs={[
          { text: 'Schedules', href: linkTo('schedules') },
          ...(id === undefined ? [] : [{ text: id, href: linkTo('schedules', { id }) }]),
          { text: title },
        ]}
        answer="Nothing runs because of what is saved here. Slots that were due before a change of its times are skipped, with an event."
      />
      <Show loaded={loaded} what="What there is to read could not be listed">
        {({ sources, schedule }) =>
          sources.length === 0 ? (
            <Empty
              title="There is nothing to read yet"
              act={
                <a class="btn pri" href={linkTo('schedules', { show: 'sources', make: 'yes' })}>
                  New source
                </a>
              }
            >
              A schedule reads a source: make that first.
            </Empty>
          ) : (
            <Editor key={id ?? ''} sources={sources} {...(schedule === undefined ? {} : { schedule })} />
          )
        }
      </Show>
    </>
  );
}

function Editor({ sources, schedule }: { sources: readonly Answer<'Source'>[]; schedule?: One }) {
  const [name, setName] = useState(schedule?.id ?? '');
  const [body, setBody] = useState<Body>(() => {
    const begun = bodyOf(schedule);
    const [first] = sources.filter(({ spec }) => spec.scratch !== true);
    return begun.sourceId === '' ? { ...begun, sourceId: first?.id ?? '' } : begun;
  });
  const [settled, setSettled] = useState(body);
  const [faults, setFaults] = useState<Faults>(NO_FAULTS);
  const [error, setError] = useState<unknown>(undefined);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(body), TYPED_MS);
    return () => clearTimeout(timer);
  }, [body]);
  const preview = usePreview(schedule?.id, settled, settled !== body);
  const shown: Faults = faults.size > 0 ? faults : preview.faults;
  const set = <K extends keyof Body>(member: K, value: Body[K]): void => {
    setFaults(NO_FAULTS);
    setError(undefined);
    setBody({ ...body, [member]: value });
  };
  const save = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    try {
      const { id } = await client.call('putSchedule', { params: { id: name }, body });
      tell(`${id} is set`);
      go(linkTo('schedules', { id }));
    } catch (refused) {
      setFaults(faultsIn(refused));
      setError(refused);
    }
  };
  const scratch = sources.filter(({ spec }) => spec.scratch === true).map(({ id }) => [id, id] as const);
  const { drillInto = '', drillEvery = 0 } = body;
  return (
    <>
      {error !== undefined && !areShown(faults, POINTERS) && (
        <Failure error={error} what="The schedule was not set" />
      )}
      <div class="fsplit">
        <form class="panel" onSubmit={(event) => void save(event)}>
          <div class="pb formgrid two-c">
            {schedule === undefined && (
              <TextField
                label="Name"
                hint="letters, digits and hyphens: nightly"
                at="/path/id"
                {...{ faults: shown, value: name, set: setName, isRequired: true, isWide: true }}
              />
            )}
            <ChoiceField
              label="Reads"
              at="/sourceId"
              faults={shown}
              value={body.sourceId}
              choices={sources.map(({ id, shown: place }) => [id, `${id} · ${place}`] as const)}
              set={(value) => set('sourceId', value)}
            />
            <TextField
              label="Into the resource"
              hint="whose history it makes: shop"
              at="/resourceId"
              value={body.resourceId}
              set={(value) => set('resourceId', value)}
              isRequired
              faults={shown}
            />
            <TextField
              label="When"
              hint={saidOf(body.when)}
              at="/when"
              value={body.when}
              set={(value) => set('when', value)}
              isMono
              isRequired
              faults={shown}
            />
            <TextField
              label="On the wall of"
              hint="a time zone"
              at="/zone"
              value={body.zone ?? 'UTC'}
              set={(value) => set('zone', value)}
              options={ZONES}
              isRequired
              faults={shown}
            />
            <ChoiceField
              label="Makes"
              at="/type"
              faults={shown}
              value={body.type ?? 'incremental'}
              choices={TYPES}
              set={(value) => set('type', value)}
            />
            <NumberField
              label="Kept for days"
              hint="0: for ever"
              at="/retentionDays"
              faults={shown}
              value={body.retentionDays ?? 30}
              max={36_500}
              set={(value) => set('retentionDays', value)}
            />
            <ChoiceField
              label="A slot that was missed"
              at="/catchUp"
              faults={shown}
              value={body.catchUp ?? 'one'}
              choices={CATCH_UP}
              set={(value) => set('catchUp', value)}
            />
            <NumberField
              label="Later by up to, seconds"
              hint="so that many do not come at once; a resource always by the same"
              at="/jitterSeconds"
              faults={shown}
              value={body.jitterSeconds ?? 0}
              max={86_400}
              set={(value) => set('jitterSeconds', value)}
            />
            <NumberField
              label="A drill after so many good runs"
              hint="0: never by itself"
              at="/drillEvery"
              faults={shown}
              value={drillEvery}
              max={10_000}
              set={(value) => set('drillEvery', value)}
            />
            <ChoiceField
              label="Drills restore into"
              hint={scratch.length === 0 ? 'no source is marked as scratch' : 'what it has is lost'}
              at="/drillInto"
              faults={shown}
              value={drillInto}
              choices={[['', 'memory'], ...scratch]}
              set={(value) => {
                const { drillInto: _old, ...others } = body;
                setFaults(NO_FAULTS);
                setBody(value === '' ? others : { ...others, drillInto: value });
              }}
            />
            <div class="span">
              <CheckField
                label="An unchanged state makes no backup, and is noted"
                isOn={body.ifChanged !== false}
                set={(isOn) => set('ifChanged', isOn)}
              />
            </div>
            <div class="acts span">
              <button type="submit" class="btn pri" disabled={name === '' || body.resourceId === ''}>
                Save
              </button>
              <a class="btn" href={linkTo('schedules', schedule === undefined ? {} : { id: schedule.id })}>
                Cancel
              </a>
            </div>
          </div>
        </form>
        <Preview preview={preview} />
      </div>
      <Term name="Schedule" command="brs schedule add --help" keys={[]} />
    </>
  );
}

/** What it means, where that can be said in words. */
function saidOf(when: string): string {
  const words = whenInWords(when);
  return words === when ? 'five fields of cron, or every 15m' : words;
}

const ZONES = ['UTC', ...Intl.supportedValuesOf('timeZone')];

interface Previewed {
  would: One | undefined;
  /** It answers what was typed before. */
  isOld: boolean;
  faults: Faults;
  error: unknown;
}

/** Asked of the service, which keeps nothing; what is not filled in yet is taken for something that it may be. */
function usePreview(id: string | undefined, body: Body, isTyping: boolean): Previewed {
  const query = { dryRun: 'true' as const };
  const params = { id: id ?? PREVIEWED_AS };
  const asked = { ...body, resourceId: body.resourceId === '' ? PREVIEWED_AS : body.resourceId };
  const loaded = useLoad(
    (signal) =>
      client.call('putSchedule', { params, query, body: asked } as unknown as CallInput<'putSchedule'>, {
        signal,
      }),
    [id, asked],
  );
  const isRefused = loaded.error !== undefined && !loaded.isOld;
  return {
    would: isRefused ? undefined : loaded.value,
    isOld: isTyping || loaded.isOld,
    faults: isRefused ? faultsIn(loaded.error) : NO_FAULTS,
    error: isRefused ? loaded.error : undefined,
  };
}

function Preview({ preview: { would, isOld, faults, error } }: { preview: Previewed }) {
  return (
    <section class="panel" aria-labelledby="nxt">
      <div class="ph">
        <h2 id="nxt">The next five</h2>
        <span class="faint">as it would run</span>
      </div>
      <div aria-live="polite" class={isOld ? 'stale' : 'fresh'} aria-busy={isOld}>
        {error !== undefined && faults.size === 0 && (
          <Failure error={error} what="It could not be looked ahead" />
        )}
        {faults.size > 0 && <p class="pb dim">None can be told yet: {[...faults.values()].join('; ')}.</p>}
        {would?.warnings.map((text) => (
          <Notice key={text} tone="late">
            {text}
          </Notice>
        ))}
        {would !== undefined && (
          <table class="tbl tight">
            <thead>
              <tr>
                <th scope="col">{would.zone}</th>
                <th scope="col">UTC</th>
              </tr>
            </thead>
            <tbody>
              {would.next.map(({ slot, local }) => (
                <tr key={slot}>
                  <th scope="row">
                    {wallOf(local)} <span class="faint">{offsetOf(local)}</span>
                  </th>
                  <td class="mono dim nw" title={utc(slot)}>
                    {slot.slice(5, 16).replace('T', ' ')}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
    </section>
  );
}
