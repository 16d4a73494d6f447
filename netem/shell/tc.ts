// The shaper that needs a kernel with netem: the links of each site are netem qdiscs in its namespace, set by one batch for
// each site and change, read back, and undone where they are not in force. What no kernel does, each node's own transport does.
import { PERFECT_LINK } from '../link.ts';
import type { Link, LinkMatrix } from '../link.ts';
import { LinkFailure } from '../shaper.ts';
import type { KernelSite, LinkControl, LinkCounters, Probe, Shaper, ShaperRun, Site } from '../shaper.ts';
import { heldDifference, showing } from '../tc-held.ts';
import { leftToNode } from '../tc-link.ts';
import type { Moment } from '../tc-link.ts';
import { planTc } from '../tc.ts';
import type { TcPlan, TcSite } from '../tc.ts';
import { BATCH, SiteLinks } from './tc-site.ts';
import { explain } from './tc-said.ts';

/** Of the scheduled jitter (link.ts). */
const INTERVAL_MS = 100;
/** On the namespace's own loopback device, between addresses of nobody: all that links may need. */
const TRIAL: TcSite = { id: '', device: 'lo', sources: { a: '198.19.255.251', b: '198.19.255.252' }, addresses: { c: '198.19.255.253', d: '198.19.255.254' } };
const RANDOM = { ...PERFECT_LINK, delayMs: 5, jitterMs: 1, order: 'reorder' } as const;
const TRIED: LinkMatrix = {
  a: { c: { ...RANDOM, distribution: 'normal', lossPct: 5, lossBurst: 4 }, d: { ...RANDOM, distribution: 'pareto', reorderPct: 1 } },
  b: { c: { ...PERFECT_LINK, delayMs: 5, lossPct: 1, rateKbit: 1_000 } },
};

async function probe({ id, kernel }: Site): Promise<Probe> {
  if (kernel === undefined) return { ok: false, missing: `${id} has no network namespace of its own`, hint: 'tc shapes nodes in namespaces: --on netns' };
  const plan = planTc(TRIAL, TRIED, null, { seed: '', interval: 0 });
  if (!plan.ok) return { ok: false, missing: plan.message, hint: plan.hint };
  const made = await kernel.tc(BATCH, `${[...plan.lines, ...showing(TRIAL.device)].join('\n')}\n`);
  const removed = await kernel.tc(['qdisc', 'del', 'dev', TRIAL.device, 'root']);
  if (made.code !== 0) return { ok: false, ...explain(made) };
  const difference = heldDifference(plan.model, made.stdout);
  if (difference !== null) return { ok: false, missing: `tc shows "${difference.held}" where it was told "${difference.asked}"`, hint: 'iproute2 6.1 is known to work; lab doctor says which is here' };
  return removed.code === 0 ? { ok: true } : { ok: false, ...explain(removed) };
}

type Planned = { readonly site: Site; readonly own: SiteLinks; readonly plan: Extract<TcPlan, { ok: true }>; readonly row: LinkRow };
type LinkRow = { readonly [to: string]: Link };

class TcLinks implements LinkControl {
  readonly #run: ShaperRun;
  readonly #sites = new Map<KernelSite, SiteLinks>();
  /** What the transports of nodes were told, by site: a node that was told once is told again, as a new life has forgotten it. */
  readonly #told = new Map<string, LinkRow>();
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(run: ShaperRun) {
    this.#run = run;
  }

  async apply(links: LinkMatrix, sites: readonly Site[]): Promise<void> {
    const moment = this.#moment();
    const planned = sites.filter(({ kernel }) => kernel?.isGone?.() !== true).map((site) => this.#plan(site, links, moment));
    try {
      await allOrFirst(planned.map(({ own, plan }) => own.change(plan)));
      await allOrFirst(planned.map(({ site, row }) => this.#tellNode(site, row)));
    } catch (error) {
      const undoing = planned.filter(({ site, row }) => this.#hears(site, row)).map(({ site }) => site.control('/control/links', { links: this.#told.get(site.id) ?? {} }));
      await Promise.allSettled(undoing);
      throw await undone(error, planned);
    }
    for (const { site, own, row } of planned) {
      own.settle();
      if (this.#hears(site, row)) this.#told.set(site.id, row);
    }
    this.#tick();
  }

  async counters(sites: readonly Site[]): Promise<readonly LinkCounters[]> {
    return (await Promise.all(sites.map(async ({ kernel }) => (kernel === undefined || kernel.isGone?.() === true ? [] : (await this.#sites.get(kernel)?.counters()) ?? [])))).flat();
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    // The run is over: a delay that could not be changed at its end changes nothing in it.
    await Promise.allSettled([...this.#sites.values()].map((own) => own.close()));
  }

  #plan(site: Site, links: LinkMatrix, moment: Moment): Planned {
    const { id, kernel } = site;
    if (kernel === undefined) throw new LinkFailure('refused', `${id}: it has no network namespace of its own to shape`, 'the userspace shaper needs none');
    let own = this.#sites.get(kernel);
    if (own === undefined) {
      own = new SiteLinks(id, kernel, this.#run.failed);
      this.#sites.set(kernel, own);
    }
    const { device, sources, addresses } = kernel;
    const shaped: TcSite = { id, device, sources, addresses };
    const plan = planTc(shaped, links, own.model, moment);
    if (!plan.ok) throw new LinkFailure('refused', `${plan.place}: ${plan.message}`, plan.hint);
    const row: { [to: string]: Link } = {};
    for (const [to, link] of Object.entries(links[id] ?? {})) {
      const left = leftToNode(link);
      if (left !== null) row[to] = left;
    }
    return { site, own, plan, row };
  }

  #hears(site: Site, row: LinkRow): boolean {
    return Object.keys(row).length > 0 || this.#told.has(site.id);
  }

  async #tellNode(site: Site, row: LinkRow): Promise<void> {
    if (this.#hears(site, row)) await site.control('/control/links', { links: row });
  }

  #moment(): Moment {
    return { seed: this.#run.seed, interval: Math.floor(this.#run.now() / INTERVAL_MS) };
  }

  /** Makes the scheduled delays those of now, and aims at the next interval: the clock is read each time, so nothing drifts. */
  #tick(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const sites = [...this.#sites.values()].filter((own) => own.isScheduled);
    if (this.#closed || sites.length === 0) return;
    const moment = this.#moment();
    for (const own of sites) own.follow(moment);
    const leftMs = (moment.interval + 1) * INTERVAL_MS - this.#run.now();
    this.#timer = setTimeout(() => this.#tick(), Math.max(1, Math.ceil(leftMs)));
  }
}

/** Waits for all, then rejects with what failed first: what follows must not meet one that is still being done. */
async function allOrFirst(works: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(works);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

async function undone(error: unknown, planned: readonly Planned[]): Promise<unknown> {
  const left = (await Promise.all(planned.map(async ({ site, own }) => ((await own.rollBack()) ? [] : [site.id])))).flat();
  if (left.length === 0 || !(error instanceof LinkFailure)) return error;
  return new LinkFailure(error.kind, `${error.message}; the links of ${left.join(', ')} could not be restored`, error.hint);
}

export const tc: Shaper = {
  name: 'tc',
  summary: "in the kernel, by netem in each node's network namespace: exact, needs the right to shape",
  probe,
  open: (run) => new TcLinks(run),
};
