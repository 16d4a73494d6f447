// Datagrams arrive with a bit flipped: the receiver's checksum has to see it.
import { z } from 'zod';
import type { Fault } from '../kinds.ts';
import { percent } from '../units.ts';
import { LINK_PARAMS, linksChanged } from './sides.ts';

const params = z.strictObject({ value: percent, ...LINK_PARAMS });

export const corrupt: Fault<z.output<typeof params>> = {
  name: 'corrupt',
  summary: 'flips a bit in this share of the datagrams; links: n1 -> n2, n1 - n2 (all links); for: as before after this',
  params,
  actions: ({ value, links, for: forMs }) => linksChanged('corrupt', links, { corruptPct: value }, forMs),
};
