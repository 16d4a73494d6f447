// The sink `influx`: points of each run for a time-series database, live while it runs, exact afterwards. Nothing waits for
// the server but the end of the run, and that not for long; what it did not take is told in one line, and sent by a replay.
import { readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { LabError } from '../../errors.ts';
import type { LabEvent, Plan, Sink, Summary } from '../../kinds.ts';
import { Aggregator, commonTags } from '../../sinks/aggregator.ts';
import type { Point, Tags } from '../../sinks/points.ts';
import type { RunFacts } from '../../sinks/runs.ts';
import { labVersion } from '../environment.ts';
import type { InfluxClient } from '../influx/client.ts';
import { Sender } from '../influx/sender.ts';
import { boardUrl, type Env, readSettings } from '../influx/settings.ts';
import { damaged } from '../results/read.ts';
import { withServices } from '../services/made.ts';

/** What there is of the one file that knows the database's client. */
type Server = {
  readonly client: InfluxClient;
  readonly chunkLines: number;
  readonly lineWriter: (startedAtMs: number, common: Tags) => (point: Point) => string;
  readonly mayPass: (error: unknown) => boolean;
};
/** One of a run's two ways to the server. */
type Way = { readonly aggregator: Aggregator; readonly sender: Sender };

const MAX_SKEW_SECONDS = 60;
/** Servers whose clock was told to be off: once, not for each run. */
const skewed = new Set<string>();
const RETRIES_MS = [500, 1_500];
/** About 50 MB: a server is behind by this much at most. */
const MOST_LINES = 100_000;
const MOST_LIVE_LINES = 20_000;
const PATIENCE_MS = 30_000;
/** Around the run, so that what happened at its ends is seen. */
const MARGIN_MS = 1_000;

export const influx: Sink = {
  name: 'influx',
  summary: 'points of each second, figures and faults in InfluxDB 1.x or 2.x (LAB_INFLUX_URL, LAB_INFLUX_DB, LAB_INFLUX_TOKEN), for the boards of dashboards/',
  async open(plan, folder) {
    try {
      return await openInflux(plan, folder, withServices(process.env));
    } catch (error) {
      throw withReplay(error, folder);
    }
  },
};

async function openInflux(plan: Plan, folder: string, env: Env): ReturnType<Sink['open']> {
  const settings = readSettings(env);
  // Read here: the board's address is wanted after the run, when it is late to say that it is wrong.
  boardUrl(env, '', 0, 0);
  // Loaded by those alone who write there.
  const { CHUNK_LINES, InfluxClient, lineWriter, mayPass } = await import('../influx/client.ts');
  const client = new InfluxClient(settings);
  const skew = await client.check().catch((error: unknown) => {
    client.close();
    throw error;
  });
  if (skew !== null && Math.abs(skew) > MAX_SKEW_SECONDS && !skewed.has(settings.url)) {
    skewed.add(settings.url);
    process.stderr.write(`warning: the clock of ${settings.url} is ${Math.abs(skew)} s ${skew > 0 ? 'ahead of' : 'behind'} this machine's: boards that show the last minutes may miss the run (set both by NTP)\n`);
  }
  return new InfluxRun(plan, folder, env, { client, chunkLines: CHUNK_LINES, lineWriter, mayPass });
}

class InfluxRun {
  readonly #plan: Plan;
  readonly #folder: string;
  readonly #env: Env;
  readonly #server: Server;
  #live: Way | null = null;
  #exact: Way | null = null;
  #facts: RunFacts | null = null;
  #lastMs = 0;

  constructor(plan: Plan, folder: string, env: Env, server: Server) {
    this.#plan = plan;
    this.#folder = folder;
    this.#env = env;
    this.#server = server;
  }

  live(event: LabEvent): void {
    this.#live ??= this.#way(true);
    const { aggregator, sender } = this.#live;
    if (sender.failure !== null) return;
    const { written } = sender;
    aggregator.observe(event);
    // What comes in one go is sent together.
    if (sender.written > written) setImmediate(() => sender.flush());
  }

  write(event: LabEvent): void {
    this.#exact ??= this.#way(false);
    this.#lastMs = event.atMs;
    this.#exact.aggregator.observe(event);
  }

  async ready(): Promise<void> {
    await this.#exact?.sender.ready();
  }

  async close(summary: Summary): Promise<void> {
    try {
      // Late live points must not overwrite exact ones.
      await this.#live?.sender.abandon();
      if (this.#exact === null) throw damaged(`${this.#folder} holds no events: there is nothing to write`, 'run the plan again');
      const { aggregator, sender } = this.#exact;
      aggregator.finish(summary);
      await sender.drain();
      this.#confirm(sender);
    } catch (error) {
      throw withReplay(error, this.#folder);
    } finally {
      this.#server.client.close();
    }
  }

  /** Where it can be looked at. */
  view(): string {
    const { run, startedAtMs } = this.#factsOf();
    return boardUrl(this.#env, run, startedAtMs - MARGIN_MS, startedAtMs + this.#lastMs + MARGIN_MS);
  }

  /** Acknowledged is what was written, or it is told. */
  #confirm({ failure, written, acknowledged, dropped }: Sender): void {
    if (failure !== null) {
      const { code, message, hint } = this.#server.client.failure(failure.error);
      throw new LabError(code, `${message}, after ${acknowledged} of ${written} points`, hint, failure.error);
    }
    if (dropped > 0 || acknowledged !== written) throw new LabError('machine-lacks', `InfluxDB was slower than the run: ${acknowledged} of ${written} points are there, ${dropped} were dropped`, 'when it has time');
  }

  #way(live: boolean): Way {
    const facts = this.#factsOf();
    const { client, chunkLines, lineWriter, mayPass } = this.#server;
    const sender = new Sender({
      write: (lines) => client.write(lines), mayPass, chunkLines, retriesMs: live ? [] : RETRIES_MS, mostLines: live ? MOST_LIVE_LINES : MOST_LINES, patienceMs: PATIENCE_MS,
    });
    const lineOf = lineWriter(facts.startedAtMs, commonTags(this.#plan, facts));
    return { sender, aggregator: new Aggregator(this.#plan, facts, live, (point) => sender.push(lineOf(point))) };
  }

  /** Once the run has begun: its start is written then. */
  #factsOf(): RunFacts {
    this.#facts ??= readFacts(this.#plan, this.#folder);
    return this.#facts;
  }
}

type KeptEnvironment = {
  readonly startedAt?: unknown;
  readonly lab?: { readonly version?: string; readonly revision?: string | null; readonly modified?: boolean | null };
  readonly cpu?: { readonly model?: string; readonly cores?: number };
  readonly os?: { readonly kernel?: string };
};

/** From the run's folder alone, so that a replay says the same. */
function readFacts({ label, runner, repetition }: Plan, folder: string): RunFacts {
  const path = join(folder, 'environment.json');
  const { startedAt, lab, cpu, os } = JSON.parse(readFileSync(path, 'utf8')) as KeptEnvironment;
  const startedAtMs = typeof startedAt === 'string' ? Date.parse(startedAt) : Number.NaN;
  if (Number.isNaN(startedAtMs)) throw damaged(`${path} is damaged: startedAt is no time`, 'run the plan again');
  const whole = resolve(folder);
  return {
    run: `${label}-${runner}-${repetition}-${new Date(startedAtMs).toISOString().replaceAll(/[-:.]/g, '')}`, startedAtMs,
    folder: `${basename(dirname(whole))}/${basename(whole)}`, version: lab?.version ?? labVersion(), revision: lab?.revision ?? null, modified: lab?.modified ?? null,
    machine: [cpu?.model, ...(cpu?.cores === undefined ? [] : [`${cpu.cores} cores`]), ...(os?.kernel === undefined ? [] : [`kernel ${os.kernel}`])].join(', '),
  };
}

/** The files are whole: their points can be sent at any time. The folder above has the command's other runs too. */
function withReplay(error: unknown, folder: string): unknown {
  if (!(error instanceof LabError) || error.code === 'bad-result') return error;
  return new LabError(error.code, error.message, `${error.hint}; the files are whole: lab replay ${dirname(folder)} --sink influx`, error);
}
