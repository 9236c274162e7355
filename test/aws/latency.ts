// How long calls take, the first one after a deployment and those that follow.

const WARM_CALLS = 20;

export interface LatencyReport {
  call: string;
  coldMs: number;
  /** The median. */
  warmMs: number;
}

/** Of each function that serves the API, by its smallest call that reads. */
export async function reportLatencies(apiUrl: string): Promise<LatencyReport[]> {
  const reports: LatencyReport[] = [];
  for (const path of ['/backups?limit=1', '/restore/operations?limit=1']) {
    const coldMs = await timeOf(apiUrl + path);
    const warm: number[] = [];
    for (let i = 0; i < WARM_CALLS; i++) warm.push(await timeOf(apiUrl + path));
    warm.sort((a, b) => a - b);
    reports.push({ call: `GET ${path}`, coldMs, warmMs: warm[WARM_CALLS / 2]! });
  }
  return reports;
}

async function timeOf(url: string): Promise<number> {
  const began = performance.now();
  const answer = await fetch(url);
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`${url} gave ${answer.status}`);
  return Math.round(performance.now() - began);
}
