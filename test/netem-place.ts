// Namespaces joined by a hub, as the runner with namespaces lays them out, with a process in each that sends and receives: what
// the tests of the tc shaper run on. They need a kernel with netem and the right to make namespaces.
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LinkMatrix } from '../netem/link.ts';
import type { CommandResult, KernelSite, LinkControl, Site } from '../netem/shaper.ts';
import { kernelSite } from '../netem/shell/namespace.ts';
import { tc } from '../netem/shell/tc.ts';
import { type Child, endWithin, startChild } from '../orchestrator/cli/children.ts';
import { DEVICE, hubLines, othersOf, type Spot, spotLines } from '../orchestrator/cli/netns/layout.ts';
import { type Namespace, Namespaces } from '../orchestrator/cli/netns/namespaces.ts';
import type { Arrival, Order, Said } from './datagrams-run.ts';

/** Time stands still in this kernel while anything computes: delays can be asserted to 0.05 ms. */
export const EXACT = process.env['NETEM_KERNEL_TIME'] === 'virtual';
const WITHIN_MS = 60_000;
export const SEED = 'the seed of the tests';

/** What tc says where it cannot make a netem in a namespace of its own; null: it can. */
export function triedNetem(): string | null {
  const { status, stderr, error } = spawnSync('unshare', ['--net', 'tc', 'qdisc', 'add', 'dev', 'lo', 'root', 'netem', 'delay', '1ms'], {
    encoding: 'utf8', timeout: 10_000, env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` },
  });
  return status === 0 ? null : (error?.message ?? stderr).trim().split('\n')[0] ?? '';
}

/** Whether to skip what needs netem, said with its reason. LAB_REQUIRE=netem: it is run, and fails. */
export function skipsNetem(what: string): boolean {
  const required = (process.env['LAB_REQUIRE'] ?? '').split(',').includes('netem');
  const why = required ? null : triedNetem();
  if (why !== null) console.log(`skipped: ${what} (tc netem in a namespace: ${why}; npm run test:netem brings a kernel)`);
  return why !== null;
}

function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export class NetemPlace {
  readonly ids: readonly string[];
  readonly sites: readonly Site[];
  readonly links: LinkControl;
  readonly failures: unknown[] = [];
  /** Batches and read-backs of each site. */
  readonly calls: { readonly site: string; readonly argv: readonly string[]; readonly lines: number; readonly tookMs: number }[] = [];
  /** Changes what a site's tc is given, so that it fails. */
  spoil: ((site: string, input: string) => string) | null = null;
  /** Of CLOCK_MONOTONIC, as in what arrives. */
  readonly originMs = monotonicMs();
  readonly #namespaces: Namespaces;
  readonly #made: readonly Namespace[];
  readonly #children: readonly Child[];
  readonly #said: readonly Said[][];
  #label = 0;

  private constructor(namespaces: Namespaces, made: readonly Namespace[], spots: readonly Spot[], children: readonly Child[], said: readonly Said[][]) {
    this.#namespaces = namespaces;
    this.#made = made;
    this.#children = children;
    this.#said = said;
    this.ids = spots.map(({ id }) => id);
    this.sites = spots.map((spot, index) => ({
      id: spot.id, address: spot.sources[spot.id] ?? '', control: () => Promise.resolve(),
      kernel: this.#watched(spot.id, kernelSite(made[index]?.enter ?? [], { device: DEVICE, sources: spot.sources, addresses: othersOf(spots, spot) })),
    }));
    this.links = tc.open({ seed: SEED, now: () => this.now(), failed: (error) => { this.failures.push(error); } });
  }

  static async open(count: number): Promise<NetemPlace> {
    const namespaces = new Namespaces();
    const spots: readonly Spot[] = Array.from({ length: count }, (_, index) => ({ id: `n${index + 1}`, sources: { [`n${index + 1}`]: `198.18.0.${index + 11}` } }));
    const hub = await namespaces.add('hub');
    const made = await Promise.all(spots.map(({ id }) => namespaces.add(id)));
    await hub.configure(hubLines(spots, made.map(({ pid }) => pid)));
    await Promise.all(made.map((namespace, index) => namespace.configure(spotLines(spots, spots[index] as Spot))));
    const hosts = JSON.stringify(Object.assign({}, ...spots.map(({ sources }) => sources)));
    const said: Said[][] = spots.map(() => []);
    const children = spots.map(({ id }, index) => startChild(`datagrams of ${id}`, 'test/datagrams-run.ts', [id, hosts], {
      within: made[index]?.enter ?? [], onLine: (line) => said[index]?.push(JSON.parse(line) as Said),
    }));
    const place = new NetemPlace(namespaces, made, spots, children, said);
    await Promise.all(spots.map((_, index) => place.#hear(index, ({ type }) => type === 'ready')));
    return place;
  }

  now(): number {
    return monotonicMs() - this.originMs;
  }

  apply(links: LinkMatrix): Promise<void> {
    return this.links.apply(links, this.sites);
  }

  tc(id: string, ...argv: readonly string[]): Promise<CommandResult> {
    return this.#kernel(id).tc(argv);
  }

  async ip(id: string, ...lines: readonly string[]): Promise<void> {
    await this.#made[this.ids.indexOf(id)]?.configure(lines);
  }

  /** Returns the label of the batch when it has left. */
  async send(from: string, to: readonly string[], options: { readonly count: number; readonly everyMs: number; readonly bytes?: number }): Promise<number> {
    const label = ++this.#label;
    this.#tell(from, { type: 'send', label, to, bytes: 100, ...options });
    await this.#hear(this.ids.indexOf(from), (said) => said.type === 'sent' && said.label === label);
    return label;
  }

  /** What came to a node since the last time, by sender, in order of arrival; lost: what its own kernel refused to send. */
  async report(id: string): Promise<Extract<Said, { type: 'report' }>> {
    this.#tell(id, { type: 'report' });
    return await this.#hear(this.ids.indexOf(id), ({ type }) => type === 'report') as Extract<Said, { type: 'report' }>;
  }

  async arrivals(from: string, to: string): Promise<readonly Arrival[]> {
    return (await this.report(to)).arrivals[from] ?? [];
  }

  async close(): Promise<void> {
    await this.links.close();
    for (const child of this.#children) child.closeInput();
    await Promise.all(this.#children.map((child) => endWithin(child, 2_000)));
    await this.#namespaces.close();
  }

  #kernel(id: string): KernelSite {
    return this.sites[this.ids.indexOf(id)]?.kernel as KernelSite;
  }

  #watched(site: string, kernel: KernelSite): KernelSite {
    return {
      ...kernel,
      tc: async (argv, input = '') => {
        const startMs = monotonicMs();
        const result = await kernel.tc(argv, this.spoil?.(site, input) ?? input);
        this.calls.push({ site, argv, lines: input.split('\n').length - 1, tookMs: monotonicMs() - startMs });
        return result;
      },
    };
  }

  #tell(id: string, order: Order): void {
    this.#children[this.ids.indexOf(id)]?.writeLine(JSON.stringify(order));
  }

  async #hear(index: number, wanted: (said: Said) => boolean): Promise<Said> {
    const heard = this.#said[index] ?? [];
    for (let waitedMs = 0; waitedMs < WITHIN_MS; waitedMs += 10) {
      const found = heard.findIndex(wanted);
      if (found >= 0) return heard.splice(found, 1)[0] as Said;
      const child = this.#children[index];
      if (child?.exit !== null) throw new Error(`${child?.name}: ${child?.lastError()}`);
      await sleep(10);
    }
    throw new Error(`no answer of ${this.#children[index]?.name} within ${WITHIN_MS / 1000} s: ${this.#children[index]?.lastError()}`);
  }
}

export function quantile(values: readonly number[], share: number): number {
  return [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;
}
