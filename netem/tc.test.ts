// Links as lines for tc: golden, and for any links: only checked tokens reach tc, and the way does not matter.
import { array, assert, constantFrom, dictionary, double, integer, option, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PERFECT_LINK, scheduledJitter } from './link.ts';
import type { Link, LinkMatrix } from './link.ts';
import { leftToNode } from './tc-link.ts';
import { planTc, rollbackTc, scheduleTc } from './tc.ts';
import type { TcModel, TcPlan, TcSite } from './tc.ts';

const SITE: TcSite = { id: 'n1', device: 'eth0', sources: { n1: '198.18.0.11' }, addresses: { n2: '198.18.0.12', n3: '198.18.0.13' } };
const CLIENTS: TcSite = { id: 'load', device: 'eth0', sources: { 'us-east-1': '198.18.1.1', 'eu-west-1': '198.18.1.2' }, addresses: { n1: '198.18.0.11' } };
const MOMENT = { seed: 'seed', interval: 0 };

const link = (change: Partial<Link>): Link => ({ ...PERFECT_LINK, ...change });
const toN2 = (change: Partial<Link>): LinkMatrix => ({ n1: { n2: link(change) } });

function planned(plan: TcPlan): Extract<TcPlan, { ok: true }> {
  if (!plan.ok) throw new Error(`${plan.place}: ${plan.message}`);
  return plan;
}
const modelOf = (links: LinkMatrix, site = SITE): TcModel => planned(planTc(site, links, null, MOMENT)).model;
/** From one link to another, at n1 → n2. */
const change = (before: Partial<Link>, after: Partial<Link>): readonly string[] => planned(planTc(SITE, toN2(after), modelOf(toN2(before)), MOMENT)).lines;

describe('a site of which nothing is known', () => {
  test('is made anew: htb, and a class, a netem and a filter for each destination', () => {
    expect(planned(planTc(SITE, toN2({ delayMs: 40 }), null, MOMENT)).lines).toEqual([
      'qdisc replace dev eth0 root handle fffe: netem',
      'qdisc replace dev eth0 root handle 1: htb default 0',
      'class add dev eth0 parent 1: classid 1:12 htb rate 10gbit quantum 60000',
      'qdisc add dev eth0 parent 1:12 handle 1000: netem limit 20000 delay 40000us rate 0bit',
      'filter add dev eth0 parent 1: protocol ip prio 1 u32 match ip dst 198.18.0.12/32 flowid 1:12',
      'class add dev eth0 parent 1: classid 1:13 htb rate 10gbit quantum 60000',
      'qdisc add dev eth0 parent 1:13 handle 1001: netem limit 20000 delay 0us rate 0bit',
      'filter add dev eth0 parent 1: protocol ip prio 1 u32 match ip dst 198.18.0.13/32 flowid 1:13',
    ]);
  });

  test('with several sources tells them apart', () => {
    const links = { 'us-east-1': { n1: link({ delayMs: 1 }) }, 'eu-west-1': { n1: link({ delayMs: 2 }) } };
    expect(planned(planTc(CLIENTS, links, null, MOMENT)).lines.filter((line) => line.startsWith('filter'))).toEqual([
      'filter add dev eth0 parent 1: protocol ip prio 1 u32 match ip src 198.18.1.1/32 match ip dst 198.18.0.11/32 flowid 1:12',
      'filter add dev eth0 parent 1: protocol ip prio 1 u32 match ip src 198.18.1.2/32 match ip dst 198.18.0.11/32 flowid 1:13',
    ]);
  });

  test('takes 64 peers in 194 lines', () => {
    const addresses = Object.fromEntries(Array.from({ length: 64 }, (_, index) => [`n${index + 2}`, `198.18.0.${index + 12}`]));
    expect(planned(planTc({ ...SITE, addresses }, {}, null, MOMENT)).lines).toHaveLength(194);
  });
});

test.each<[string, Partial<Link>, string]>([
  ['a perfect link', {}, 'limit 20000 delay 0us rate 0bit'],
  ['parts of a microsecond', { delayMs: 0.0314 }, 'limit 20000 delay 31us rate 0bit'],
  ['a delay below none', { delayMs: -3 }, 'limit 20000 delay 0us rate 0bit'],
  ['a long delay', { delayMs: 5_000 }, 'limit 100000 delay 5000000us rate 0bit'],
  ['independent jitter', { delayMs: 20, jitterMs: 5, order: 'reorder' }, 'limit 20000 delay 20000us 5000us rate 0bit'],
  ['of a distribution', { delayMs: 20, jitterMs: 5, order: 'reorder', distribution: 'pareto' }, 'limit 20000 delay 20000us 5000us distribution pareto rate 0bit'],
  ['loss', { lossPct: 0.1 }, 'limit 20000 delay 0us loss 0.1% rate 0bit'],
  ['a cut', { delayMs: 40, lossPct: 100, lossBurst: 3 }, 'limit 20000 delay 40000us loss 100% rate 0bit'],
  ['bursts of losses', { lossPct: 5, lossBurst: 4 }, 'limit 20000 delay 0us loss gemodel 1.315789% 25% 100% 0% rate 0bit'],
  ['reordering', { delayMs: 10, reorderPct: 2.5 }, 'limit 20000 delay 10000us reorder 2.5% rate 0bit'],
  ['reordering of nothing', { reorderPct: 2.5 }, 'limit 20000 delay 0us rate 0bit'],
  ['a rate, its delay and its queue', { delayMs: 100, rateKbit: 1_000, queuePackets: 20 }, 'limit 29 delay 100000us rate 1000000bit'],
  ['what its node does', { duplicatePct: 10, corruptPct: 3 }, 'limit 20000 delay 0us rate 0bit'],
])('%s', (_, wanted, text) => {
  expect(planned(planTc(SITE, toN2(wanted), null, MOMENT)).lines[3]).toBe(`qdisc add dev eth0 parent 1:12 handle 1000: netem ${text}`);
});

describe('a change', () => {
  test('is one line for each link that differs, with every field', () => {
    expect(change({ delayMs: 40, lossPct: 1 }, { delayMs: 80, lossPct: 1 })).toEqual(['qdisc change dev eth0 parent 1:12 handle 1000: netem limit 20000 delay 80000us loss 1% rate 0bit']);
    expect(change({ delayMs: 40 }, { delayMs: 40 })).toEqual([]);
  });

  test.each<[string, Partial<Link>, Partial<Link>]>([
    ['a distribution', { delayMs: 9, jitterMs: 2, order: 'reorder', distribution: 'normal' }, { delayMs: 9, jitterMs: 2, order: 'reorder' }],
    ['reordering', { delayMs: 9, reorderPct: 5 }, { delayMs: 9 }],
  ])('that takes %s away needs a new handle, and the way back does not', (_, before, after) => {
    expect(change(before, after)).toEqual([expect.stringMatching(/^qdisc replace dev eth0 parent 1:12 handle 2000: /)]);
    expect(change(after, before)).toEqual([expect.stringMatching(/^qdisc change dev eth0 parent 1:12 handle 1000: /)]);
  });

  test('goes round three handles', () => {
    const [one, other] = [toN2({ delayMs: 9, reorderPct: 5 }), toN2({ delayMs: 9 })];
    const handles: (number | undefined)[] = [];
    let model = modelOf(one);
    for (let count = 0; count < 4; count++) {
      model = planned(planTc(SITE, other, model, MOMENT)).model;
      handles.push(model.pairs[0]?.handle);
      model = planned(planTc(SITE, one, model, MOMENT)).model;
    }
    expect(handles).toEqual([0x2000, 0x3000, 0x1000, 0x2000]);
  });

  test('of the addresses makes the site anew', () => {
    const moved = { ...SITE, addresses: { n2: '198.18.0.99' } };
    expect(planned(planTc(moved, {}, modelOf({}), MOMENT)).lines[0]).toBe('qdisc replace dev eth0 root handle fffe: netem');
  });
});

describe('jitter of the kept order', () => {
  const jittery: Link = link({ delayMs: 20, jitterMs: 6, distribution: 'normal' });
  test('is the delay that the simulator has at that time, and nothing random', () => {
    let model = planned(planTc(SITE, { n1: { n2: jittery } }, null, { seed: 'seed', interval: -3 })).model;
    const delays: number[] = [];
    for (let interval = 0; interval < 50; interval++) {
      const { lines, model: next } = scheduleTc(model, { seed: 'seed', interval });
      expect(lines).toEqual([expect.stringMatching(/^qdisc change dev eth0 parent 1:12 handle 1000: netem limit 20000 delay \d+us rate 10000000000bit$/)]);
      delays.push(Number(/delay (\d+)us/.exec(lines[0] ?? '')?.[1]));
      model = next;
    }
    const jitterMs = scheduledJitter(jittery, 'seed', 'n1', 'n2');
    expect(delays).toEqual(delays.map((_, interval) => Math.round(1000 * Math.max(0, 20 + jitterMs(interval)))));
    expect(new Set(delays).size).toBeGreaterThan(45);
  });

  test('writes nothing for links without it, nor twice in an interval', () => {
    const { model } = planned(planTc(SITE, { n1: { n2: jittery, n3: link({ delayMs: 3 }) } }, null, MOMENT));
    expect(scheduleTc(model, MOMENT).lines).toEqual([]);
    expect(scheduleTc(model, { seed: 'seed', interval: 1 }).lines).toHaveLength(1);
  });
});

test('what is left to the node: copies, flipped bits, and bursts that a schedule would cut short', () => {
  expect(leftToNode(link({ delayMs: 40, lossPct: 5, lossBurst: 4, reorderPct: 1 }))).toBeNull();
  expect(leftToNode(link({ delayMs: 40, duplicatePct: 1, corruptPct: 2 }))).toEqual(link({ duplicatePct: 1, corruptPct: 2 }));
  const bursty = link({ delayMs: 40, jitterMs: 2, lossPct: 5, lossBurst: 4 });
  expect(leftToNode(bursty)).toEqual(link({ lossPct: 5, lossBurst: 4 }));
  expect(modelOf({ n1: { n2: bursty } }).pairs[0]?.netem.lossPct).toBe(0);
  // Where no node is, there is no transport.
  expect(modelOf({ 'us-east-1': { n1: bursty } }, CLIENTS).pairs[0]?.netem.lossPct).toMatchObject({ r: 25 });
  expect(leftToNode({ ...bursty, lossPct: 100 })).toBeNull();
});

test.each<[Partial<Link>, RegExp, RegExp]>([
  [{ delayMs: 300_000 }, /delay of 300000 ms/, /at most 274877/],
  [{ delayMs: Number.NaN }, /delay of NaN/, /at most/],
  [{ jitterMs: -1 }, /jitter of -1/, /from 0/],
  [{ jitterMs: 3_000, order: 'reorder' }, /jitter of 3000 ms/, /2147/],
  [{ delayMs: 270_000, jitterMs: 2_000 }, /4 times a jitter/, /together/],
  [{ lossPct: 101 }, /loss of 101 %/, /from 0 to 100/],
  [{ lossPct: 1e-9 }, /less than tc can say/, /none/],
  [{ reorderPct: -1 }, /reordering of -1 %/, /from 0 to 100/],
  [{ lossPct: 1, lossBurst: 0.5 }, /bursts of 0.5/, /from 1/],
  [{ distribution: 'cauchy' as 'normal' }, /unknown distribution "cauchy"/, /uniform, normal or pareto/],
  [{ order: 'any' as 'keep' }, /unknown order "any"/, /keep or reorder/],
  [{ rateKbit: 0 }, /rate of 0 kbit/, /from 1/],
  [{ rateKbit: 1e9 }, /rate of 1000000000 kbit/, /to 34000000/],
  [{ delayMs: 60_000, rateKbit: 10_000_000 }, /more than a queue can hold/, /shorter delay/],
  [{ queuePackets: 0 }, /queue of 0/, /from 1/],
  [{ jitterMs: 1, order: 'reorder', rateKbit: 100 }, /keeps the order/, /userspace/],
])('%o is refused', (wrong, message, hint) => {
  expect(planTc(SITE, toN2(wrong), null, MOMENT)).toEqual({ ok: false, place: 'n1 → n2', message: expect.stringMatching(message) as string, hint: expect.stringMatching(hint) as string });
});

test.each<[Partial<TcSite>, RegExp]>([
  [{ device: 'eth0; reboot' }, /no name of a network device/],
  [{ device: '-e' }, /no name of a network device/],
  [{ device: 'a234567890123456' }, /no name of a network device/],
  [{ addresses: { n2: '198.18.0.256' } }, /"198.18.0.256" of n2 is no IPv4 address/],
  [{ addresses: { n2: '198.18.0.1/8' } }, /no IPv4 address/],
  [{ addresses: { n2: '1.2.3.4\nqdisc del' } }, /no IPv4 address/],
  [{ addresses: { n2: '198.18.0.012' } }, /no IPv4 address/],
  [{ sources: { n1: 'localhost' } }, /"localhost" of n1 is no IPv4 address/],
  [{ addresses: { n2: '198.18.0.9', n3: '198.18.0.9' } }, /n3 and n2 share the address/],
  [{ addresses: Object.fromEntries(Array.from({ length: 129 }, (_, index) => [`n${index}`, `198.18.1.${index}`])) }, /1 × 129 links/],
])('a site %o is refused', (wrong, message) => {
  expect(planTc({ ...SITE, ...wrong }, {}, null, MOMENT)).toMatchObject({ ok: false, place: 'n1', message: expect.stringMatching(message) as string });
});

const part = (most: number) => double({ min: 0, max: most, noNaN: true });
const anyLink = record<Link>({
  delayMs: part(2_000), jitterMs: part(200), distribution: constantFrom('uniform', 'normal', 'pareto'), lossPct: constantFrom(0, 0.5, 5, 33.333333, 100),
  lossBurst: option(part(20).map((more) => 1 + more)), duplicatePct: part(100), reorderPct: constantFrom(0, 0, 5), corruptPct: part(100),
  rateKbit: option(part(100_000).map((more) => 1 + more)), queuePackets: integer({ min: 1, max: 5_000 }), order: constantFrom('keep', 'reorder'),
}).map((one): Link => (one.order === 'reorder' && one.rateKbit !== null ? { ...one, order: 'keep' } : one));
const anyMatrix = record({ n1: dictionary(constantFrom('n2', 'n3'), anyLink) });
const TOKENS = /^(qdisc (replace|add|change) dev eth0 (root|parent 1:[0-9a-f]+) handle [0-9a-f]+: (htb default 0|netem( limit \d+ delay \d+us( \d+us( distribution (normal|pareto))?)?( loss ([\d.]+%|gemodel [\d.]+% [\d.]+% 100% 0%))?( reorder [\d.]+%)? rate \d+bit)?)|class add dev eth0 parent 1: classid 1:[0-9a-f]+ htb rate 10gbit quantum 60000|filter add dev eth0 parent 1: protocol ip prio 1 u32 match ip dst [\d.]+\/32 flowid 1:[0-9a-f]+)$/;
const withoutHandles = ({ device, pairs }: TcModel) => ({ device, pairs: pairs.map(({ handle, ...rest }) => ({ ...rest, generation: handle % 0x1000 })) });

test('any links: nothing but checked tokens, and the last links are what is held, whatever was before', () => {
  assert(property(array(anyMatrix, { minLength: 1, maxLength: 5 }), (matrices) => {
    let model: TcModel | null = null;
    for (const matrix of matrices) {
      const plan: Extract<TcPlan, { ok: true }> = planned(planTc(SITE, matrix, model, MOMENT));
      for (const line of plan.lines) expect(line).toMatch(TOKENS);
      expect(planned(planTc(SITE, matrix, plan.model, MOMENT)).lines).toEqual([]);
      model = plan.model;
      expect(withoutHandles(plan.model)).toEqual(withoutHandles(modelOf(matrix)));
    }
  }));
});

/** What a kernel holds after lines, of which `change` keeps what is not given: all but the handle of each class. */
function kernelAfter(lines: readonly string[], kernel = new Map<string, string>()): Map<string, string> {
  for (const line of lines) {
    const [, verb = '', parent, handle, netem = ''] = /^qdisc (\w+) dev eth0 parent (\S+) handle (\S+) netem (.*)$/.exec(line) ?? [];
    if (parent === undefined) continue;
    const [oldHandle, old = ''] = kernel.get(parent)?.split(' ; ') ?? [];
    if (verb === 'change' || oldHandle === handle) {
      expect(oldHandle).toBe(handle);
      const sticky = [...old.matchAll(/distribution \w+|reorder \S+/g)].map(([text]) => text).filter((text) => !netem.includes(text.split(' ')[0] ?? ''));
      kernel.set(parent, `${handle} ; ${[netem, ...sticky].join(' ')}`);
    } else kernel.set(parent, `${handle} ; ${netem}`);
  }
  return kernel;
}

test('any batch that stops anywhere is undone, whatever stays behind in a kernel', () => {
  assert(property(anyMatrix, anyMatrix, integer({ min: 0, max: 2 }), (first, second, done) => {
    const before = planned(planTc(SITE, first, null, MOMENT));
    const failed = planned(planTc(SITE, second, before.model, MOMENT));
    const kernel = kernelAfter(failed.lines.slice(0, done), kernelAfter(before.lines));
    const back = rollbackTc(before.model, failed.model);
    for (const line of back.lines) expect(line).toMatch(TOKENS);
    const held = [...kernelAfter(back.lines, kernel).values()].map((text) => text.split(' ; '));
    expect(held.map(([, netem]) => netem)).toEqual([...kernelAfter(before.lines).values()].map((text) => text.split(' ; ')[1]));
    expect(held.map(([handle]) => handle)).toEqual(back.model.pairs.map(({ handle }) => `${handle.toString(16)}:`));
  }));
});
