// `lab protocol yasp run`: five ranks at low or high pressure, in virtual time or as processes, then the rules over their logs.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, LabError } from '../../../errors.ts';
import { findPlaces } from '../../runners/ports.ts';
import { check } from './check.ts';
import { logName, makeLogFolder } from './log-lines.ts';
import { RankProcess } from './processes.ts';
import { NODES } from './ranks.ts';
import type { Flags, Variant } from './ranks.ts';
import { simulate } from './simulated.ts';

const PRESSURES = { low: { o: 1, l: 100, t: 5 }, high: { o: 1, l: 10_000, t: 5 } } as const;
type Pressure = keyof typeof PRESSURES;

export type RunFlags = Partial<Pick<Flags, 'o' | 'l' | 't'>> & {
  readonly pressure?: Pressure; readonly variant: Variant; readonly on: 'sim' | 'local'; readonly loss: number; readonly seed: string; readonly origin: boolean; readonly log: string;
};
type Stop = { readonly requested: boolean };

/** What is under way at the end arrives. */
const SETTLE_MS = 300;

/** Returns the exit code: of the rules, of each pressure that was asked for. */
export async function run(flags: RunFlags, stop: Stop): Promise<number> {
  if (flags.on === 'local' && flags.loss > 0) throw new LabError('bad-command-line', '--loss is of a run on sim', 'leave --on out, or take lab run with an experiment for real processes');
  makeLogFolder(flags.log);
  const pressures: readonly Pressure[] = flags.pressure === undefined ? ['low', 'high'] : [flags.pressure];
  let code: number = EXIT.ok;
  for (const pressure of pressures) {
    const { o, l, t } = PRESSURES[pressure];
    process.stdout.write(`Check on ${pressure} pressure\n`);
    const settings = { o: flags.o ?? o, l: flags.l ?? l, t: flags.t ?? t, variant: flags.variant };
    if (flags.on === 'sim') simulate(settings, { lossPct: flags.loss, seed: flags.seed }).forEach((text, rank) => writeFileSync(join(flags.log, logName(rank)), text));
    else await runProcesses(settings, flags.log, stop);
    if (stop.requested) return EXIT.interrupted;
    code = Math.max(code, check(flags.log, { origin: flags.origin, json: false }));
  }
  return code;
}

/** All are released together. */
async function runProcesses(settings: Flags, log: string, stop: Stop): Promise<void> {
  const places = await findPlaces(NODES, null);
  const ranks = NODES.map((_, rank) => new RankProcess(rank, settings, places, log));
  try {
    await Promise.all(ranks.map((rank) => rank.ready()));
    await Promise.all(ranks.map((rank) => rank.release()));
    await Promise.all(ranks.map((rank) => rank.follow(settings.t * 1_000 + SETTLE_MS, stop)));
  } finally {
    await Promise.all(ranks.map((rank) => rank.close()));
  }
}
