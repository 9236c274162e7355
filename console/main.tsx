// The console: who is not signed in sees that and nothing else; then the screen that the URL names.

import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import { listenToKeys } from './app/keys.ts';
import { useLoad } from './app/load.ts';
import { followLinks, linkTo, route, type Screen } from './app/router.ts';
import { learnSession, session } from './app/session.ts';
import { Empty, Failure, Skeleton } from './parts/common.tsx';
import { Sprite } from './parts/icon.tsx';
import { Shell } from './parts/shell.tsx';
import { Activity } from './screens/activity.tsx';
import { Compare } from './screens/compare.tsx';
import { History } from './screens/history.tsx';
import { Overview } from './screens/overview.tsx';
import { Resource } from './screens/resource.tsx';
import { SignIn } from './screens/sign-in.tsx';
import { State } from './screens/state.tsx';
import { Trash } from './screens/trash.tsx';

type Administration = typeof import('./screens/administration.ts');

type Show = (props: { asked: Record<string, string> }) => preact.JSX.Element | null;

const SCREENS: Record<Screen, Show> = {
  overview: Overview,
  resource: Resource,
  state: State,
  history: History,
  compare: Compare,
  activity: Activity,
  trash: Trash,
  retention: later((all) => all.Retention),
  schedules: later((all) => all.Schedules),
  notifications: later((all) => all.Notifications),
  audit: later((all) => all.Audit),
  tokens: later((all) => all.Tokens),
};

/** Fetched once, when the first of its screens is opened. */
let administration: Administration | undefined;

/** A screen that is not in the first script. */
function later(pick: (all: Administration) => Show): Show {
  return (props) => {
    const { value, error, isSlow } = useLoad(async () => {
      administration ??= await import('./screens/administration.ts');
      return administration;
    }, []);
    const all = administration ?? value;
    if (all !== undefined) {
      const Shown = pick(all);
      return <Shown {...props} />;
    }
    if (error === undefined) return <Skeleton isShown={isSlow} />;
    // A newer release has other names for its scripts.
    return <Failure error={error} what="This screen could not be fetched" retry={() => location.reload()} />;
  };
}

function App() {
  const learned = useLoad(async () => learnSession().then(() => true), []);
  useEffect(() => {
    followLinks();
    listenToKeys();
  }, []);
  const now = session.value;
  if (now === undefined) {
    return learned.error === undefined ? null : (
      <main class="alone">
        <Failure error={learned.error} what="The service was not reached" retry={learned.reload} />
      </main>
    );
  }
  if (!now.signedIn) return <SignIn />;
  const { screen, asked } = route.value;
  const Shown = screen === undefined ? NotHere : SCREENS[screen];
  return (
    <Shell>
      <Shown key={`${screen} ${asked.id ?? ''}`} asked={asked} />
    </Shell>
  );
}

function NotHere() {
  return (
    <Empty
      title="There is no such view"
      act={
        <a class="btn" href={linkTo('overview')}>
          Overview
        </a>
      }
    />
  );
}

render(
  <>
    <Sprite />
    <App />
  </>,
  document.getElementById('app')!,
);
