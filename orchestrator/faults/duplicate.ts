// Datagrams arrive twice.
import { z } from 'zod';
import type { Fault } from '../kinds.ts';
import { percent } from '../units.ts';
import { LINK_PARAMS, linksChanged } from './sides.ts';

const params = z.strictObject({ value: percent, ...LINK_PARAMS });

export const duplicate: Fault<z.output<typeof params>> = {
  name: 'duplicate',
  summary: 'sends this share of the datagrams twice; links: n1 -> n2, n1 - n2 (all links); for: as before after this',
  params,
  actions: ({ value, links, for: forMs }) => linksChanged('duplicate', links, { duplicatePct: value }, forMs),
};
