// The tc shaper over a kernel that is played here: one batch for each site and change, read back, undone together, and a
// schedule that never meets a change. What a real kernel does: test/tc.netem.test.ts.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { PERFECT_LINK } from '../link.ts';
import type { Link, LinkMatrix } from '../link.ts';
import type { CommandResult, KernelSite, LinkControl, Site } from '../shaper.ts';
import { explain } from './tc-said.ts';
import { tc } from './tc.ts';

const DONE: CommandResult = { code: 0, stdout: '', stderr: '' };
const IDS = ['n1', 'n2', 'n3'];
const link = (change: Partial<Link>): Link => ({ ...PERFECT_LINK, ...change });

/** A kernel that holds what batches say, as far as these tests need: limit and delay of each netem, the filters. */
class PlayedKernel {
  readonly calls: string[] = [];
  readonly inputs: string[] = [];
  readonly written: string[] = [];
  readonly qdiscs = new Map<string, string>();
  readonly filters: string[] = [];
  linesOpen = 0;
  keptReady = 0;
  /** Batches from now on end at a line that matches. */
  refuses: RegExp | null = null;
  failLines: (error: Error) => void = () => undefined;
  readonly site: Site;
  readonly told: unknown[] = [];
  gone = false;

  constructor(id: string) {
    const kernel: KernelSite = {
      device: 'eth0', sources: { [id]: `198.18.0.1${id.slice(1)}` },
      addresses: Object.fromEntries(IDS.filter((other) => other !== id).map((other) => [other, `198.18.0.1${other.slice(1)}`])),
      isGone: () => this.gone,
      tc: (argv, input = '') => Promise.resolve(this.#run(argv, input)),
      keepReady: () => {
        this.keptReady++;
        return () => { this.keptReady--; };
      },
      tcLines: (failed) => {
        this.failLines = failed;
        this.linesOpen++;
        return {
          write: (line) => {
            this.written.push(line);
            this.#do(line);
          },
          close: () => {
            this.linesOpen--;
            return Promise.resolve();
          },
        };
      },
    };
    const control = (path: string, body: unknown) => {
      this.told.push([path, body]);
      return Promise.resolve();
    };
    this.site = { id, address: '', control, kernel };
  }

  #run(argv: readonly string[], input: string): CommandResult {
    this.calls.push(argv.join(' '));
    this.inputs.push(input);
    if (argv.includes('show')) return { ...DONE, stdout: `[${[...this.qdiscs.values()].join()}]` };
    if (argv.includes('del')) this.qdiscs.clear();
    for (const [index, line] of input.split('\n').entries()) {
      if (this.refuses?.test(line) === true) return { code: 1, stdout: '', stderr: `Error: planted\nCommand failed -:${index + 1}` };
      this.#do(line);
    }
    return { ...DONE, stdout: `[${['{"kind":"htb","handle":"1:"}', ...this.qdiscs.values()].join()}]\n[${this.filters.join()}]\n` };
  }

  #do(line: string): void {
    expect(this.linesOpen).toBeLessThan(2);
    if (line.includes('root')) this.filters.length = 0;
    const [, parent, handle, limit, delay] = /parent (1:\w+) handle (\w+:) netem limit (\d+) delay (\d+)us/.exec(line) ?? [];
    if (parent !== undefined) this.qdiscs.set(parent, JSON.stringify({ kind: 'netem', handle, parent, options: { limit: Number(limit), delay: { delay: Number(delay) / 1e6, jitter: 0 }, ...(line.includes('rate 10000000000bit') ? { rate: { rate: 1_250_000_000 } } : {}), gap: 0 } }));
    const [, address = '', flow] = /dst ([\d.]+)\/32 flowid (\S+)/.exec(line) ?? [];
    if (flow !== undefined) this.filters.push(`{"kind":"u32","flowid":"${flow}","match":{"value":"${address.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0')).join('')}","mask":"ffffffff","off":16}}`);
  }

  delayMs(parent: string): number {
    return Number(/"delay":([\d.e-]+),"jitter"/.exec(this.qdiscs.get(parent) ?? '')?.[1]) * 1000;
  }
}

let kernels: readonly PlayedKernel[];
let control: LinkControl;
let failed: ReturnType<typeof vi.fn<(error: unknown) => void>>;
const first = (): PlayedKernel => kernels[0] as PlayedKernel;
const sites = (): readonly Site[] => kernels.map(({ site }) => site);
const delays = (delayMs: number): LinkMatrix => ({ n1: { n2: link({ delayMs }) }, n2: { n1: link({ delayMs }) } });

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  kernels = IDS.map((id) => new PlayedKernel(id));
  failed = vi.fn<(error: unknown) => void>();
  control = tc.open({ seed: 'seed', now: () => Date.now() - 1_000, failed });
});
afterEach(async () => {
  await control.close();
  vi.useRealTimers();
});

const batches = ({ calls }: PlayedKernel): number => calls.filter((call) => call === '-j -s -batch -').length;

test('a change is one batch for each site that it touches, read back', async () => {
  await control.apply(delays(40), sites());
  expect(kernels.map(batches)).toEqual([1, 1, 1]);
  expect(kernels.map((kernel) => kernel.delayMs('1:12'))).toEqual([40, 40, 0]);
  await control.apply(delays(80), sites());
  expect(kernels.map(batches)).toEqual([2, 2, 2]);
  expect(first().inputs.at(-1)?.trimEnd().split('\n')).toEqual([expect.stringMatching(/^qdisc change .* delay 80000us/), 'qdisc show dev eth0', 'filter show dev eth0 parent 1:']);
  expect(kernels.map(({ told }) => told.length)).toEqual([0, 0, 0]);
});

test('tc is kept ready at each site, until the links are closed', async () => {
  await control.apply(delays(40), sites());
  await control.apply(delays(80), sites());
  expect(kernels.map(({ keptReady }) => keptReady)).toEqual([1, 1, 1]);
  await control.close();
  expect(kernels.map(({ keptReady }) => keptReady)).toEqual([0, 0, 0]);
});

test('another object is another namespace: everything is made there again', async () => {
  await control.apply(delays(40), sites());
  const again = new PlayedKernel('n1');
  await control.apply(delays(40), [again.site, ...sites().slice(1)]);
  expect(again.delayMs('1:12')).toBe(40);
});

test('a namespace that is gone fails nobody, whether it went before a change or in the middle of one', async () => {
  await control.apply(delays(40), sites());
  first().gone = true;
  await control.apply(delays(80), sites());
  expect(batches(first())).toBe(1);
  const second = kernels[1] as PlayedKernel;
  second.refuses = /./;
  const kernel = { ...(second.site.kernel as KernelSite) };
  Object.assign(second.site.kernel as object, { tc: (argv: readonly string[], input?: string) => { second.gone = true; return kernel.tc(argv, input); } });
  await control.apply(delays(60), sites());
  expect(failed).not.toHaveBeenCalled();
});

describe('a change that fails', () => {
  test('is undone at its site and at all others', async () => {
    await control.apply(delays(40), sites());
    (kernels[1] as PlayedKernel).refuses = /delay 80000us/;
    await expect(control.apply(delays(80), sites())).rejects.toMatchObject({ message: expect.stringMatching(/^n2, eth0: tc stopped at "qdisc change .* delay 80000us rate 0bit": Error: planted$/) as string, kind: 'failed' });
    expect(kernels.map((kernel) => kernel.delayMs('1:12'))).toEqual([40, 40, 0]);
    await control.apply(delays(60), sites());
    expect(kernels.map((kernel) => kernel.delayMs('1:12'))).toEqual([60, 60, 0]);
  });

  test('the first time, leaves nothing', async () => {
    first().refuses = /1:13/;
    await expect(control.apply(delays(40), sites())).rejects.toThrow('tc stopped at "class add');
    expect(kernels.map(({ qdiscs }) => qdiscs.size)).toEqual([0, 0, 0]);
  });

  test('and cannot be undone says so', async () => {
    await control.apply(delays(40), sites());
    first().refuses = /./;
    await expect(control.apply(delays(80), sites())).rejects.toThrow('the links of n1 could not be restored');
  });

  test('is one that the kernel does not hold afterwards', async () => {
    await control.apply(delays(40), sites());
    first().qdiscs.set('1:13', (first().qdiscs.get('1:13') ?? '').replace('20000', '1000'));
    await expect(control.apply(delays(80), sites())).rejects.toThrow('n1 → n3: the kernel holds "1001: netem limit 1000 delay 0us rate 0bit" where "1001: netem limit 20000 delay 0us rate 0bit" was asked');
  });

  test('or is refused touches no kernel', async () => {
    await expect(control.apply({ n3: { n1: link({ lossPct: 101 }) } }, sites())).rejects.toMatchObject({ message: 'n3 → n1: a loss of 101 %', hint: 'from 0 to 100 %', kind: 'refused' });
    expect(kernels.flatMap(({ calls }) => calls)).toEqual([]);
    await expect(control.apply({}, [{ id: 'n1', address: '', control: () => Promise.resolve() }])).rejects.toThrow('n1: it has no network namespace of its own');
  });
});

describe('what no kernel does', () => {
  const copies = { n1: { n2: link({ delayMs: 5, duplicatePct: 10 }) } };
  test('is told to the node, again at each change, and taken back', async () => {
    await control.apply(copies, sites());
    await control.apply(copies, sites());
    await control.apply({}, sites());
    const row = { n2: link({ duplicatePct: 10 }) };
    expect(first().told).toEqual([row, row, {}].map((links) => ['/control/links', { links }]));
    expect(kernels[1]?.told).toEqual([]);
  });

  test('and cannot be told undoes the change', async () => {
    await control.apply(delays(40), sites());
    const deaf = sites().map((site) => ({ ...site, control: () => Promise.reject(new Error('deaf')) }));
    await expect(control.apply(copies, deaf)).rejects.toThrow('deaf');
    expect(first().delayMs('1:12')).toBe(40);
  });
});

describe('scheduled delays', () => {
  const jittery: LinkMatrix = { n1: { n2: link({ delayMs: 20, jitterMs: 4 }), n3: link({ delayMs: 7 }) } };
  test('follow the clock, one line each 100 ms for each link that has them', async () => {
    await control.apply(jittery, sites());
    await vi.advanceTimersByTimeAsync(1_000);
    expect(first().written).toHaveLength(10);
    expect(kernels[1]?.written).toEqual([]);
    expect(first().delayMs('1:13')).toBe(7);
  });

  test('that are late are those of now, not one after the other', async () => {
    await control.apply(jittery, sites());
    vi.setSystemTime(5_030);
    await vi.advanceTimersByTimeAsync(100);
    expect(first().written).toHaveLength(1);
  });

  test('wait while something is changed, and end with their link', async () => {
    await control.apply(jittery, sites());
    await vi.advanceTimersByTimeAsync(200);
    expect(first().linesOpen).toBe(1);
    await control.apply({ n1: { n2: link({ delayMs: 50 }) } }, sites());
    expect(first().linesOpen).toBe(0);
    const { length } = first().written;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(first().written).toHaveLength(length);
    expect(first().delayMs('1:12')).toBe(50);
  });

  test('that cannot be kept end the run with one line', async () => {
    await control.apply(jittery, sites());
    await vi.advanceTimersByTimeAsync(200);
    first().failLines(new Error('Cannot find device "eth0"'));
    expect(failed).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ message: 'n1, eth0: the scheduled delays cannot be kept: the network device is gone (Cannot find device "eth0")' }));
    const { length } = first().written;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(first().written).toHaveLength(length);
  });

  test('end when the run does', async () => {
    await control.apply(jittery, sites());
    await vi.advanceTimersByTimeAsync(200);
    await control.close();
    expect(first().linesOpen).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});

test('counters are those of all sites', async () => {
  await control.apply(delays(40), sites());
  expect(await control.counters?.(sites())).toHaveLength(6);
});

describe('a probe', () => {
  const probed = (answers: { readonly [call: string]: CommandResult }) => tc.probe({ ...first().site, kernel: { ...(first().site.kernel as KernelSite), tc: (argv) => Promise.resolve(answers[argv.at(-2) ?? ''] ?? DONE) } });
  test('that tc does, but shows otherwise, fails, and leaves nothing', async () => {
    // The played kernel knows no loss.
    expect(await tc.probe(first().site)).toMatchObject({ ok: false, missing: expect.stringMatching(/^tc shows "1000: netem limit 20000 delay 5000us rate 0bit" where it was told "1000: .*gemodel/) as string });
    expect(first().calls).toEqual(['-j -s -batch -', 'qdisc del dev lo root']);
  });

  test.each<[string, RegExp, RegExp]>([
    ['Error: Specified qdisc kind is unknown.\nCommand failed -:1', /no netem or htb/, /modprobe/],
    ['nsenter: failed to execute tc: No such file or directory', /tc is not installed/, /iproute2/],
    ['nsenter: reassociate to namespace failed: Operation not permitted', /no right/, /root/],
    ['No distribution data for normal (/x/normal.dist: No such file or directory)', /tables/, /TC_LIB_DIR/],
    ['nsenter: cannot open /run/netns/x: No such file or directory', /namespace is gone/, /run again/],
    ['nsenter: command not found', /enters the namespace/, /util-linux/],
    ['Something new', /^Something new$/, /doctor/],
  ])('says what is missing: %s', async (stderr, missing, hint) => {
    expect(await probed({ '-batch': { code: 1, stdout: '', stderr } })).toEqual({ ok: false, missing: expect.stringMatching(missing) as string, hint: expect.stringMatching(hint) as string });
  });

  test('says so where there is no namespace', async () => {
    expect(await tc.probe({ id: 'n1', address: '', control: () => Promise.resolve() })).toMatchObject({ ok: false, missing: 'n1 has no network namespace of its own' });
  });

  test('what says nothing is named by its exit code', () => expect(explain({ code: 9, stdout: '', stderr: '' }).missing).toBe('exit code 9'));
});
