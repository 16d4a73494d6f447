// True time of a run: ms since its origin on CLOCK_MONOTONIC, which every process of one host shares. The only clock of
// the real-time runners: never subtract readings of two others.

export function monotonicNs(): bigint {
  return process.hrtime.bigint();
}

/** Reads ms since originNs, in whole microseconds; the same instant reads the same in every process. */
export function openRunClock(originNs: bigint): () => number {
  // performance.now() is the same clock counted from the start of this process, without the cost of a bigint.
  const before = performance.now();
  const offsetMs = Number(process.hrtime.bigint() - originNs) / 1e6 - (before + performance.now()) / 2;
  return () => Math.floor((performance.now() + offsetMs) * 1000) / 1000;
}
