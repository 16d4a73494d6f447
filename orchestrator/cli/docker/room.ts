// The container of one node, or of the load generator, over its lives. Each start makes its network anew: what is shaped there
// is gone with a life, and is made again before the next one is released.
import type { KernelSite } from '../../../netem/shaper.ts';
import type { Child } from '../children.ts';
import { recordProcess } from '../process-records.ts';
import { startContainer } from './container-child.ts';
import type { Engine } from './engine.ts';
import { addAddresses, type Entrance, kernelOf, type Way } from './way.ts';

export type RoomSpec = {
  readonly container: { readonly id: string; readonly name: string; readonly memoryBytes: number };
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

  constructor(engine: Engine, spec: RoomSpec) {
    this.#engine = engine;
    this.#spec = spec;
    const never = AbortSignal.abort();
    this.#kernel = kernelOf(Promise.reject(new Error(`${spec.container.name} was not started`)), spec.place, never);
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
    this.#kernel = kernelOf(entering, place, gone.signal);
    return startContainer(this.#engine, container, {
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
}

/** What cannot be entered any more has ended, or is told when something is asked of it. */
async function enter(way: Way, inside: Parameters<Way['enter']>[0]): Promise<Entrance> {
  return way.enter(inside);
}
