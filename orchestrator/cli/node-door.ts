// Asks one node over HTTP, at its address or at its UNIX socket, which is reached from another network namespace too.
// A connection for each question: one that is kept may have died with the life before.
import http from 'node:http';
import type { Status } from '../../node/contract.ts';

/** path: of the UNIX socket; else host and port. */
export type NodeDoor = { readonly path: string } | { readonly host: string; readonly port: number };
export type NodeAnswer = { readonly status: number; readonly text: string };
type Question = { readonly method: 'GET' | 'POST'; readonly route: string; readonly token?: string; readonly body?: unknown; readonly withinMs: number };

/** Rejects when there is no whole answer in time. */
export function askNode(door: NodeDoor, { method, route, token, body, withinMs }: Question): Promise<NodeAnswer> {
  const where = 'path' in door ? { socketPath: door.path } : door;
  const headers = { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  return new Promise((resolve, reject) => {
    const request = http.request({ ...where, method, path: route, headers, agent: false, signal: AbortSignal.timeout(withinMs) }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => { text += part; }).on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** null: it does not answer in time. */
export async function askStatus(door: NodeDoor, withinMs: number): Promise<Status | null> {
  try {
    const { status, text } = await askNode(door, { method: 'GET', route: '/status', withinMs });
    return status === 200 ? (JSON.parse(text) as Status) : null;
  } catch {
    return null;
  }
}
