// One command of a person at a cluster: asked of the leader, else of whoever answers, and repeated under the same id until
// there is an answer or no time left. A repeated command is applied once.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command, NodeId } from '../../../node/contract.ts';
import type { Reply } from '../../../node/replica.ts';
import { readReply } from '../load/reply.ts';
import type { Submitted } from './talk.ts';

const WITHIN_MS = 5_000;
const ATTEMPT_MS = 1_500;
const PAUSE_MS = 50;

/** urls: of the nodes in the order in which they are asked, read anew for each round. */
export async function submitTo(urls: () => Promise<readonly (readonly [NodeId, string])[]>, command: Command): Promise<Submitted> {
  const startMs = performance.now();
  const tookMs = () => Math.round((performance.now() - startMs) * 1000) / 1000;
  let last: Submitted = { reply: { outcome: 'fail', reason: 'busy' }, node: null, tookMs: 0 };
  let happened = false;
  while (tookMs() < WITHIN_MS) {
    for (const [node, url] of await urls()) {
      const reply = await attempt(url, command, Math.min(ATTEMPT_MS, WITHIN_MS - tookMs()));
      happened ||= reply.outcome === 'unknown';
      last = { reply, node, tookMs: tookMs() };
      if (reply.outcome === 'ok' || (reply.outcome === 'fail' && reply.reason === 'malformed')) return last;
      if (tookMs() >= WITHIN_MS) break;
    }
    await sleep(PAUSE_MS);
  }
  // An earlier attempt may have happened although the last one did not.
  return happened ? { ...last, reply: { outcome: 'unknown', reason: 'timeout' }, tookMs: tookMs() } : { ...last, tookMs: tookMs() };
}

async function attempt(url: string, command: Command, withinMs: number): Promise<Reply> {
  try {
    const response = await fetch(`${url}/commands`, { method: 'POST', body: JSON.stringify(command), signal: AbortSignal.timeout(Math.max(1, withinMs)) });
    return readReply(response.status, await response.text());
  } catch (error) {
    const refused = (error as { readonly cause?: { readonly code?: unknown } }).cause?.code === 'ECONNREFUSED';
    return refused ? { outcome: 'fail', reason: 'busy' } : { outcome: 'unknown', reason: error instanceof DOMException ? 'timeout' : 'connection' };
  }
}
