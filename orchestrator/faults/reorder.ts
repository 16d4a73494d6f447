// Datagrams overtake others: as in netem, they leave at once, past those that are delayed.
import { z } from 'zod';
import type { Fault } from '../kinds.ts';
import { percent } from '../units.ts';
import { LINK_PARAMS, linksChanged } from './sides.ts';

const params = z.strictObject({ value: percent, ...LINK_PARAMS });

export const reorder: Fault<z.output<typeof params>> = {
  name: 'reorder',
  summary: 'lets this share of the datagrams leave at once, past the delayed ones; links: n1 -> n2, n1 - n2 (all links); for: as before after this',
  params,
  actions: ({ value, links, for: forMs }) => linksChanged('reorder', links, { reorderPct: value }, forMs),
};
