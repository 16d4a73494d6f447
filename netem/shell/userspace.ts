// The shaper that needs nothing of the machine: each node's own transport does to a datagram what the link says. It is the
// only one that duplicates, corrupts and reorders per peer; below 2 ms one way it is not fit for measurement.
import type { Shaper } from '../shaper.ts';

export const userspace: Shaper = {
  name: 'userspace',
  summary: "in each node's own transport: no rights needed; delays are kept to ±0.6 ms",
  probe: () => Promise.resolve({ ok: true }),
  open: () => ({
    async apply(links, sites) {
      await Promise.all(sites.map((site) => site.control('/control/links', { links: links[site.id] ?? {} })));
    },
    close: () => Promise.resolve(),
  }),
};
