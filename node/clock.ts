// What a node's clocks read, given true time. Both drift with the node's oscillator; the wall clock also starts with an
// offset, is disciplined by NTP and can be stepped. Everything is piecewise linear: each piece is worked out once, when a
// question first reaches it, and depends on nothing that was asked before.
//
// The NTP daemon is a Kalman filter of two states, offset and frequency. Frequency matters: with phase corrections alone a
// good LAN (73 ppm, 64 s polls) has a mean error of 2.7 ms where 0.015 are measured on real hosts.
import { assert } from './assert.ts';
import { randomStream } from './kit/random.ts';

export type ClockSpec = {
  readonly offsetMs: number;
  readonly driftPpm: number;
  /** errorMs: standard deviation of one measured offset. Above stepMs an offset is stepped away, else slewed at slewPpm at most. */
  readonly ntp: null | { readonly pollMs: number; readonly errorMs: number; readonly slewPpm: number; readonly stepMs: number };
  /** Of the path to the NTP server: how much longer the way there is than the way back. A poll cannot see it, and is off by half of it. */
  readonly asymmetryMs?: number;
};

/** stepMs adds to the present offset; offsetMs replaces it. */
export type ClockChange = Partial<ClockSpec> & { readonly stepMs?: number };

export interface Clock {
  monotonic(trueMs: number): number;
  /** Unix ms. */
  wall(trueMs: number): number;
  /** The first true time from fromTrueMs on at which monotonic() has reached this. */
  whenMonotonic(monotonicMs: number, fromTrueMs: number): number;
  /** The first true time from fromTrueMs on at which wall() has reached this, NTP polls to come included. */
  whenWall(wallMs: number, fromTrueMs: number): number;
  /** null: from now on as if it had never been changed. */
  change(atTrueMs: number, change: ClockChange | null): void;
  /** Wall clock minus true time. */
  errorMs(trueMs: number): number;
}

/** A straight piece: reads base + (true time − from) · rate. */
type Piece = { readonly fromMs: number; readonly baseMs: number; readonly rate: number };

/** What the NTP daemon believes at the start of a piece. Frequencies are ratios. */
type Daemon = {
  /** Still to be slewed away. */
  readonly offsetMs: number;
  readonly frequency: number;
  /** Covariance as of sinceMs: offset², offset · frequency, frequency². */
  readonly p00: number;
  readonly p01: number;
  readonly p11: number;
  readonly sinceMs: number;
};
type WallPiece = Piece & { readonly slew: number; readonly daemon: Daemon };

const PPM = 1e-6;
/** ntpd's limit on the frequency correction. */
const MAX_FREQUENCY = 500 * PPM;
/** What the daemon believes before its first poll: nothing of the offset, and a usual crystal. */
const UNTAUGHT: Daemon = { offsetMs: 0, frequency: 0, p00: 1000 ** 2, p01: 0, p11: (50 * PPM) ** 2, sinceMs: 0 };
/** Variance that an oscillator's random walk of 0.01 ppm/√s adds to its frequency in one ms. */
const WALK_PER_MS = (0.01 * PPM) ** 2 / 1000;
/** The daemon trusts no measurement more than this. */
const LEAST_ERROR_MS = 1e-4;
/** A wait that spans more pieces is a bug. */
const MAX_PIECES_AHEAD = 2_000_000;

function readPiece(piece: Piece, trueMs: number): number {
  return piece.baseMs + (trueMs - piece.fromMs) * piece.rate;
}

/** Index of the last piece that begins at or before this time; 0 before that. */
function indexAt(pieces: readonly { readonly fromMs: number }[], trueMs: number): number {
  let low = 0;
  let high = pieces.length;
  if ((pieces[high - 1]?.fromMs ?? 0) <= trueMs) return high - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((pieces[middle]?.fromMs ?? 0) <= trueMs) low = middle;
    else high = middle;
  }
  return low;
}

function at<P>(pieces: readonly P[], index: number): P {
  const piece = pieces[index];
  assert(piece !== undefined, 'a clock has a piece for every time');
  return piece;
}

function pieceAt<P extends { readonly fromMs: number }>(pieces: readonly P[], trueMs: number): P {
  return at(pieces, indexAt(pieces, trueMs));
}

/** The first time from fromMs on at which this piece, read as the clock reads it, has reached the target: exactly, in floating point. */
function whenPiece(piece: Piece, epochMs: number, targetMs: number, fromMs: number): number {
  const read = (trueMs: number) => epochMs + readPiece(piece, trueMs);
  if (read(fromMs) >= targetMs) return fromMs;
  let trueMs = Math.max(fromMs, piece.fromMs + (targetMs - epochMs - piece.baseMs) / piece.rate);
  for (let ulpMs = Math.max(1, Math.abs(trueMs)) * 2 ** -52; read(trueMs) < targetMs; ulpMs *= 2) trueMs += ulpMs;
  return trueMs;
}

/** One poll: what the daemon believes after it measured this offset. */
function learn(before: Daemon, believedMs: number, measuredMs: number, errorMs: number, nowMs: number): Daemon {
  const passedMs = nowMs - before.sinceMs;
  const p00 = before.p00 + 2 * passedMs * before.p01 + passedMs ** 2 * before.p11 + (WALK_PER_MS * passedMs ** 3) / 3;
  const p01 = before.p01 + passedMs * before.p11 + (WALK_PER_MS * passedMs ** 2) / 2;
  const p11 = before.p11 + WALK_PER_MS * passedMs;
  const variance = p00 + Math.max(errorMs, LEAST_ERROR_MS) ** 2;
  const surpriseMs = measuredMs - believedMs;
  return {
    offsetMs: believedMs + (p00 / variance) * surpriseMs,
    frequency: Math.max(-MAX_FREQUENCY, Math.min(MAX_FREQUENCY, before.frequency + (p01 / variance) * surpriseMs)),
    p00: p00 - (p00 * p00) / variance,
    p01: p01 - (p00 * p01) / variance,
    p11: p11 - (p01 * p01) / variance,
    sinceMs: nowMs,
  };
}

/** The wall clock under one specification, as time since the epoch. */
class Course {
  readonly spec: ClockSpec;
  readonly #noise: () => number;
  readonly #pieces: WallPiece[] = [];
  #nextPollMs: number;
  #endMs = Infinity;

  /** random: drawn from here only, so that what is asked when cannot change what is drawn. */
  constructor(spec: ClockSpec, fromMs: number, baseMs: number, daemon: Daemon, random: () => number) {
    this.spec = spec;
    this.#noise = randomStream(String(random()));
    this.#nextPollMs = spec.ntp === null ? Infinity : fromMs + this.#noise() * spec.ntp.pollMs;
    this.#begin(fromMs, baseMs, daemon);
  }

  read(trueMs: number): number {
    this.#reach(trueMs);
    return readPiece(pieceAt(this.#pieces, trueMs), trueMs);
  }

  /** What the daemon believes at this time; without one the frequency correction stays (holdover). */
  daemonAt(trueMs: number): Daemon {
    this.#reach(trueMs);
    const piece = pieceAt(this.#pieces, trueMs);
    return { ...piece.daemon, offsetMs: piece.daemon.offsetMs + piece.slew * (trueMs - piece.fromMs) };
  }

  when(epochMs: number, wallMs: number, fromTrueMs: number): number {
    if (wallMs === Infinity) return Infinity;
    this.#reach(fromTrueMs);
    const first = indexAt(this.#pieces, fromTrueMs);
    let fromMs = fromTrueMs;
    for (let index = first; ; index++) {
      assert(index - first < MAX_PIECES_AHEAD, `no alarm lies as far ahead as ${wallMs}`);
      if (index === this.#pieces.length - 1 && this.#endMs !== Infinity) this.#extend();
      const trueMs = whenPiece(at(this.#pieces, index), epochMs, wallMs, fromMs);
      fromMs = this.#pieces[index + 1]?.fromMs ?? Infinity;
      if (trueMs < fromMs) return trueMs;
    }
  }

  #reach(trueMs: number): void {
    while (trueMs >= this.#endMs) this.#extend();
  }

  #begin(fromMs: number, baseMs: number, daemon: Daemon): void {
    const { driftPpm, ntp } = this.spec;
    const slewing = ntp !== null && daemon.offsetMs !== 0 && ntp.slewPpm > 0;
    const slew = slewing ? -Math.sign(daemon.offsetMs) * ntp.slewPpm * PPM : 0;
    const rate = 1 + driftPpm * PPM - daemon.frequency + slew;
    assert(rate > 0, 'a clock runs forward');
    this.#pieces.push({ fromMs, baseMs, rate, slew, daemon });
    this.#endMs = slewing ? Math.min(this.#nextPollMs, fromMs + Math.abs(daemon.offsetMs / slew)) : this.#nextPollMs;
  }

  /** The last piece ends, at a poll or because its slew is done. */
  #extend(): void {
    const atMs = this.#endMs;
    const { ntp } = this.spec;
    const last = at(this.#pieces, this.#pieces.length - 1);
    assert(ntp !== null, 'a piece ends by NTP only');
    const baseMs = readPiece(last, atMs);
    if (atMs < this.#nextPollMs) {
      this.#begin(atMs, baseMs, { ...last.daemon, offsetMs: 0 });
      return;
    }
    this.#nextPollMs = atMs + ntp.pollMs;
    const believedMs = last.daemon.offsetMs + last.slew * (atMs - last.fromMs);
    const measuredMs = baseMs - atMs - (this.spec.asymmetryMs ?? 0) / 2 + ntp.errorMs * this.#normal();
    const daemon = learn(last.daemon, believedMs, measuredMs, ntp.errorMs, atMs);
    if (Math.abs(daemon.offsetMs) > ntp.stepMs) this.#begin(atMs, baseMs - daemon.offsetMs, { ...daemon, offsetMs: 0 });
    else this.#begin(atMs, baseMs, daemon);
  }

  #normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.#noise())) * Math.cos(2 * Math.PI * this.#noise());
  }
}

class DriftingClock implements Clock {
  readonly #epochMs: number;
  readonly #random: () => number;
  readonly #plan: Course;
  /** The course in force from each time on. */
  readonly #courses: { readonly fromMs: number; readonly course: Course }[];
  readonly #monotonic: Piece[];

  constructor(spec: ClockSpec, epochMs: number, random: () => number) {
    this.#epochMs = epochMs;
    this.#random = random;
    this.#plan = new Course(spec, 0, spec.offsetMs, UNTAUGHT, random);
    this.#courses = [{ fromMs: 0, course: this.#plan }];
    this.#monotonic = [{ fromMs: 0, baseMs: 0, rate: 1 + spec.driftPpm * PPM }];
  }

  monotonic(trueMs: number): number {
    return readPiece(pieceAt(this.#monotonic, trueMs), trueMs);
  }

  wall(trueMs: number): number {
    return this.#epochMs + pieceAt(this.#courses, trueMs).course.read(trueMs);
  }

  errorMs(trueMs: number): number {
    return pieceAt(this.#courses, trueMs).course.read(trueMs) - trueMs;
  }

  whenMonotonic(monotonicMs: number, fromTrueMs: number): number {
    const piece = pieceAt(this.#monotonic, fromTrueMs);
    assert(piece === this.#monotonic.at(-1), 'a clock is asked about what is to come');
    return monotonicMs === Infinity ? Infinity : whenPiece(piece, 0, monotonicMs, fromTrueMs);
  }

  whenWall(wallMs: number, fromTrueMs: number): number {
    const inForce = pieceAt(this.#courses, fromTrueMs);
    assert(inForce === this.#courses.at(-1), 'a clock is asked about what is to come');
    return inForce.course.when(this.#epochMs, wallMs, fromTrueMs);
  }

  change(atTrueMs: number, change: ClockChange | null): void {
    const { course, fromMs } = pieceAt(this.#courses, atTrueMs);
    assert(atTrueMs >= fromMs && course === this.#courses.at(-1)?.course, 'a clock is changed in the order of time');
    let next = this.#plan;
    if (change !== null) {
      const { stepMs = 0, ...changed } = change;
      const baseMs = (changed.offsetMs === undefined ? course.read(atTrueMs) : atTrueMs + changed.offsetMs) + stepMs;
      next = new Course({ ...course.spec, ...changed }, atTrueMs, baseMs, course.daemonAt(atTrueMs), this.#random);
    }
    this.#courses.push({ fromMs: atTrueMs, course: next });
    const baseMs = this.monotonic(atTrueMs);
    this.#monotonic.push({ fromMs: atTrueMs, baseMs, rate: 1 + next.spec.driftPpm * PPM });
  }
}

/** Both clocks of one node. At true time 0 monotonic() reads 0 and wall() reads epochMs + offset. */
export function openClock(spec: ClockSpec, epochMs: number, random: () => number): Clock {
  return new DriftingClock(spec, epochMs, random);
}
