// Takes the pictures of the boards for docs/images: node test/board-pictures-run.ts, where Grafana and InfluxDB 2.7 have been built
// (test/grafana-server.ts). The runs are those of the boards' tests.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { BoardPages, type View } from './board-pages.ts';
import { BoardRuns, type FilledRun } from './board-runs.ts';
import { GrafanaServer } from './grafana-server.ts';
import { InfluxServer } from './influx-server.ts';
import { ROOT } from './tree.ts';

type Picture = { readonly file: string; readonly uid: string; readonly theme: 'light' | 'dark'; readonly height: number; readonly view: View };

function picturesOf(runs: readonly FilledRun[]): readonly Picture[] {
  const find = (label: string, runner: string, experiment: string) => runs.findLast(({ plan }) => plan.label === label && plan.runner === runner && plan.experiment === experiment) as FilledRun;
  const [crash, clocks] = [find('raft', 'sim', 'boards'), find('stick', 'sim', 'ntp-drift')];
  const all = { fromMs: Math.min(...runs.map(({ fromMs }) => fromMs)) - 5_000, toMs: Math.max(...runs.map(({ toMs }) => toMs)) };
  const same = ['raft', 'paxos', 'stick'].map((label) => `${label}, aws-5 199 ms, sim`);
  return [
    { file: 'board-run.png', uid: 'lab-run', theme: 'dark', height: 1_440, view: { ...crash, values: { run: crash.run } } },
    { file: 'board-compare.png', uid: 'lab-compare', theme: 'light', height: 1_330, view: { ...all, values: { experiment: 'boards' } } },
    { file: 'board-rounds.png', uid: 'lab-rounds', theme: 'dark', height: 1_210, view: { ...clocks, values: { run: clocks.run, protocol: 'stick' } } },
    { file: 'board-trends.png', uid: 'lab-trends', theme: 'light', height: 1_190, view: { ...all, values: { experiment: 'boards', title: same } } },
  ];
}

const open: (() => Promise<unknown> | void)[] = [];
try {
  const influx = await InfluxServer.start('2.7');
  open.unshift(() => influx.stop());
  const filling = await BoardRuns.fill(influx.env);
  open.unshift(() => filling.remove());
  const grafana = await GrafanaServer.start(influx.env, filling.results);
  open.unshift(() => grafana.stop());
  const pages = await BoardPages.start(grafana.url);
  open.unshift(() => pages.stop());
  const folder = join(ROOT, 'docs/images');
  mkdirSync(folder, { recursive: true });
  for (const { file, uid, theme, height, view } of picturesOf(filling.all())) {
    const { page, problems } = await pages.open(uid, theme, view);
    if (problems.length > 0) throw new Error(`${file}: ${problems.join('; ')}`);
    await page.screenshot({ path: join(folder, file), clip: { x: 0, y: 0, width: 1_500, height } });
    await page.context().close();
  }
} finally {
  for (const close of open) await close();
}
