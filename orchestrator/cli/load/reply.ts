// What an HTTP answer to POST /commands means: the Reply in its body, whatever the status; without one the status decides,
// and only what certainly did not happen is `fail`.
import type { Reply } from '../../../node/replica.ts';

export function readReply(status: number, body: string): Reply {
  return readReplies(status, body, 1)[0] as Reply;
}

/** To so many commands in one request; one answer counts for all of them. */
export function readReplies(status: number, body: string, count: number): readonly Reply[] {
  const all = (reply: Reply) => Array.from({ length: count }, () => reply);
  try {
    const read = JSON.parse(body) as unknown;
    if (isReply(read)) return all(read);
    if (Array.isArray(read) && read.length === count && read.every(isReply)) return read;
  } catch {
    // Not JSON: a proxy's page or an answer that was cut.
  }
  if (status === 503) return all({ outcome: 'fail', reason: 'busy' });
  if (status >= 400 && status < 500) return all({ outcome: 'fail', reason: 'malformed' });
  return all({ outcome: 'unknown', reason: 'connection' });
}

function isReply(value: unknown): value is Reply {
  const outcome: unknown = (value as Partial<Reply> | null)?.outcome;
  return outcome === 'ok' || outcome === 'fail' || outcome === 'unknown';
}
