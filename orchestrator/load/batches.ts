// Commands of one region for one node that are due within a turn leave in one request, and are answered together. A turn is
// a fixed time and not one of the event loop, so that virtual and real clients make the same batches.
import type { Command, NodeId } from '../../node/contract.ts';
import type { Reply } from '../../node/replica.ts';
import type { ClientPorts } from './sessions.ts';

const TURN_MS = 1;

type Gathered = { readonly commands: Command[]; readonly answers: ((reply: Reply) => void)[] };

export class Batches {
  readonly #most: number;
  readonly #ports: Pick<ClientPorts, 'now' | 'at' | 'request'>;
  readonly #gathered = new Map<string, Gathered>();

  /** most: commands in one request; 1: each leaves at once. */
  constructor(most: number, ports: Pick<ClientPorts, 'now' | 'at' | 'request'>) {
    this.#most = most;
    this.#ports = ports;
  }

  request(region: string, to: NodeId, command: Command, answer: (reply: Reply) => void): void {
    const key = `${region} ${to}`;
    let gathered = this.#gathered.get(key);
    if (gathered === undefined) {
      const begun: Gathered = { commands: [], answers: [] };
      gathered = begun;
      this.#gathered.set(key, begun);
      if (this.#most > 1) this.#ports.at(this.#ports.now() + TURN_MS, () => { if (this.#gathered.get(key) === begun) this.#send(key, region, to, begun); });
    }
    gathered.commands.push(command);
    gathered.answers.push(answer);
    if (gathered.commands.length >= this.#most) this.#send(key, region, to, gathered);
  }

  #send(key: string, region: string, to: NodeId, { commands, answers }: Gathered): void {
    this.#gathered.delete(key);
    this.#ports.request(region, to, commands, (replies) => {
      for (const [index, answer] of answers.entries()) answer(replies[index] as Reply);
    });
  }
}
