// Overlays: a cut is one way, and healing takes off one overlay only.
import { expect, test } from 'vitest';
import { openLink, PERFECT_LINK } from './link.ts';
import { LinkOverlays } from './overlay.ts';

const slow = { ...PERFECT_LINK, delayMs: 40, lossPct: 1, lossBurst: 3 };
const plan = { n1: { n2: slow }, n2: { n1: slow } };

test('a cut loses everything in its own direction and leaves the other alone', () => {
  const overlays = new LinkOverlays(plan);
  overlays.cut('f0', [['n1', 'n2']]);
  expect(overlays.link('n1', 'n2')).toEqual({ ...slow, lossPct: 100, lossBurst: null });
  expect(overlays.link('n2', 'n1')).toBe(slow);
});

test('healing one overlay leaves what another one cut', () => {
  const overlays = new LinkOverlays(plan);
  overlays.cut('f0', [['n1', 'n2'], ['n2', 'n1']]);
  overlays.cut('f1', [['n2', 'n1']]);
  overlays.cut('f0', null);
  expect(overlays.isCut('n1', 'n2')).toBe(false);
  expect(overlays.isCut('n2', 'n1')).toBe(true);
  overlays.cut('f1', null);
  expect(overlays.matrix()).toEqual(plan);
});

test('an overlay that is cut again cuts only what was named last', () => {
  const overlays = new LinkOverlays(plan);
  overlays.cut('f0', [['n1', 'n2']]);
  overlays.cut('f0', [['n2', 'n1']]);
  expect(overlays.isCut('n1', 'n2')).toBe(false);
  expect(overlays.isCut('n2', 'n1')).toBe(true);
});

test('the matrix has every planned link and every cut, also where the plan has no link', () => {
  const overlays = new LinkOverlays(plan);
  overlays.cut('f0', [['n1', 'n3']]);
  expect(overlays.matrix()).toEqual({ n1: { n2: slow, n3: { ...PERFECT_LINK, lossPct: 100 } }, n2: { n1: slow } });
  expect(overlays.link('n3', 'n1')).toBe(PERFECT_LINK);
});

test('a change adds to the delay and replaces the rest, one way, and a cut wins over it', () => {
  const overlays = new LinkOverlays(plan);
  overlays.change('f0', [['n1', 'n2', { addedDelayMs: 10, lossPct: 30 }]]);
  expect(overlays.link('n1', 'n2')).toEqual({ ...slow, delayMs: 50, lossPct: 30 });
  expect(overlays.link('n2', 'n1')).toBe(slow);
  overlays.cut('f1', [['n1', 'n2']]);
  expect(overlays.matrix().n1?.n2).toEqual({ ...slow, delayMs: 50, lossPct: 100, lossBurst: null });
  overlays.cut('f1', null);
  overlays.change('f0', null);
  expect(overlays.link('n1', 'n2')).toBe(slow);
});

test('delays of two overlays add up, of other values the newest holds, and each comes off alone', () => {
  const overlays = new LinkOverlays(plan);
  overlays.change('f0', [['n1', 'n2', { addedDelayMs: 10, lossPct: 30 }]]);
  overlays.change('f1', [['n1', 'n2', { addedDelayMs: 5, lossPct: 20 }], ['n1', 'n3', { corruptPct: 2 }]]);
  expect(overlays.link('n1', 'n2')).toEqual({ ...slow, delayMs: 55, lossPct: 20 });
  expect(overlays.matrix().n1?.['n3']).toEqual({ ...PERFECT_LINK, corruptPct: 2 });
  overlays.change('f0', null);
  expect(overlays.link('n1', 'n2')).toEqual({ ...slow, delayMs: 45, lossPct: 20 });
});

test('a link that no overlay touched meanwhile stays the same object', () => {
  const overlays = new LinkOverlays(plan);
  overlays.change('f0', [['n1', 'n2', { lossPct: 30 }]]);
  const before = overlays.uncut('n1', 'n2');
  overlays.change('f1', [['n2', 'n1', { lossPct: 30 }]]);
  expect(overlays.uncut('n1', 'n2')).toBe(before);
});

test('a cut lets nothing through where datagrams are duplicated', () => {
  const overlays = new LinkOverlays({ n1: { n2: { ...slow, duplicatePct: 50 } } });
  overlays.cut('f0', [['n1', 'n2']]);
  const state = openLink(overlays.link('n1', 'n2'), Math.random, () => 0);
  expect(Array.from({ length: 1_000 }, (_, index) => state.transmit(100, index)).flat()).toEqual([]);
});

test('faults lie over what is scheduled, whichever came first, and give it back', () => {
  const overlays = new LinkOverlays(plan);
  overlays.change('f0', [['n1', 'n2', { addedDelayMs: 5, lossPct: 20 }]]);
  overlays.cut('f1', [['n2', 'n1']]);
  const scheduled = { ...slow, delayMs: 90, lossPct: 3 };
  overlays.schedule([['n1', 'n2', scheduled], ['n2', 'n1', scheduled], ['n3', 'n1', scheduled]]);
  expect(overlays.matrix()).toEqual({
    n1: { n2: { ...slow, delayMs: 95, lossPct: 20 } }, n2: { n1: { ...scheduled, lossPct: 100, lossBurst: null } }, n3: { n1: scheduled },
  });
  overlays.change('f0', null);
  overlays.cut('f1', null);
  expect(overlays.matrix()).toEqual({ n1: { n2: scheduled }, n2: { n1: scheduled }, n3: { n1: scheduled } });
  expect(plan.n1.n2).toBe(slow);
});
