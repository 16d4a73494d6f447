// Every query of every board on real InfluxDB servers, 1.x and 2.7, that nothing but `lab run` has filled: none is refused, each
// gives values, and the headline is what summary.json says.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BoardRuns, type FilledRun } from './board-runs.ts';
import { BOARDS, type BoardQuery, filled, queriesOf, readBoard } from './boards.ts';
import { InfluxServer, type InfluxVersion, type Series, skipsInflux } from './influx-server.ts';

const HEADLINE: { readonly [panel: string]: string } = {
  Commits: 'throughput', p50: 'commit.p50', p99: 'commit.p99', Failed: 'errors', 'New leaders': 'leaderChanges', 'Measured / optimum': 'optimum.ratio',
};
const BUCKETS = 'Where answers lie';

const sizeOf = (answer: readonly Series[]) => answer.reduce((sum, { values }) => sum + values.length, 0);
const onlyValue = (answer: readonly Series[]) => answer[0]?.values[0]?.[1] ?? null;

describe.each(['1.x', '2.7'] as const satisfies readonly InfluxVersion[])('InfluxDB %s', (version) => {
  describe.skipIf(skipsInflux(version, 'the queries of the boards'))('really', () => {
    let server: InfluxServer;
    let filling: BoardRuns;
    let runs: readonly FilledRun[];
    beforeAll(async () => {
      server = await InfluxServer.start(version);
      filling = await BoardRuns.fill(server.env);
      runs = filling.all();
    }, 600_000);
    afterAll(async () => {
      filling?.remove();
      await server?.stop();
    });

    const ask = ({ query }: BoardQuery, run: FilledRun | null) => {
      const [first, last] = [run ?? runs[0], run ?? runs.at(-1)] as [FilledRun, FilledRun];
      return server.query(filled(query, run === null ? { baseline: first.revision } : { run: run.run, region: 'all' }, { fromMs: first.fromMs, toMs: last.toMs }, '10s'));
    };

    test('the runs are those that were asked for', () => {
      expect(runs.map(({ plan }) => `${plan.label} ${plan.runner}`).sort()).toEqual(['paxos', 'raft', 'stick'].flatMap((label) => [...Array<string>(label === 'stick' ? 6 : 4).fill(`${label} sim`), ...(label === 'raft' ? [`${label} local`] : [])]).sort());
      expect(new Set(runs.map(({ revision }) => revision)).size).toBe(2);
    });

    test.each(BOARDS.flatMap((uid) => queriesOf(readBoard(uid)).filter(({ panel }) => panel?.title !== BUCKETS).map((query) => [uid, query.place, query] as const)))('%s, %s: answered, with values', async (uid, _, query) => {
      let size = 0;
      for (const run of uid === 'lab-run' || uid === 'lab-rounds' ? runs : [null]) size += sizeOf(await ask(query, run));
      expect(size).toBeGreaterThan(0);
    });

    test('the buckets of the heatmap hold every answer', async () => {
      const board = readBoard('lab-run');
      const buckets = queriesOf(board).filter(({ panel }) => panel?.title === BUCKETS);
      for (const run of runs) {
        const counts = (await Promise.all(buckets.map((query) => ask(query, run)))).flat().flatMap(({ values }) => values.flatMap(([, ...cells]) => cells.map(Number)));
        const [answered] = await server.query(`SELECT sum("ok") FROM "commits" WHERE "run" = '${run.run}' AND "region" = 'all'`);
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(answered?.values[0]?.[1]);
      }
    });

    test('the headline is what summary.json says', async () => {
      const queries = queriesOf(readBoard('lab-run'));
      for (const run of runs) {
        for (const [title, name] of Object.entries(HEADLINE)) {
          const value = onlyValue(await ask(queries.find(({ panel }) => panel?.title === title) as BoardQuery, run));
          expect([run.run, title, value]).toEqual([run.run, title, run.summary.metrics[name]?.value ?? null]);
        }
      }
    });

    test('a choice of a board is what it shows', async () => {
      const query = queriesOf(readBoard('lab-compare')).find(({ place }) => place === 'panel Runs A') as BoardQuery;
      const [first, last] = [runs[0], runs.at(-1)] as [FilledRun, FilledRun];
      const chosen = runs.filter(({ plan }) => plan.label !== 'paxos').map(({ run }) => run);
      const answer = await server.query(filled(query.query, { protocol: ['raft', 'stick'] }, { fromMs: first.fromMs, toMs: last.toMs }, '10s'));
      const shown = answer.flatMap(({ columns, values }) => values.map((row) => row[columns.indexOf('run')]));
      expect(shown.toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual(chosen.toSorted((a, b) => a.localeCompare(b)));
    });

    test('a query that the server refuses is seen', async () => {
      await expect(server.query('SELECT FROM "run"')).rejects.toThrow('found FROM, expected identifier');
    });
  });
});
