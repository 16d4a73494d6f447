// The container of one node, or of the load generator, over its lives. Each start makes its network anew: what is shaped there
// is gone with a life, and is made again before the next one is released.
import type { KernelSite } from '../../../netem/shaper.ts';
import { LabError } from '../../errors.ts';
import type { LimitChange } from '../../kinds.ts';
import type { Child } from '../children.ts';
import { recordProcess } from '../process-records.ts';
import { startContainer } from './container-child.ts';
import type { Engine, Limits } from './engine.ts';
import { addAddresses, type Entrance, findDevice, isolated, kernelOf, type Way } from './way.ts';

export type RoomSpec = {
  /** Of the run. */
  readonly network: string;
  readonly container: { readonly id: string; readonly name: string; readonly limits: Limits };
  readonly place: Pick<KernelSite, 'device' | 'sources' | 'addresses'>;
  /** On its command line: tells its process from any other. */
  readonly configFile: string;
  /** With their prefixes, beside the one that Docker gives. */
  readonly moreAddresses: readonly string[];
  /** null: nobody shapes what leaves it. */
  readonly way: Way | null;
  /** The daemon cannot do what it is asked. */
  readonly failed: (error: unknown) => void;
};

export class Room {
  readonly #engine: Engine;
  readonly #spec: RoomSpec;
  #kernel: KernelSite;
  /** Into the present life. */
  #entering: Promise<Entrance> = Promise.reject(new Error('it was not started'));
  /** Ended by the end of a life; the other one by that of its network device. */
  #gone: AbortSignal = AbortSignal.abort();
  #device = new AbortController();
  #detached = false;

  constructor(engine: Engine, spec: RoomSpec) {
    this.#engine = engine;
    this.#spec = spec;
    this.#kernel = kernelOf(this.#entering, spec.place, this.#gone);
  }

  /** Of the present life, or of the last. */
  get kernel(): KernelSite {
    return this.#kernel;
  }

  /** Begins a life. onLine gets each line of its stdout. */
  start(onLine?: (line: string) => void): Child {
    const { container, configFile, place, way, failed } = this.#spec;
    const gone = new AbortController();
    const entered = Promise.withResolvers<Entrance>();
    const entering = entered.promise.then(async (entrance) => {
      await addAddresses(entrance, place.device, this.#spec.moreAddresses);
      return entrance;
    });
    this.#entering = entering;
    this.#gone = gone.signal;
    this.#shapes(place.device);
    return startContainer(this.#engine, { id: container.id, name: container.name, memoryBytes: container.limits.memoryBytes }, {
      ...(onLine === undefined ? {} : { onLine }), failed,
      began: (pid) => {
        // It uses the run's folder as long as it lives.
        recordProcess({ name: container.name, pid, mark: configFile });
        if (way !== null) entered.resolve(enter(way, { id: container.id, pid }));
      },
      ended: () => {
        gone.abort();
        entered.reject(new Error(`${container.name} has ended`));
        void entering.then((entrance) => entrance.close(), () => undefined);
      },
    });
  }

  async limit({ cpus, memoryBytes }: LimitChange): Promise<void> {
    const { container: { id, limits } } = this.#spec;
    await this.#engine.limit(id, {
      ...(cpus === undefined ? {} : { cpus: cpus ?? limits.cpus }), ...(memoryBytes === undefined ? {} : { memoryBytes: memoryBytes ?? limits.memoryBytes }),
    });
  }

  /** Nothing is shaped there any more. */
  async detach(): Promise<void> {
    if (this.#detached) return;
    this.#detached = true;
    this.#device.abort();
    await this.#engine.disconnect(this.#spec.container.id, this.#spec.network);
  }

  /** What it returns lets it send again: a new device has no links. */
  async attach(): Promise<() => Promise<void>> {
    if (!this.#detached) return () => Promise.resolve();
    this.#detached = false;
    const { container: { id, name }, network, way, place } = this.#spec;
    const address = Object.values(place.sources)[0] ?? '';
    const inside = way === null || this.#gone.aborted ? null : await this.#entering;
    if (inside !== null) await isolated(inside, true);
    await this.#engine.connect(id, network, address);
    if (inside === null || this.#gone.aborted) return () => Promise.resolve();
    const device = await findDevice(inside, address);
    if (device === null) throw new LabError('machine-lacks', `${name} has no network device with ${address} after it was connected again`, 'docker network inspect shows who has it');
    this.#shapes(device);
    return () => isolated(inside, false);
  }

  /** A namespace, or one that has lost its links: another object to the shaper. */
  #shapes(device: string): void {
    this.#device = new AbortController();
    this.#kernel = kernelOf(this.#entering, { ...this.#spec.place, device }, AbortSignal.any([this.#gone, this.#device.signal]));
  }
}

/** What cannot be entered any more has ended, or is told when something is asked of it. */
async function enter(way: Way, inside: Parameters<Way['enter']>[0]): Promise<Entrance> {
  return way.enter(inside);
}
