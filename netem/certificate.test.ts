// The certificate on synthetic probes: made by the links themselves it is ok, and each way in which a network can be wrong
// is caught with a line that names the link.
import { describe, expect, test } from 'vitest';
import { randomStream } from '../node/kit/random.ts';
import { lossBounds } from './binomial.ts';
import { Certifying, type Certificate, type CertificateOf, type Probes } from './certificate.ts';
import { openLink, PERFECT_LINK, scheduledJitter } from './link.ts';
import type { Link, LinkMatrix } from './link.ts';
import type { ProbeSample } from './probe.ts';

const SEED = 'seed';

/** As a shaper that works shows them: what this link does to `count` probes, and so much more for each. */
function probed(link: Link, { from = 'n1', to = 'n2', count = 50, everyMs = 20, noiseMs = () => 0, seed = SEED }: {
  from?: string; to?: string; count?: number; everyMs?: number; noiseMs?: (index: number) => number; seed?: string;
} = {}): Probes {
  const state = openLink(link, randomStream(seed, 'probes', from, to), scheduledJitter(link, SEED, from, to));
  const arrivals: { readonly sample: ProbeSample; readonly atMs: number }[] = [];
  for (let sequence = 1; sequence <= count; sequence++) {
    const sentMs = -5_000 + sequence * everyMs + 0.125;
    for (const { afterMs, corrupt } of state.transmit(60, sentMs)) {
      const delayMs = afterMs + noiseMs(sequence);
      if (!corrupt) arrivals.push({ sample: [sequence, sentMs, delayMs], atMs: sentMs + delayMs });
    }
  }
  return { from, to, trip: 'one-way', bytes: 60, sent: count, samples: arrivals.sort((a, b) => a.atMs - b.atMs).map(({ sample }) => sample) };
}

function certified(links: LinkMatrix, probes: readonly Probes[], of: Partial<CertificateOf> = {}, more: (certifying: Certifying) => void = () => undefined): Certificate {
  const certifying = new Certifying({ links, seed: SEED, shaper: 'userspace', time: 'real', ...of });
  for (const each of probes) certifying.idle(each);
  more(certifying);
  return certifying.finish() as Certificate;
}

const texts = ({ breaches }: Certificate, bars = 'run') => breaches.filter((each) => each.bars === bars).map(({ text }) => text);
const link = (change: Partial<Link>): Link => ({ ...PERFECT_LINK, delayMs: 40, ...change });
const LINKS = { n1: { n2: link({}), n3: link({ delayMs: 0.5 }) }, n2: { n1: link({ delayMs: 60 }) } };
/** Half of them early by a little, half late. */
const noise = (index: number) => (index % 7) / 10 - 0.3;

describe('a network as configured', () => {
  const shaped: readonly (readonly [string, Partial<Link>])[] = [
    ['delay', {}], ['jitter in order', { jitterMs: 12, distribution: 'normal' }], ['long jitter in order', { jitterMs: 30, distribution: 'pareto', delayMs: 60 }],
    ['jitter that reorders', { jitterMs: 10, order: 'reorder' }], ['pareto that reorders', { jitterMs: 5, order: 'reorder', distribution: 'pareto' }],
    ['normal that reorders', { jitterMs: 8, order: 'reorder', distribution: 'normal' }], ['loss', { lossPct: 2 }], ['bursts', { lossPct: 2, lossBurst: 4 }],
    ['rate', { rateKbit: 1_000 }], ['duplicates', { duplicatePct: 10, lossPct: 5 }], ['corruption', { corruptPct: 5, duplicatePct: 3 }], ['reordering', { reorderPct: 10 }],
    ['all', { lossPct: 1, duplicatePct: 2, corruptPct: 2, rateKbit: 10_000, jitterMs: 5, distribution: 'normal' }],
  ];
  test.each(shaped)('%s: exact in the simulator, within the tolerance elsewhere, whatever the seed', (_, change) => {
    for (let index = 0; index < 30; index++) {
      const links = { n1: { n2: link(change) } };
      const options = { count: 2_000, everyMs: 3, seed: `s${index}` };
      const exact = certified(links, [probed(links.n1.n2, options)], { shaper: 'sim' });
      expect([exact.verdict, texts(exact)]).toEqual(['ok', []]);
      const real = certified(links, [probed(links.n1.n2, { ...options, noiseMs: noise })]);
      expect([real.verdict, texts(real)]).toEqual(['ok', []]);
    }
  });

  test('says what was achieved, and the largest error of a median', () => {
    const probes = [probed(LINKS.n1.n2, { noiseMs: noise }), probed(LINKS.n2.n1, { from: 'n2', to: 'n1', noiseMs: () => 0.75 })];
    const { verdict, worstMs, rows, breaches } = certified(LINKS, probes);
    expect({ verdict, breaches }).toEqual({ verdict: 'ok', breaches: [] });
    expect(worstMs).toBeCloseTo(0.75, 6);
    expect(rows[0]).toMatchObject({ from: 'n1', to: 'n2', sent: 50, arrived: 50, late: 0, duplicates: 0, verdict: 'ok', unverified: [], configured: { delayMs: 40 } });
    expect(rows[0]?.delayMs?.min).toBeCloseTo(39.7, 6);
    expect(rows[0]?.errorMs?.p50).toBeCloseTo(0, 6);
  });

  test('no probe, no certificate', () => {
    expect(certified(LINKS, [])).toBeNull();
  });
});

describe('a network that is not as configured is caught, and the link is named', () => {
  test('a delay that is 20 ms too long', () => {
    const { verdict, rows, breaches } = certified(LINKS, [probed(link({ delayMs: 60 }), { noiseMs: noise })]);
    expect(verdict).toBe('out');
    expect(rows[0]?.verdict).toBe('out');
    expect(breaches.find(({ bars }) => bars === 'run')).toEqual({ from: 'n1', to: 'n2', figure: 'min', bars: 'run', text: 'n1 → n2: minimum delay 59.7 ms, asked 40 ms (-2 … +1.5 ms)' });
  });

  test('a filter that matches nothing: no delay at all', () => {
    const { breaches } = certified(LINKS, [probed(PERFECT_LINK, { noiseMs: () => 0.1 })], { shaper: 'tc' });
    expect(breaches[0]?.text).toBe('n1 → n2: minimum delay 0.1 ms, asked 40 ms (-0.1 … +1.5 ms)');
  });

  test('a delay of one way that the other makes up for', () => {
    const probes = [probed(link({ delayMs: 50 })), probed(link({ delayMs: 50 }), { from: 'n2', to: 'n1' })];
    expect(texts(certified(LINKS, probes, { shaper: 'tc' })).map((text) => text.slice(0, 7))).toEqual(['n1 → n2', 'n1 → n2', 'n2 → n1', 'n2 → n1']);
  });

  test('the round trip of two ways that are each within bounds, under tc', () => {
    const late = { noiseMs: () => 1.2 };
    expect(texts(certified(LINKS, [probed(LINKS.n1.n2, late), probed(LINKS.n2.n1, { from: 'n2', to: 'n1', ...late })], { shaper: 'tc' })))
      .toEqual(['n1 ↔ n2: minimum of both ways 102.4 ms, asked 100 ms (-0.2 … +1.5 ms)']);
  });

  test('0.1 ms in virtual time', () => {
    const virtual = { shaper: 'tc', time: 'virtual' } as const;
    expect(texts(certified(LINKS, [probed(LINKS.n1.n2, { noiseMs: () => 0.04 })], virtual))).toEqual([]);
    expect(texts(certified(LINKS, [probed(LINKS.n1.n2, { noiseMs: () => 0.1 })], virtual))).toEqual(['n1 → n2: median delay 40.1 ms, asked 40 ms (± 0.05 ms)']);
    // One probe of a pair that something held up is not its network; one in forty of all is.
    const held = (every: number) => texts(certified(LINKS, [probed(LINKS.n1.n2, { count: 400, noiseMs: (index) => (index % every === 0 ? 2.5 : 0) })], virtual));
    expect(held(200)).toEqual([]);
    expect(held(40)).toEqual(['n1 → n2: the 99th percentile of all probes was 2.5 ms off (± 0.5 ms), its own worst 2.5 ms']);
    expect(held(10)[0]).toBe('n1 → n2: 95th percentile delay 42.5 ms, asked 40 ms (± 0.5 ms)');
  });

  test('a wrong link below what the shaper keeps exactly', () => {
    const { breaches, rows } = certified(LINKS, [probed(link({ delayMs: 20 }), { to: 'n3' })]);
    expect(breaches[0]).toMatchObject({ from: 'n1', to: 'n3', bars: 'run' });
    expect(rows[0]?.unverified).toEqual(['delay: userspace does not keep less than 2 ms exactly']);
    expect(certified(LINKS, [probed(LINKS.n1.n3, { to: 'n3' })])).toMatchObject({ verdict: 'unverified', breaches: [], rows: [{ verdict: 'unverified' }] });
  });

  test.each<[string, Partial<Link>, Partial<Link>, RegExp]>([
    ['a loss that was not asked for', {}, { lossPct: 1 }, /^n1 → n2: \d+ of 2000 probes were lost, on a link without loss$/],
    ['too little loss', { lossPct: 3 }, { lossPct: 0.5 }, /^n1 → n2: \d+ of 2000 probes were lost, asked 60 \(\d+ … \d+ are within chance\)$/],
    ['too much loss', { lossPct: 0.6 }, { lossPct: 5 }, /^n1 → n2: \d+ of 2000 probes were lost, asked 12 /],
    ['a queue that is too short', { rateKbit: 4_000 }, { rateKbit: 100, queuePackets: 3 }, /^n1 → n2: \d+ of 2000 probes were lost, on a link without loss$/],
    ['too few duplicates', { duplicatePct: 10 }, { duplicatePct: 1 }, /^n1 → n2: \d+ of 2000 probes came duplicated, asked 200/],
    ['no reordering', { reorderPct: 10 }, {}, /^n1 → n2: 0 of 2000 probes came reordered, asked 200/],
    ['no jitter', { jitterMs: 10, order: 'reorder' }, {}, /^n1 → n2: delays spread by 0 ms/],
    ['another schedule of the jitter', { jitterMs: 20 }, {}, /^n1 → n2: minimum delay/],
    ['a rate that is not kept', { rateKbit: 50 }, {}, /^n1 → n2: (minimum|median) delay/],
  ])('%s', (_, asked, done, text) => {
    const { verdict, breaches } = certified({ n1: { n2: link(asked) } }, [probed(link(done), { count: 2_000, everyMs: 3 })]);
    expect(verdict).toBe('out');
    expect(breaches.some((each) => each.bars === 'run' && text.test(each.text))).toBe(true);
  });

  test('no probe that arrives', () => {
    const { verdict, rows } = certified(LINKS, [{ from: 'n1', to: 'n2', trip: 'one-way', bytes: 60, sent: 50, samples: [] }]);
    expect(verdict).toBe('out');
    expect(rows[0]).toMatchObject({ arrived: 0, delayMs: null, errorMs: null, unverified: ['delay: no probe arrived'] });
  });

  test('drops in the queue of a link without loss, and a queue that is nearly full where they cannot be told', () => {
    const counted = { from: 'n1', to: 'n2', packets: 997, drops: 3, backlogPackets: 0, limitPackets: 100 };
    const probes = [probed(LINKS.n1.n2)];
    expect(texts(certified(LINKS, probes, { shaper: 'tc' }, (each) => each.counted([counted])))).toEqual(['n1 → n2: its queue dropped 3 of 1000 packets, on a link without loss']);
    const lossy = { n1: { n2: link({ lossPct: 1 }) } };
    expect(texts(certified(lossy, probes, { shaper: 'tc' }, (each) => each.counted([counted])))).toEqual([]);
    expect(texts(certified(lossy, probes, { shaper: 'tc' }, (each) => each.counted([{ ...counted, backlogPackets: 51 }])))[0]).toMatch(/^n1 → n2: its queue of 100 packets held 51/);
  });

  test('a change while the run goes, and not the load of the host', () => {
    const probes = [probed(LINKS.n1.n2)];
    const loaded = probed(LINKS.n1.n2, { noiseMs: (index) => (index % 5) * 10 });
    expect(certified(LINKS, probes, {}, (each) => each.during(loaded)).rows[0]).toMatchObject({ verdict: 'ok', during: { samples: 50, minErrorMs: 0, p50ErrorMs: 20 } });
    for (const delayMs of [30, 60]) {
      const { breaches } = certified(LINKS, probes, {}, (each) => each.during(probed(link({ delayMs }), { noiseMs: noise })));
      expect(breaches[0]).toMatchObject({ from: 'n1', to: 'n2', bars: 'run', text: expect.stringContaining('the network changed') as string });
      // Probes before the change do not hide it, and few wait for others.
      const late = certified(LINKS, probes, {}, (each) => { for (const change of [0, delayMs - 40]) each.during(probed(link({ delayMs: 40 + change }))); });
      expect(late.verdict).toBe('out');
      const few = (rounds: number) => certified(LINKS, probes, {}, (each) => { for (let round = 0; round < rounds; round++) each.during(probed(link({ delayMs }), { count: 2 })); });
      expect([few(4).verdict, few(5).verdict]).toEqual(['ok', 'out']);
    }
  });
});

describe('what cannot be shown is said so', () => {
  test('a noisy host on a right network is no baseline, and valid', () => {
    const { verdict, breaches } = certified(LINKS, [probed(LINKS.n1.n2, { noiseMs: (index) => (index % 4 === 0 ? 6 : 0.1) })]);
    expect(verdict).toBe('ok');
    expect(breaches).toEqual([{ from: 'n1', to: 'n2', figure: 'p95', bars: 'baseline', text: 'n1 → n2: 95th percentile delay 46 ms, asked 40 ms (± 1 ms)' }]);
  });

  test('a loss of which fewer than ten are expected', () => {
    const { verdict, rows } = certified({ n1: { n2: link({ lossPct: 0.1 }) } }, [probed(link({ lossPct: 0.1 }))]);
    expect(rows[0]).toMatchObject({ verdict: 'unverified', unverified: ['loss: of 50 probes only 0.05 are to be lost'] });
    // Its delay is shown.
    expect(verdict).toBe('ok');
  });

  test('a round trip of clients takes what HTTP takes, and no more', () => {
    const links = { 'us-east-1': { n1: link({ delayMs: 10 }) }, n1: { 'us-east-1': link({ delayMs: 30 }) } };
    const asked = (ms: number): Probes => ({ from: 'us-east-1', to: 'n1', trip: 'round', bytes: 0, sent: 20, samples: Array.from({ length: 20 }, (_, index) => [index + 1, 0, ms] as const) });
    expect(certified(links, [asked(42)])).toMatchObject({ verdict: 'ok', worstMs: null });
    expect(certified(links, [asked(60)])).toMatchObject({ verdict: 'ok', breaches: [{ bars: 'baseline', text: 'us-east-1 ↔ n1: minimum delay 60 ms, asked 40 ms (-1 … +5 ms)' }] });
    expect(texts(certified(links, [asked(30)]))).toEqual(['us-east-1 ↔ n1: minimum delay 30 ms, asked 40 ms (at least -1 ms)']);
    const virtual = { shaper: 'tc', time: 'virtual' } as const;
    expect(texts(certified(links, [asked(40.02)], virtual))).toEqual([]);
    expect(texts(certified(links, [asked(42)], virtual))).toHaveLength(2);
  });
});

describe('bounds of losses', () => {
  test('a binomial count outside them is as rare as said', () => {
    // Summed apart, with the lgamma of Python's math.
    expect(lossBounds(2_000, 0.01, 1)).toEqual([5, 39]);
    expect(lossBounds(2_000, 0, 1)).toEqual([0, 0]);
    expect(lossBounds(50, 1, 1)).toEqual([50, 50]);
  });

  test.each([[1, 4], [2, 3], [5, 10], [20, 2]])('a loss of %i per cent in bursts of %i: of 750 right links at most one is called wrong, of wrong ones most are', (lossPct, lossBurst) => {
    const bursty = link({ lossPct, lossBurst });
    const rejected = (done: Link, runs: number) => {
      let count = 0;
      for (let index = 0; index < runs; index++) {
        const { breaches } = certified({ n1: { n2: bursty } }, [probed(done, { count: 2_000, everyMs: 3, seed: `r${index}` })]);
        if (breaches.some(({ figure }) => figure === 'loss')) count++;
      }
      return count;
    };
    expect(rejected(bursty, 750)).toBeLessThanOrEqual(1);
    expect(rejected(link({ lossPct: Math.min(100, 8 * lossPct), lossBurst }), 50)).toBeGreaterThan(40);
  });
});
