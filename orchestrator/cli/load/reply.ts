// What an HTTP answer to POST /commands means: the Reply in its body, whatever the status; without one the status decides,
// and only what certainly did not happen is `fail`.
import type { Reply } from '../../../node/replica.ts';

export function readReply(status: number, body: string): Reply {
  try {
    const reply = JSON.parse(body) as Reply | null;
    if (reply !== null && (reply.outcome === 'ok' || reply.outcome === 'fail' || reply.outcome === 'unknown')) return reply;
  } catch {
    // Not JSON: a proxy's page or an answer that was cut.
  }
  if (status === 503) return { outcome: 'fail', reason: 'busy' };
  if (status >= 400 && status < 500) return { outcome: 'fail', reason: 'malformed' };
  return { outcome: 'unknown', reason: 'connection' };
}
