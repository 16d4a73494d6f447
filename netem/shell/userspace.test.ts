// What the userspace shaper tells each node.
import { expect, test } from 'vitest';
import { PERFECT_LINK } from '../link.ts';
import { userspace } from './userspace.ts';

test('each site is told its whole row, and one without a row that it has no links', async () => {
  const told: unknown[] = [];
  const site = (id: string) => ({
    id, address: `10.0.0.${id.slice(1)}`,
    control: (path: string, body: unknown) => {
      told.push([id, path, body]);
      return Promise.resolve();
    },
  });
  const links = { n1: { n2: PERFECT_LINK, 'us-east-1': PERFECT_LINK } };
  const control = userspace.open({ seed: '1', now: () => 0, failed: (error) => { throw error; } });
  await control.apply(links, [site('n1'), site('n2')]);
  expect(told).toEqual([['n1', '/control/links', { links: links.n1 }], ['n2', '/control/links', { links: {} }]]);
  expect(await userspace.probe(site('n1'))).toEqual({ ok: true });
});
