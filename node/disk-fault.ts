// What can go wrong with a node's disk, in one vocabulary for the simulator's disk and the host's.
//
// An error of the disk ends the node and is never retried, a full disk likewise: the machine already counts on what it asked
// to persist, and after a failed flush nobody knows what the disk holds.

/**
 * What a crash leaves of the log.
 * keep: all that was handed over; on a host all that was written, which lacks what waited behind a flush.
 * lose-unsynced: what no finished flush covers is lost, as far as chance wants it.
 * torn-tail: that is lost, and something unreadable stands in its place.
 * flip-bit: that is lost, and a bit before the last record is flipped, so that the log is damaged.
 * wipe: nothing.
 */
export type DiskKept = 'keep' | 'lose-unsynced' | 'torn-tail' | 'flip-bit' | 'wipe';

/** fsyncMs: a flush takes at least so long. fault: the next flush fails. */
export type DiskChange = { readonly fsyncMs?: number; readonly fault?: 'error' | 'full' };

/** As the events name them. */
export const DISK_TRACES = { failed: 'disk-failed', damaged: 'log-damaged', torn: 'torn-tail-cut' } as const;
