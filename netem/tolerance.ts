// How exactly each shaper keeps a delay, and so what tells a wrong network from a busy host. Errors are achieved minus
// configured, in ms, one way unless it says otherwise. What breaks `run` makes a run invalid; what breaks only `baseline`
// is a host that is too noisy to be compared with, on a network that is as asked.

export type Range = readonly [low: number, high: number];
export type Limits = { readonly [figure in 'min' | 'p50' | 'p95' | 'p99']?: Range };
export type Tolerance = {
  readonly run: Limits;
  readonly baseline: Limits;
  /** Sums over both ways of a pair. */
  readonly roundTrip: Limits;
  /** Of the probes of all pairs together: the few dozen of one pair have no 99th percentile, only a largest. */
  readonly all: Limits;
  /** Below so many ms, `baseline` says nothing: the shaper cannot keep such a delay, nor this certificate tell. */
  readonly leastMs: number;
  /** Of some tens of probes while the run goes: load can only raise a minimum, so that it shows whether the network changed. */
  readonly during: Limits;
  /** A request over HTTP and its answer, over both ways of a client's link: HTTP takes time, and on a busy host much. */
  readonly http: { readonly run: Limits; readonly baseline: Limits };
};

/** Too short is another network; too long may be the host: with a load of 20 on two processors minima came more than 100 ms late. */
const HTTP: Tolerance['http'] = { run: { min: [-1, Infinity] }, baseline: { min: [-1, 5] } };

/**
 * A wrong delay moves the minimum, a busy host hardly: on two processors with a load above 13, medians of right links came up to
 * 9 ms late and 95th percentiles up to 97 ms, while every minimum stayed within these bounds.
 */
const USERSPACE: Tolerance = {
  run: { min: [-2, 1.5], p50: [-1, 25] }, baseline: { p50: [-1, 1], p95: [-1, 1] }, roundTrip: {}, all: {}, leastMs: 2, during: { min: [-2, 10], p50: [-2, 100] }, http: HTTP,
};
/** Real time: the minimum is netem's, what lies above it the scheduling of two processes. */
const TC: Tolerance = {
  run: { min: [-0.1, 1.5], p50: [-0.1, 4] }, baseline: {}, roundTrip: { min: [-0.2, 1.5], p50: [-0.2, 4] }, all: {}, leastMs: 0, during: { min: [-0.1, 10], p50: [-0.1, 100] }, http: HTTP,
};
/** Where the kernel's clock stands still while a process computes. */
const TC_VIRTUAL: Tolerance = {
  run: { p50: [-0.05, 0.05], p95: [-0.5, 0.5] }, baseline: {}, roundTrip: {}, all: { p99: [-0.5, 0.5] }, leastMs: 0, during: { min: [-0.1, 1.5], p50: [-0.1, 5] }, http: { run: { min: [-0.1, 0.5], p50: [-0.1, 1] }, baseline: {} },
};
const ROUNDING_MS = 1e-6;
const EXACT: Range = [-ROUNDING_MS, ROUNDING_MS];
const SIM: Tolerance = { run: { min: EXACT, p50: EXACT, p99: EXACT }, baseline: {}, roundTrip: {}, all: {}, leastMs: 0, during: {}, http: { run: { min: EXACT, p50: EXACT }, baseline: {} } };

export function toleranceOf(shaper: string, time: 'real' | 'virtual'): Tolerance {
  if (shaper === 'sim') return SIM;
  if (shaper === 'tc') return time === 'virtual' ? TC_VIRTUAL : TC;
  return USERSPACE;
}
