// The tc shaper on a real kernel: between real processes in namespaces, links are what was asked, changes are whole or not at
// all, and what somebody else changes is noticed. Exact figures in virtual time, looser ones elsewhere.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { lossBounds } from '../netem/binomial.ts';
import { gilbertElliott, PERFECT_LINK, scheduledJitter } from '../netem/link.ts';
import type { Link, LinkMatrix } from '../netem/link.ts';
import { tc } from '../netem/shell/tc.ts';
import { kernelSite } from '../netem/shell/namespace.ts';
import { EXACT, NetemPlace, quantile, SEED, skipsNetem } from './netem-place.ts';

const link = (change: Partial<Link>): Link => ({ ...PERFECT_LINK, ...change });
const toN2 = (change: Partial<Link>): LinkMatrix => ({ n1: { n2: link(change) } });

describe.skipIf(skipsNetem('the tc shaper on a real kernel'))('tc', () => {
  let place: NetemPlace;
  beforeAll(async () => { place = await NetemPlace.open(5); });
  afterAll(async () => {
    await place.close();
    expect(place.failures).toEqual([]);
  });
  afterEach(() => { place.spoil = null; });

  /** Delays of what arrived at n2 of n1's datagrams. */
  async function delaysOf(count: number, everyMs: number, waitMs: number): Promise<readonly number[]> {
    const label = await place.send('n1', ['n2'], { count, everyMs });
    await sleep(waitMs);
    return (await place.arrivals('n1', 'n2')).filter(([batch]) => batch === label).map(([, , , tookMs]) => tookMs);
  }

  test('a probe passes, and leaves nothing', async () => {
    expect(await tc.probe(place.sites[0] as (typeof place.sites)[0])).toEqual({ ok: true });
    expect((await place.tc('n1', '-j', 'qdisc', 'show', 'dev', 'lo')).stdout).not.toContain('netem');
  });

  test('20 ordered pairs of five nodes have 20 delays and losses, each its own, and loss-free links drop nothing', async () => {
    const matrix: { [from: string]: { [to: string]: Link } } = {};
    for (const [row, from] of place.ids.entries()) {
      for (const [column, to] of place.ids.entries()) if (from !== to) (matrix[from] ??= {})[to] = link({ delayMs: 5 + row * 5 + column + 0.25, lossPct: (row + column) % 3 });
    }
    await place.apply(matrix);
    const count = 2_000;
    await Promise.all(place.ids.map((from) => place.send(from, place.ids.filter((to) => to !== from), { count, everyMs: 4 })));
    await sleep(100);
    const counters = await place.links.counters?.(place.sites) ?? [];
    expect(counters).toHaveLength(20);
    for (const to of place.ids) {
      const { arrivals } = await place.report(to);
      for (const from of place.ids.filter((id) => id !== to)) {
        const { delayMs, lossPct } = matrix[from]?.[to] ?? PERFECT_LINK;
        const took = (arrivals[from] ?? []).map(([, , , tookMs]) => tookMs);
        const pair = `${from} → ${to}`;
        const counted = counters.find((one) => one.from === from && one.to === to);
        const [least, most] = lossBounds(count, lossPct / 100, 1);
        expect(count - took.length, pair).toBeGreaterThanOrEqual(least);
        expect(count - took.length, pair).toBeLessThanOrEqual(most);
        expect(counted, pair).toMatchObject({ packets: took.length, drops: count - took.length, backlogPackets: 0 });
        expect(Math.min(...took) - delayMs, pair).toBeGreaterThanOrEqual(-0.001);
        if (!EXACT) continue;
        expect(quantile(took, 0.5) - delayMs, pair).toBeLessThan(0.05);
        expect(quantile(took, 0.99) - delayMs, pair).toBeLessThan(0.5);
      }
    }
  });

  test.each([[5, 4], [20, 2], [20, 10]])('a loss of %d percent in bursts of %d has both', async (lossPct, lossBurst) => {
    await place.apply(toN2({ delayMs: 2, lossPct, lossBurst }));
    const count = 4_000;
    await place.send('n1', ['n2'], { count, everyMs: 1 });
    await sleep(50);
    const came = new Set((await place.arrivals('n1', 'n2')).map(([, sequence]) => sequence));
    const { p, r } = gilbertElliott(lossPct, lossBurst);
    const [least, most] = lossBounds(count, lossPct / 100, (2 - p - r) / (p + r));
    const lost = count - came.size;
    expect(lost).toBeGreaterThanOrEqual(least);
    expect(lost).toBeLessThanOrEqual(most);
    const bursts = Array.from({ length: count }, (_, sequence) => sequence).filter((sequence) => !came.has(sequence) && (sequence === 0 || came.has(sequence - 1))).length;
    // 99.99 % of the mean of so many geometric lengths; the second term is their skewness (Cornish-Fisher).
    const skew = ((3.89 ** 2 - 1) * (2 - r)) / (6 * bursts);
    const spread = 3.89 * Math.sqrt((1 - r) / bursts);
    expect(lost / bursts / lossBurst - 1).toBeGreaterThan(skew - spread);
    expect(lost / bursts / lossBurst - 1).toBeLessThan(skew + spread);
  });

  async function counted(): Promise<readonly [packets: number, drops: number, limit: number]> {
    const { packets = 0, drops = 0, limitPackets = 0 } = (await place.links.counters?.(place.sites))?.find(({ from, to }) => from === 'n1' && to === 'n2') ?? {};
    return [packets, drops, limitPackets];
  }

  test('a rate spreads a burst over the line, and its queue holds so many', async () => {
    await place.apply(toN2({ delayMs: 20, rateKbit: 1_000, queuePackets: 30 }));
    const [packets, drops] = await counted();
    const label = await place.send('n1', ['n2'], { count: 100, everyMs: 0, bytes: 1_000 });
    await sleep(500);
    const arrivals = (await place.arrivals('n1', 'n2')).filter(([batch]) => batch === label);
    // 2 full frames are in flight in 20 ms.
    expect(arrivals).toHaveLength(32);
    const frameMs = ((1_000 + 42) * 8) / 1_000;
    const last = arrivals.at(-1)?.[3] ?? 0;
    expect(last).toBeGreaterThan(20 + 31 * frameMs);
    if (EXACT) expect(last).toBeLessThan(20 + 32 * frameMs + 0.5);
    expect(await counted()).toEqual([packets + 32, drops + 68, 32]);
  });

  test('reordering sends its share past the others', async () => {
    await place.apply(toN2({ delayMs: 20, reorderPct: 10 }));
    await place.send('n1', ['n2'], { count: 1_000, everyMs: 1 });
    await sleep(50);
    const sequences = (await place.arrivals('n1', 'n2')).map(([, sequence]) => sequence);
    expect(sequences).toHaveLength(1_000);
    let behind = Infinity;
    const past = sequences.reverse().filter((sequence) => {
      const overtook = behind < sequence;
      behind = Math.min(behind, sequence);
      return overtook;
    }).length;
    const [least, most] = lossBounds(1_000, 0.1, 1);
    expect(past).toBeGreaterThanOrEqual(least);
    expect(past).toBeLessThanOrEqual(most);
  });

  test('a cut is one way and silent to its sender', async () => {
    await place.apply({ n1: { n2: link({ delayMs: 3, lossPct: 100 }) }, n2: { n1: link({ delayMs: 3 }) } });
    const before = (await place.report('n1')).lost;
    expect(await delaysOf(50, 1, 50)).toEqual([]);
    await place.send('n2', ['n1'], { count: 50, everyMs: 1 });
    await sleep(50);
    const { lost, arrivals } = await place.report('n1');
    expect(lost).toBe(before);
    expect(arrivals['n2']).toHaveLength(50);
  });

  test('what is in flight keeps its time when a link changes', async () => {
    await place.apply(toN2({ delayMs: 400 }));
    const slow = await place.send('n1', ['n2'], { count: 20, everyMs: 0 });
    await place.apply(toN2({ delayMs: 1 }));
    await place.send('n1', ['n2'], { count: 20, everyMs: 0 });
    await sleep(600);
    const arrivals = await place.arrivals('n1', 'n2');
    expect(arrivals).toHaveLength(40);
    for (const [label, , , tookMs] of arrivals) {
      expect(tookMs).toBeGreaterThanOrEqual(label === slow ? 400 : 1);
      if (EXACT) expect(tookMs).toBeLessThan(label === slow ? 400.1 : 1.1);
    }
  });

  test('a distribution goes with its jitter, and does not come back', async () => {
    const jittery = { delayMs: 20, jitterMs: 4, order: 'reorder' } as const;
    await place.apply(toN2({ ...jittery, distribution: 'pareto' }));
    const pareto = await delaysOf(500, 1, 100);
    // iproute2's pareto: most mass below its mean, a tail up to 4 deviations above.
    expect(quantile(pareto, 0.5)).toBeLessThan(20);
    expect(Math.max(...pareto)).toBeGreaterThan(24.5);
    await place.apply(toN2(jittery));
    const uniform = await delaysOf(500, 1, 100);
    expect(Math.min(...uniform)).toBeGreaterThanOrEqual(16);
    if (EXACT) expect(Math.max(...uniform)).toBeLessThan(24.05);
    await place.apply(toN2({ delayMs: 20 }));
    const plain = await delaysOf(200, 1, 50);
    expect(Math.min(...plain)).toBeGreaterThanOrEqual(20);
    if (EXACT) expect(Math.max(...plain)).toBeLessThan(20.5);
  });

  test('jitter of the kept order follows the schedule that the simulator has, and nothing overtakes', async () => {
    const jittery = link({ delayMs: 30, jitterMs: 8, distribution: 'normal' });
    await place.apply({ n1: { n2: jittery } });
    await place.send('n1', ['n2'], { count: 1_000, everyMs: 3 });
    await sleep(200);
    const arrivals = await place.arrivals('n1', 'n2');
    expect(arrivals).toHaveLength(1_000);
    expect(arrivals.map(([, sequence]) => sequence)).toEqual(arrivals.map((_, index) => index));
    const jitterMs = scheduledJitter(jittery, SEED, 'n1', 'n2');
    // The line reaches the kernel a little after its interval begins, and what was slower before is still ahead.
    const settled = arrivals.filter(([, , sentMs]) => (sentMs - place.originMs) % 100 > 40);
    expect(settled.length).toBeGreaterThan(500);
    const errors = settled.map(([, , sentMs, tookMs]) => tookMs - Math.max(0, 30 + jitterMs(Math.floor((sentMs - place.originMs) / 100))));
    expect(quantile(errors, 0.5)).toBeGreaterThan(-0.01);
    if (EXACT) {
      expect(quantile(errors, 0.5)).toBeLessThan(0.05);
      expect(Math.max(...errors.map(Math.abs))).toBeLessThan(0.5);
    }
  });

  test('a batch that stops half-way is undone, at its site and at the others', async () => {
    const before: LinkMatrix = { n1: { n2: link({ delayMs: 10 }), n3: link({ delayMs: 11, reorderPct: 5 }) }, n2: { n1: link({ delayMs: 12 }) } };
    await place.apply(before);
    // Without the count of packets in no class, which grows by ARP.
    const shown = async () => (await Promise.all(['n1', 'n2'].map((id) => place.tc(id, '-j', 'qdisc', 'show', 'dev', 'eth0')))).map(({ stdout }) => stdout.replaceAll(/"handle":"[23]/g, '"handle":"1').replaceAll(/"direct_packets_stat":\d+/g, ''));
    const was = await shown();
    place.spoil = (site, input) => (site === 'n1' && input.includes('delay 99000us') ? input.replace('delay 99000us', 'delay 99000us loss 101%') : input);
    // n2's line of the batch is done before n3's is refused.
    await expect(place.apply({ n1: { n2: link({ delayMs: 50 }), n3: link({ delayMs: 99 }) }, n2: { n1: link({ delayMs: 50 }) } })).rejects.toMatchObject({ message: expect.stringMatching(/^n1, eth0: tc stopped at "qdisc .*delay 99000us/) as string });
    place.spoil = null;
    expect(await shown()).toEqual(was);
    await place.apply(before);
  });

  test('what somebody else changes is noticed', async () => {
    await place.apply(toN2({ delayMs: 10 }));
    await place.tc('n1', 'qdisc', 'change', 'dev', 'eth0', 'parent', '1:13', 'handle', '1001:', 'netem', 'limit', '20000', 'delay', '77ms');
    await expect(place.apply(toN2({ delayMs: 11 }))).rejects.toMatchObject({ message: expect.stringMatching(/^n1 → n3: the kernel holds ".* delay 77000us .*" where ".* delay 0us .*" was asked/) as string });
  });

  test('a filter that somebody else takes away is noticed', async () => {
    await place.apply(toN2({ delayMs: 12 }));
    await place.tc('n1', 'filter', 'del', 'dev', 'eth0', 'parent', '1:', 'protocol', 'ip', 'prio', '1');
    await expect(place.apply(toN2({ delayMs: 13 }))).rejects.toThrow(/^n1 → n2: the kernel holds "none"/);
  });

  test('64 peers are one batch', async () => {
    await place.apply({});
    const addresses = Object.fromEntries(Array.from({ length: 64 }, (_, index) => [`p${index}`, `198.19.0.${index + 1}`]));
    const [site] = place.sites as [(typeof place.sites)[0]];
    const wide = { ...site, kernel: { ...site.kernel, addresses } } as typeof site;
    const control = tc.open({ seed: SEED, now: () => 0, failed: (error) => { throw error; } });
    const delays = (extraMs: number): LinkMatrix => ({ n1: Object.fromEntries(Object.keys(addresses).map((id, index) => [id, link({ delayMs: index + extraMs })])) });
    const first = place.calls.length;
    const CHANGES = 12;
    for (let change = 0; change <= CHANGES; change++) {
      await control.apply(delays(change), [wide]);
      // The next tc is there: changes come with the faults of a run, not one after the other.
      await sleep(500);
    }
    const batches = place.calls.slice(first);
    const took = batches.slice(1).map(({ tookMs }) => tookMs);
    console.log(`64 peers: ${batches[0]?.lines} lines in ${batches[0]?.tookMs.toFixed(0)} ms, then ${CHANGES} times ${batches[1]?.lines}: min ${Math.min(...took).toFixed(0)}, median ${quantile(took, 0.5).toFixed(0)} ms`);
    // With the two that show what is held.
    expect(batches.map(({ argv, lines }) => [argv.includes('-batch'), lines])).toEqual([[true, 196], ...took.map(() => [true, 66])]);
    expect(await control.counters?.([wide])).toHaveLength(64);
    await place.tc('n1', 'qdisc', 'del', 'dev', 'eth0', 'root');
    await control.close();
  });

  test('a device that is gone is one clear error', async () => {
    const gone = { ...place.sites[3], kernel: { ...place.sites[3]?.kernel } } as (typeof place.sites)[0];
    const control = tc.open({ seed: SEED, now: () => 0, failed: (error) => { throw error; } });
    await control.apply({ n4: { n1: link({ delayMs: 5 }) } }, [gone]);
    await place.ip('n4', 'link del eth0');
    await expect(control.apply({ n4: { n1: link({ delayMs: 6 }) } }, [gone])).rejects.toMatchObject({ message: expect.stringMatching(/^n4, eth0: .*the network device is gone/) as string });
    await control.close();
  });

  test('a namespace that is gone is one clear error', async () => {
    const kernel = kernelSite(['nsenter', '--net=/proc/1/ns/no-such-thing'], { device: 'eth0', sources: { n1: '198.18.0.11' }, addresses: { n2: '198.18.0.12' } });
    expect(await tc.probe({ id: 'n1', address: '', control: () => Promise.resolve(), kernel })).toMatchObject({ ok: false, missing: expect.stringMatching(/^the network namespace is gone/) as string });
  });

  test('what the kernel refuses to send is loss to a node, and nothing else', async () => {
    await place.ip('n5', 'link set eth0 down');
    const before = (await place.report('n5')).lost;
    await place.send('n5', ['n2', 'n3'], { count: 10, everyMs: 1 });
    await sleep(50);
    expect((await place.report('n5')).lost - before).toBe(20);
  });
});
