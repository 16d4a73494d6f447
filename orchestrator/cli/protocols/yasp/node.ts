// `lab protocol yasp node`: one rank, in the foreground, for its test time.
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT } from '../../../errors.ts';
import { makeLogFolder } from './log-lines.ts';
import { RankProcess } from './processes.ts';
import { NODES } from './ranks.ts';
import type { Flags } from './ranks.ts';

export type NodeFlags = Flags & { readonly i: number; readonly log: string; readonly port: number };

/** Ports of two ranks are so far apart, as in the origin's configuration. */
const PORT_STEP = 10;
/** As the origin's processes: all others are to be there by then. */
const ALIGN_MS = 1_000;
/** What is under way at the end arrives. */
const SETTLE_MS = 300;

export async function runNode(flags: NodeFlags, stop: { readonly requested: boolean }): Promise<number> {
  makeLogFolder(flags.log);
  const places = new Map(NODES.map((id, rank) => [id, { host: '127.0.0.1', port: flags.port + PORT_STEP * rank }]));
  const rank = new RankProcess(flags.i, flags, places, flags.log);
  try {
    await rank.ready();
    await sleep(ALIGN_MS);
    await rank.release();
    process.stderr.write(`rank ${flags.i} at 127.0.0.1:${flags.port + PORT_STEP * flags.i} for ${flags.t} s\n`);
    await rank.follow(flags.t * 1_000 + SETTLE_MS, stop);
  } finally {
    await rank.close();
  }
  return stop.requested ? EXIT.interrupted : EXIT.ok;
}
