// How long a client waits before it asks again after a refusal or a broken connection.
import type { Plan } from '../kinds.ts';

/** `none` asks again at once; without this least wait that would be for ever at one instant of virtual time. */
const LEAST_MS = 1;

/** failures: how many went before this one. Exponential waits have jitter, so that clients do not return all at once. */
export function backOffMs({ kind, firstMs, mostMs }: Plan['load']['backOff'], failures: number, random: () => number): number {
  switch (kind) {
    case 'none':
      return LEAST_MS;
    case 'fixed':
      return Math.max(LEAST_MS, firstMs);
    case 'exponential':
      return Math.max(LEAST_MS, Math.min(mostMs, firstMs * 2 ** failures) * (0.5 + random() / 2));
  }
}
