// The choice of a shaper: the best that works, the one that was asked for, and what is said otherwise.
import { expect, test } from 'vitest';
import type { Probe, Shaper } from '../../netem/shaper.ts';
import { chooseShaper, type TrialSite } from './shaper-choice.ts';

const LACKS: Probe = { ok: false, missing: 'the kernel has no netem', hint: 'modprobe sch_netem' };

function shaper(name: string, probe: Probe): Shaper {
  return { name, summary: '', probe: () => Promise.resolve(probe), open: () => { throw new Error('not here'); } };
}

function chosen(shapers: readonly Shaper[], asked: string) {
  let open = 0;
  const openTrial = (): Promise<TrialSite> => {
    open++;
    return Promise.resolve({ site: { id: 'trial', address: '127.0.0.1', control: () => Promise.resolve() }, close: () => { open--; return Promise.resolve(); } });
  };
  return chooseShaper('netns', shapers, openTrial, asked).finally(() => expect(open).toBe(0));
}

test('the first that works is taken, silently', async () => {
  expect(await chosen([shaper('tc', { ok: true }), shaper('userspace', { ok: true })], 'auto')).toEqual({ shaper: 'tc', notice: null });
});

test('one that does not work is passed over, and that is said with the remedy', async () => {
  const { shaper: name, notice } = await chosen([shaper('tc', LACKS), shaper('userspace', { ok: true })], 'auto');
  expect(name).toBe('userspace');
  expect(notice).toBe('netns: links are shaped by userspace; tc does not work here: the kernel has no netem; modprobe sch_netem');
});

test('the one that was asked for is taken though it is not the first', async () => {
  expect(await chosen([shaper('tc', { ok: true }), shaper('userspace', { ok: true })], 'userspace')).toEqual({ shaper: 'userspace', notice: null });
});

test('one that was asked for and does not work is an error, never another one', async () => {
  await expect(chosen([shaper('tc', LACKS), shaper('userspace', { ok: true })], 'tc'))
    .rejects.toMatchObject({ code: 'machine-lacks', message: 'the shaper tc does not work on netns here: the kernel has no netem', hint: 'modprobe sch_netem' });
});

test('one that the runner has not is named with those that it has', async () => {
  await expect(chosen([shaper('userspace', { ok: true })], 'tc')).rejects.toMatchObject({ code: 'not-supported', hint: 'it has: userspace' });
});
