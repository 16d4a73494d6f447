// The control door of a cluster to play with: HTTP on loopback, one question a request, with the cluster's token. A page of
// a browser reaches nothing: it does not know the token, and its Origin gives it away.
import { createHash, timingSafeEqual } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { LabError } from '../../errors.ts';
import type { PlayCluster } from './play.ts';
import type { Answers, Question } from './talk.ts';

const MAX_BODY_BYTES = 64 << 10;
const REQUEST_MS = 15_000;

export type Door = { readonly url: string; close(): void };

export async function openDoor(cluster: PlayCluster, token: string): Promise<Door> {
  const wanted = digest(`Bearer ${token}`);
  const server = http.createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }, (request, response) => {
    const { headers, method, url } = request;
    const refuse = (status: number, why: string) => {
      response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
      response.end(JSON.stringify({ error: { code: 'bad-command-line', message: why, hint: 'ask with lab status' } }));
    };
    if (headers.origin !== undefined || !/^127\.0\.0\.1:\d+$/.test(headers.host ?? '')) return refuse(403, 'this Host or Origin is not allowed here');
    if (!timingSafeEqual(digest(headers.authorization ?? ''), wanted)) return refuse(401, "this needs the cluster's token");
    if (method !== 'POST' || url !== '/') return refuse(404, 'no such route');
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
      else request.destroy();
    });
    request.on('end', () => {
      void answer(cluster, Buffer.concat(chunks).toString('utf8')).then((text) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(text);
      });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: 0, host: '127.0.0.1' }, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Equal lengths, so that a comparison takes the same time for every guess. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

async function answer(cluster: PlayCluster, body: string): Promise<string> {
  try {
    return JSON.stringify({ answer: await perform(cluster, readQuestion(body)) });
  } catch (error) {
    const { code, message, hint } = error instanceof LabError ? error
      : { code: 'machine-lacks' as const, message: `the cluster could not do it: ${error instanceof Error ? error.message : String(error)}`, hint: 'lab status shows its state' };
    return JSON.stringify({ error: { code, message, hint } });
  }
}

function readQuestion(body: string): Question {
  try {
    return JSON.parse(body) as Question;
  } catch (cause) {
    throw new LabError('bad-command-line', 'the question is not JSON', 'ask with lab status', cause);
  }
}

function perform(cluster: PlayCluster, question: Question): Promise<Answers[keyof Answers]> {
  switch (question.ask) {
    case 'status':
      return cluster.status();
    case 'submit':
      return cluster.submit(question.op, question.at);
    case 'fault':
      return cluster.fault(question.words);
    case 'heal':
      return cluster.heal();
    default:
      throw new LabError('bad-command-line', 'a cluster does not know this question', 'use the same version of the lab in both terminals');
  }
}
