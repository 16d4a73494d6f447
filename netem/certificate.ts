// The certificate of an emulated network: what each link was to do beside what its probes show that it did, and so whether
// the run ran on the network that it names. Pure: made from the samples, in the run and again when it is verified.
import { delaysOf, disorderOf, distributionOf, duplicateShare, lossesOf, medianSpreadMs } from './achieved.ts';
import type { Distribution } from './achieved.ts';
import { type Draft, FEWEST_EVENTS, FEWEST_SAMPLES, FIGURES, Findings, limitsOf, losesNothing, shown, within } from './findings.ts';
import { PERFECT_LINK } from './link.ts';
import type { Link, LinkMatrix } from './link.ts';
import type { ProbeSample } from './probe.ts';
import type { LinkCounters } from './shaper.ts';
import { toleranceOf } from './tolerance.ts';
import type { Tolerance } from './tolerance.ts';

export type Probes = {
  readonly from: string;
  readonly to: string;
  /** round: a request of a client and its answer. */
  readonly trip: 'one-way' | 'round';
  /** Of one probe, UDP's own header and those below excluded. */
  readonly bytes: number;
  readonly sent: number;
  readonly samples: readonly ProbeSample[];
};

/** Why the network is not as configured, or, where `bars` is 'baseline', why the run cannot be compared with. */
export type Breach = { readonly from: string; readonly to: string; readonly figure: string; readonly bars: 'run' | 'baseline'; readonly text: string };
export type CertificateRow = Pick<Probes, 'from' | 'to' | 'trip' | 'sent'> & {
  /** A round trip: the sum of both ways. */
  readonly configured: Pick<Link, 'delayMs' | 'jitterMs' | 'lossPct' | 'lossBurst'>;
  readonly arrived: number;
  /** Before the run. null: none arrived. */
  readonly delayMs: Distribution | null;
  /** Achieved minus configured at that time. */
  readonly errorMs: Distribution | null;
  /** Behind a probe that was sent later; twice. */
  readonly late: number;
  readonly duplicates: number;
  /** While the run went, outside faults; null: not probed. */
  readonly during: { readonly samples: number; readonly minErrorMs: number; readonly p50ErrorMs: number } | null;
  /** unverified: nothing speaks against it, and something could not be shown. */
  readonly verdict: 'ok' | 'out' | 'unverified';
  /** What could not be shown, and why. */
  readonly unverified: readonly string[];
};
export type Certificate = {
  /** unverified: nothing speaks against it, and no delay could be shown. */
  readonly verdict: CertificateRow['verdict'];
  /** Of the nodes' links: the largest |median − configured| before the run. */
  readonly worstMs: number | null;
  readonly rows: readonly CertificateRow[];
  readonly breaches: readonly Breach[];
};

export type CertificateOf = {
  readonly links: LinkMatrix;
  /** Of the run: it draws the scheduled jitter. */
  readonly seed: string;
  readonly shaper: string;
  readonly time: 'real' | 'virtual';
};

/** Gathers the probes of one run. */
export class Certifying {
  readonly #of: CertificateOf;
  readonly #tolerance: Tolerance;
  readonly #idle = new Map<string, Draft>();
  /** errorsMs: all; unjudged: since the last look. */
  readonly #during = new Map<string, { readonly errorsMs: number[]; unjudged: number[] }>();
  readonly #changes: Breach[] = [];
  readonly #errors: { readonly ms: number; readonly from: string; readonly to: string }[] = [];
  readonly #counters: Breach[] = [];

  constructor(of: CertificateOf) {
    this.#of = of;
    this.#tolerance = toleranceOf(of.shaper, of.time);
  }

  /** Before the run, all probes of a pair at once. */
  idle(probes: Probes): void {
    this.#idle.set(`${probes.from} ${probes.to}`, probes.trip === 'round' ? this.#roundTrip(probes) : this.#oneWay(probes));
  }

  /** Some of the probes of a pair while the run went and its links were those of the plan. */
  during({ from, to, bytes, samples }: Probes): void {
    const key = `${from} ${to}`;
    const pair = this.#during.get(key) ?? { errorsMs: [], unjudged: [] };
    this.#during.set(key, pair);
    const { errorsMs } = delaysOf(this.#link(from, to), this.#of.seed, from, to, bytes, samples);
    pair.errorsMs.push(...errorsMs);
    pair.unjudged.push(...errorsMs);
    // Those before a change would hide it in one minimum over the whole run.
    if (pair.unjudged.length < FEWEST_EVENTS) return;
    this.#changes.push(...this.#changesOf(from, to, distributionOf(pair.unjudged) as Distribution));
    pair.unjudged = [];
  }

  /** Of links that were as in the plan all the time. */
  counted(counters: readonly LinkCounters[]): void {
    for (const { from, to, packets, drops, backlogPackets, limitPackets } of counters) {
      const breach = (figure: string, text: string) => this.#counters.push({ from, to, figure, bars: 'run', text: `${from} → ${to}: ${text}` });
      if (losesNothing(this.#link(from, to))) {
        if (drops > 0) breach('drops', `its queue dropped ${drops} of ${packets + drops} packets, on a link without loss`);
      } else if (backlogPackets > limitPackets / 2) breach('backlog', `its queue of ${limitPackets} packets held ${backlogPackets}: what it drops cannot be told from its loss`);
    }
  }

  /** null: there was no probe. */
  finish(): Certificate | null {
    if (this.#idle.size === 0) return null;
    const drafts = [...this.#idle.values()];
    const roundTrips = this.#roundTrips();
    const breaches = [...drafts.flatMap((draft) => draft.breaches), ...roundTrips, ...this.#together(), ...this.#changes, ...this.#counters];
    const rows = drafts.map(({ breaches: _own, delayShown: _shown, ...draft }): CertificateRow => {
      const out = breaches.some(({ from, to, bars }) => bars === 'run' && from === draft.from && to === draft.to);
      const duringMs = this.#during.get(`${draft.from} ${draft.to}`)?.errorsMs ?? [];
      const errors = distributionOf(duringMs);
      const during = errors === null ? null : { samples: duringMs.length, minErrorMs: errors.min, p50ErrorMs: errors.p50 };
      return { ...draft, during, verdict: out ? 'out' : draft.unverified.length > 0 ? 'unverified' : 'ok' };
    });
    const medians = rows.flatMap(({ trip, errorMs }) => (trip === 'one-way' && errorMs !== null ? [Math.abs(errorMs.p50)] : []));
    const shown = drafts.some(({ delayShown }) => delayShown);
    return {
      verdict: breaches.some(({ bars }) => bars === 'run') ? 'out' : shown ? 'ok' : 'unverified',
      worstMs: medians.length === 0 ? null : Math.max(...medians), rows, breaches,
    };
  }

  #link(from: string, to: string): Link {
    return this.#of.links[from]?.[to] ?? PERFECT_LINK;
  }

  #oneWay({ from, to, bytes, sent, samples }: Probes): Draft {
    const link = this.#link(from, to);
    const { shaper, seed } = this.#of;
    const { ms, errorsMs, ahead } = delaysOf(link, seed, from, to, bytes, samples);
    if (link.order === 'keep') for (const ms of errorsMs) this.#errors.push({ ms, from, to });
    const { late, duplicates } = disorderOf(samples);
    const draft = this.#draft({ from, to, trip: 'one-way', sent }, link, ms, errorsMs, late, duplicates);
    const report = new Findings(draft, link);
    if (draft.errorMs === null || errorsMs.length < FEWEST_SAMPLES) {
      report.delayUnverified(ms.length === 0 ? 'no probe arrived' : 'too few probes arrived');
    } else {
      report.limits(draft.errorMs, this.#tolerance.run, 'run', medianSpreadMs(link, errorsMs.length));
      if (link.delayMs >= this.#tolerance.leastMs) report.limits(draft.errorMs, this.#tolerance.baseline, 'baseline', medianSpreadMs(link, errorsMs.length));
      else report.delayUnverified(`${shaper} does not keep less than ${this.#tolerance.leastMs} ms exactly`);
      report.spread(draft.errorMs.sd);
    }
    report.losses(lossesOf(link, shaper, sent, ms.length));
    if (link.reorderPct > 0 && (link.delayMs < 4 || link.jitterMs > link.delayMs / 4)) report.unverified('reordered: what is sent ahead cannot be told from what is delayed');
    else report.share('reordered', ahead, ms.length, link.reorderPct / 100);
    report.share('duplicated', duplicates, ms.length, duplicateShare(link, shaper));
    return draft;
  }

  #roundTrip({ from, to, sent, samples }: Probes): Draft {
    const delayMs = this.#link(from, to).delayMs + this.#link(to, from).delayMs;
    const ms = samples.map(([, , each]) => each);
    const link = { ...PERFECT_LINK, delayMs };
    const draft = this.#draft({ from, to, trip: 'round', sent }, link, ms, ms.map((each) => each - delayMs), 0, 0);
    const report = new Findings(draft, link);
    if (draft.errorMs === null) report.delayUnverified('no request was answered');
    else {
      report.limits(draft.errorMs, this.#tolerance.http.run, 'run', 0);
      report.limits(draft.errorMs, this.#tolerance.http.baseline, 'baseline', 0);
    }
    return draft;
  }

  #draft(pair: Pick<Draft, 'from' | 'to' | 'trip' | 'sent'>, { delayMs, jitterMs, lossPct, lossBurst }: Link, ms: readonly number[], errorsMs: readonly number[], late: number, duplicates: number): Draft {
    return {
      ...pair, configured: { delayMs, jitterMs, lossPct, lossBurst }, arrived: ms.length, delayMs: distributionOf(ms), errorMs: distributionOf(errorsMs),
      late, duplicates, unverified: [], breaches: [], delayShown: true,
    };
  }

  /** Both ways of a pair together. */
  #roundTrips(): readonly Breach[] {
    const breaches: Breach[] = [];
    for (const there of this.#idle.values()) {
      const back = this.#idle.get(`${there.to} ${there.from}`);
      if (back === undefined || there.from > there.to || there.errorMs === null || back.errorMs === null || there.trip === 'round') continue;
      for (const [figure, range] of limitsOf(this.#tolerance.roundTrip)) {
        const got = there.errorMs[figure] + back.errorMs[figure];
        const spreadMs = medianSpreadMs(this.#link(there.from, there.to), there.arrived) + medianSpreadMs(this.#link(back.from, back.to), back.arrived);
        if (got >= range[0] - spreadMs && got <= range[1] + spreadMs) continue;
        const asked = there.configured.delayMs + back.configured.delayMs;
        const worse = there.errorMs[figure] >= back.errorMs[figure] === got > range[1] ? there : back;
        breaches.push({ from: worse.from, to: worse.to, figure, bars: 'run', text: `${there.from} ↔ ${there.to}: ${FIGURES[figure]} of both ways ${shown(asked + got)} ms, asked ${shown(asked)} ms (${within(range)})` });
      }
    }
    return breaches;
  }

  /** The probes of all links; of a breach the link of its worst one is named. */
  #together(): readonly Breach[] {
    const together = distributionOf(this.#errors.map(({ ms }) => ms));
    if (together === null) return [];
    return limitsOf(this.#tolerance.all).flatMap(([figure, range]): readonly Breach[] => {
      const got = together[figure];
      if (got >= range[0] && got <= range[1]) return [];
      const { from, to, ms } = this.#errors.reduce((worst, each) => (Math.abs(each.ms) > Math.abs(worst.ms) ? each : worst));
      return [{ from, to, figure, bars: 'run', text: `${from} → ${to}: the ${FIGURES[figure]} of all probes was ${shown(got)} ms off (${within(range)}), its own worst ${shown(ms)} ms` }];
    });
  }

  #changesOf(from: string, to: string, errorMs: Distribution): readonly Breach[] {
    const link = this.#link(from, to);
    // Independent draws of jitter reach far below and above.
    const spreadMs = link.order === 'reorder' ? 4 * link.jitterMs : 0;
    return limitsOf(this.#tolerance.during).flatMap(([figure, range]): readonly Breach[] => {
      const got = errorMs[figure];
      if (got >= range[0] - spreadMs && got <= range[1] + spreadMs) return [];
      return [{ from, to, figure, bars: 'run', text: `${from} → ${to}: while the run went its ${FIGURES[figure]} was ${shown(link.delayMs + got)} ms, asked ${shown(link.delayMs)} ms (${within(range)}): the network changed` }];
    });
  }
}
