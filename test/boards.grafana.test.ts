// The boards in a real Grafana 10, provisioned from the project's folder, over a real InfluxDB 2.7 that nothing but `lab run` has
// filled: every query through Grafana, and every board in a real browser, light and dark.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BoardPages, type Intercept, noValueOf, panelOf, type Shown } from './board-pages.ts';
import { BoardRuns, type FilledRun } from './board-runs.ts';
import { type Board, BOARDS, type BoardQuery, filled, queriesOf, readBoard } from './boards.ts';
import { GrafanaServer, skipsGrafana } from './grafana-server.ts';
import { InfluxServer, skipsInflux } from './influx-server.ts';

const HEADLINE: { readonly [panel: string]: string } = { Commits: 'throughput', p50: 'commit.p50', p99: 'commit.p99', Failed: 'errors', 'New leaders': 'leaderChanges', 'Measured / optimum': 'optimum.ratio' };
/** Of what a headline says, in the unit of summary.json. */
const SCALES: { readonly [unit: string]: number } = { '': 1, '/s': 1, '×': 1, ms: 1, s: 1_000, min: 60_000, K: 1_000 };

type Frames = { readonly results?: { readonly [refId: string]: { readonly status?: number; readonly error?: string; readonly frames?: readonly { readonly data: { readonly values: readonly (readonly unknown[])[] } }[] } }; readonly message?: string };

const skips = [skipsGrafana('the boards in Grafana'), skipsInflux('2.7', 'the boards in Grafana')].includes(true);

describe.skipIf(skips)('the boards in Grafana', () => {
  let influx: InfluxServer;
  let grafana: GrafanaServer;
  let filling: BoardRuns;
  let runs: readonly FilledRun[];
  let pages: BoardPages;
  beforeAll(async () => {
    influx = await InfluxServer.start('2.7');
    filling = await BoardRuns.fill(influx.env);
    runs = filling.all();
    grafana = await GrafanaServer.start(influx.env, filling.results);
    pages = await BoardPages.start(grafana.url);
  }, 600_000);
  afterAll(async () => {
    await pages?.stop();
    await grafana?.stop();
    filling?.remove();
    await influx?.stop();
  });

  const runOf = (label: string, runner = 'sim', experiment = 'boards') => runs.find(({ plan }) => plan.label === label && plan.runner === runner && plan.experiment === experiment) as FilledRun;
  const span = () => ({ fromMs: runs[0]?.fromMs ?? 0, toMs: Math.max(...runs.map(({ toMs }) => toMs)) });
  const shown = (uid: string, run: FilledRun | null, theme: 'light' | 'dark', intercept?: Intercept): Promise<Shown> => pages.open(uid, theme, { ...(run ?? span()), ...(run === null ? {} : { values: { run: run.run } }) }, intercept);

  const silent = (uid: string, panels: ReadonlyMap<string, string>) => [...panels].filter(([title, text]) => text.includes(noValueOf(readBoard(uid), title))).map(([title]) => title);

  test('the data source is provisioned, and healthy', async () => {
    expect(await grafana.get('/api/datasources/uid/lab-influx/health')).toMatchObject({ status: 'OK' });
  });

  test.each(BOARDS)('%s is provisioned as committed', async (uid) => {
    const { dashboard, meta } = await grafana.get(`/api/dashboards/uid/${uid}`) as { readonly dashboard: Board; readonly meta: unknown };
    expect(meta).toMatchObject({ provisioned: true, folderTitle: 'consensus-lab' });
    expect({ ...dashboard, id: null, version: 0 }).toEqual({ ...readBoard(uid), id: null, version: 0 });
  });

  async function ask({ refId, query, resultFormat }: BoardQuery, run: FilledRun | null): Promise<number> {
    const { fromMs, toMs } = run ?? span();
    const values = run === null ? { baseline: runs[0]?.revision ?? '' } : { run: run.run, region: 'all' };
    const { status, body } = await grafana.post('/api/ds/query', {
      from: String(fromMs), to: String(toMs),
      queries: [{ refId, datasource: { type: 'influxdb', uid: 'lab-influx' }, rawQuery: true, resultFormat, query: filled(query, values, { fromMs, toMs }, null), intervalMs: 10_000, maxDataPoints: 1_000 }],
    });
    const { [refId]: result } = (body as Frames).results ?? {};
    if (status !== 200 || result === undefined || result.error !== undefined) throw new Error(`${status}: ${result?.error ?? (body as Frames).message}`);
    return (result.frames ?? []).reduce((sum, { data }) => sum + (data.values[0]?.length ?? 0), 0);
  }

  test.each(BOARDS)('%s: every query of panels, variables and annotations is answered by Grafana, with values', async (uid) => {
    const sizes = new Map<string, number>();
    for (const query of queriesOf(readBoard(uid))) {
      const place = query.panel?.type === 'heatmap' ? 'panel of buckets' : query.place;
      for (const run of uid === 'lab-run' || uid === 'lab-rounds' ? runs : [null]) sizes.set(place, (sizes.get(place) ?? 0) + await ask(query, run));
    }
    expect(sizes.size).toBeGreaterThan(8);
    expect([...sizes].filter(([, size]) => size === 0)).toEqual([]);
  });

  test('a query that is refused is seen', async () => {
    const [first] = queriesOf(readBoard('lab-run')) as readonly [BoardQuery];
    await expect(ask({ ...first, query: 'SELECT FROM "run"' }, null)).rejects.toThrow(/^(400|500): /);
  });

  describe.each(['dark', 'light'] as const)('%s', (theme) => {
    test('a run on real processes: every panel shows something, and the headline is what summary.json says', async () => {
      const run = runOf('raft', 'local');
      const { page, panels, problems } = await shown('lab-run', run, theme);
      // No leader led throughout: then there is no closed form to draw.
      const hasForm = run.summary.metrics['optimum.ratio']?.value !== null;
      expect(problems.filter((problem) => hasForm || !problem.startsWith('Measured beside the closed form: '))).toEqual([]);
      expect(['Failed and unknown, by kind', ...(hasForm ? [] : ['Measured / optimum'])]).toEqual(expect.arrayContaining(silent('lab-run', panels)));
      expectHeadline(panels, run);
      expect(await page.getByTestId('data-testid annotation-marker').count()).toBeGreaterThan(0);
      await page.context().close();
    });

    test('a run of the simulator: what it has not is said', async () => {
      const run = runOf('stick');
      const { page, panels, problems } = await shown('lab-run', run, theme);
      expect(problems).toEqual([]);
      expect(['Failed and unknown, by kind', 'New leaders', 'Clock error', 'Processor', 'Memory', 'Event-loop delay', 'Load generator']).toEqual(expect.arrayContaining(silent('lab-run', panels)));
      expectHeadline(panels, run);
      await page.context().close();
    });

    test.each([['lab-rounds', 'ntp-drift'], ['lab-compare', null], ['lab-trends', null]] as const)('%s: every panel shows something', async (uid, experiment) => {
      const { page, panels, problems } = await shown(uid, experiment === null ? null : runs.findLast(({ plan }) => plan.experiment === experiment) as FilledRun, theme);
      expect(problems).toEqual([]);
      expect(silent(uid, panels)).toEqual([]);
      await page.context().close();
    });
  });

  test('the run whose link is followed is shown, and its report page opens', async () => {
    const { page, panels } = await shown('lab-compare', null, 'light');
    expect(panels.get('Runs')).toContain('raft, aws-5');
    const run = runOf('raft', 'local');
    const row = panelOf(page, 'Runs').getByRole('row').filter({ hasText: 'raft, aws-5 199 ms, local' });
    const report = await row.getByTitle('Report page').getAttribute('href');
    const answer = await fetch(new URL(report ?? '', grafana.url));
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('<title>');
    await row.getByTitle('Board of this run').click();
    await page.waitForURL(/\/d\/lab-run/);
    expect(new URL(page.url()).searchParams.get('var-run')).toBe(run.run);
    await panelOf(page, 'Verdict').getByText(/^(ok|invalid)$/).waitFor();
    await page.context().close();
  });

  test.each([
    ['an answer that is an error', { asked: 'optimum.ratio', status: 400, body: '{"error":"planted"}' }, 'Measured / optimum: marked with an error'],
    ['an answer without rows', { asked: 'optimum.ratio', status: 200, body: '{"results":[{"statement_id":0}]}' }, null],
  ] as const)('%s is seen', async (_, intercept, problem) => {
    const { page, panels, problems } = await shown('lab-run', runOf('raft', 'local'), 'light', intercept);
    if (problem !== null) expect(problems).toContain(problem);
    else expect(silent('lab-run', panels)).toContain('Measured / optimum');
    await page.context().close();
  });
});

/** Within 1 %, as far as the digits that are shown go. */
function expectHeadline(panels: ReadonlyMap<string, string>, { summary }: FilledRun): void {
  for (const [title, name] of Object.entries(HEADLINE)) {
    const value = summary.metrics[name]?.value ?? null;
    if (value === null) continue;
    const [, digits = '', unit = ''] = /(-?[\d.]+) ?(\/s|ms|s|min|K|×)?$/.exec(panels.get(title) ?? '') ?? [];
    const read = Number(digits) * (SCALES[unit] ?? Number.NaN);
    expect(Math.abs(read - value), `${title}: ${panels.get(title)}, ${value}`).toBeLessThanOrEqual(0.01 * Math.abs(value));
  }
  expect(panels.get('Verdict')).toMatch(/ (ok|invalid|violated|unknown)$/);
}
