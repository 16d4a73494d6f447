// A cluster of real node processes on loopback, for integration tests and benchmarks. Every process that it starts it ends.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command, Facts, Json, NodeId } from '../node/contract.ts';
import { mergeOptions } from '../node/options.ts';
import { PROTOCOLS } from '../node/registry.ts';
import type { Reply } from '../node/replica.ts';
import type { HostConfig } from '../node/seat.ts';
import type { LabEvent } from '../orchestrator/kinds.ts';

const MAIN = fileURLToPath(new URL('../node/host/main.ts', import.meta.url));
const TOKEN = 'a-token-of-the-tests';

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null; readonly stderr: string };
export type Answer = { readonly status: number; readonly body: string };

export type ClusterOptions = {
  readonly folder: string;
  readonly protocol: string;
  readonly options?: Json;
  readonly count: number;
  readonly change?: Partial<HostConfig>;
};

export class Processes {
  readonly ids: readonly NodeId[];
  readonly folder: string;
  /** UDP and HTTP port; the addresses differ. Below the ephemeral ports, and its own in each process that tests at once. */
  readonly port = 20_000 + (process.pid % 10_000);
  readonly run = randomBytes(8).toString('hex');
  readonly #options: ClusterOptions;
  readonly #originNs = process.hrtime.bigint();
  readonly #children = new Map<NodeId, { readonly child: ChildProcess; readonly exited: Promise<Exit> }>();
  readonly #lives = new Map<NodeId, number>();
  readonly #agent = new http.Agent({ keepAlive: true });

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.folder = options.folder;
    this.ids = Array.from({ length: options.count }, (_, index) => `n${index + 1}`);
  }

  place(id: NodeId): { readonly host: string; readonly port: number } {
    return { host: `127.0.0.${this.ids.indexOf(id) + 2}`, port: this.port };
  }

  config(id: NodeId, life: number): HostConfig {
    const { protocol, change = {} } = this.#options;
    const options = optionsOf(protocol, this.#options.options ?? {}, this.ids);
    return {
      seat: {
        self: id, members: this.ids, joining: false, addresses: Object.fromEntries(this.ids.map((id) => [id, `10.0.0.${id.slice(1)}:7000`])),
        options, maxMessageBytes: 60_000, frameBytes: 1_400, atFollower: 'forward', run: this.run, life,
      },
      protocol, plugins: [], seed: 'seed', sockets: Object.fromEntries(this.ids.map((id) => [id, this.place(id)])), http: this.place(id), token: TOKEN, secret: null,
      dataDir: join(this.folder, id), diskKept: 'keep', eventsFile: join(this.folder, `${id}.ndjson`), epochMs: 1_700_000_000_000, originNs: this.#originNs.toString(),
      clock: { offsetMs: 0, driftPpm: 0, ntp: null }, fsyncMs: 'real', detail: 'totals', maxPending: 10_000, requestTimeoutMs: 10_000, held: true,
      ...change,
    };
  }

  /** A new life of the node, held until release(); resolves when it answers, rejects with its line when it ends before that. */
  async start(id: NodeId): Promise<void> {
    const life = (this.#lives.get(id) ?? 0) + 1;
    this.#lives.set(id, life);
    mkdirSync(this.folder, { recursive: true });
    const file = join(this.folder, `${id}-config.json`);
    writeFileSync(file, JSON.stringify(this.config(id, life)));
    const started = startHost([file]);
    this.#children.set(id, started);
    let ended: Exit | null = null;
    void started.exited.then((exit) => { ended = exit; });
    for (;;) {
      const answer = await this.ask(id, 'GET', '/status').catch(() => null);
      if (answer?.status === 200 && (JSON.parse(answer.body) as { run: string }).run === this.run) return;
      if (ended !== null) throw new Error((ended as Exit).stderr);
      await new Promise((resolve) => { setTimeout(resolve, 10); });
    }
  }

  async release(id: NodeId): Promise<void> {
    await this.control(id, 'go', {});
  }

  async startAll(): Promise<void> {
    await Promise.all(this.ids.map((id) => this.start(id)));
    await Promise.all(this.ids.map((id) => this.release(id)));
  }

  async end(id: NodeId, signal: NodeJS.Signals): Promise<Exit> {
    const { child, exited } = this.#children.get(id) as { child: ChildProcess; exited: Promise<Exit> };
    child.kill(signal);
    return exited;
  }

  exited(id: NodeId): Promise<Exit> {
    return (this.#children.get(id) as { exited: Promise<Exit> }).exited;
  }

  /** SIGSTOP and SIGCONT. */
  signal(id: NodeId, signal: NodeJS.Signals): void {
    this.#children.get(id)?.child.kill(signal);
  }

  /** The stdin pipe of a node: its end-of-file is the death of the parent. */
  closeInput(id: NodeId): void {
    this.#children.get(id)?.child.stdin?.end();
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    await Promise.all([...this.#children.values()].map(({ child, exited }) => {
      child.kill('SIGCONT');
      child.kill('SIGKILL');
      return exited;
    }));
  }

  ask(id: NodeId, method: string, path: string, body = '', headers: http.OutgoingHttpHeaders = {}): Promise<Answer> {
    const { host, port } = this.place(id);
    return new Promise((resolve, reject) => {
      const request = http.request({ host, port, method, path, headers, agent: this.#agent }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => { text += chunk; });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text })).on('error', reject);
      });
      request.on('error', reject).end(body);
    });
  }

  control(id: NodeId, action: string, body: Json): Promise<Answer> {
    return this.ask(id, 'POST', `/control/${action}`, JSON.stringify(body), { authorization: `Bearer ${TOKEN}` });
  }

  async submit(id: NodeId, command: Command): Promise<Reply> {
    const { body } = await this.ask(id, 'POST', '/commands', JSON.stringify(command));
    return JSON.parse(body) as Reply;
  }

  /** Repeats the command, with its id, at any of these nodes until it is ok. */
  async submitUntilOk(ids: readonly NodeId[], command: Command): Promise<Reply & { readonly outcome: 'ok' }> {
    for (let attempt = 0; ; attempt++) {
      const reply = await this.submit(ids[attempt % ids.length] as NodeId, command).catch(() => null);
      if (reply?.outcome === 'ok') return reply;
      await new Promise((resolve) => { setTimeout(resolve, 20); });
    }
  }

  /** The events that the node has written so far, whole lines only. */
  events(id: NodeId): readonly LabEvent[] {
    const text = readFileSync(join(this.folder, `${id}.ndjson`), 'utf8');
    return text.slice(0, text.lastIndexOf('\n') + 1).split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as LabEvent);
  }
}

/** As planning resolves them, for a network without delay. */
function optionsOf(name: string, given: Json, members: readonly NodeId[]): Json {
  const protocol = PROTOCOLS.find((protocol) => protocol.name === name);
  if (protocol === undefined) return given;
  const { options } = mergeOptions(protocol.defaults, given);
  const zeros = Object.fromEntries(members.map((id) => [id, 0]));
  const facts: Facts = {
    members, leader: null, oneWayMs: Object.fromEntries(members.map((id) => [id, zeros])), clockErrorMs: 0, fsyncMs: 1, frameBytes: 1_400,
  };
  return (protocol.resolve?.(options, facts).options ?? options) as Json;
}

/** node/host/main.ts with these arguments, a pipe on its stdin. execArgv: of Node.js itself. */
export function startHost(argv: readonly string[], execArgv: readonly string[] = []): { readonly child: ChildProcess; readonly exited: Promise<Exit> } {
  const child = spawn(process.execPath, [...execArgv, MAIN, ...argv], { stdio: ['pipe', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr += text; });
  child.stdin.on('error', () => undefined);
  return { child, exited: new Promise((resolve) => { child.once('close', (code, signal) => resolve({ code, signal, stderr })); }) };
}
