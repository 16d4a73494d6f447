// What makes links real on a runner: tc on a kernel, or the node's own transport. Links are desired state: a shaper
// gets the whole matrix and makes it so.
import type { LinkMatrix } from './link.ts';

export type Probe = { readonly ok: true } | { readonly ok: false; readonly missing: string; readonly hint: string };
/** A host on which a node runs or will run. */
export interface Site {
  readonly id: string;
  readonly address: string;
  /** POSTs JSON to the node's control API with the run's token. */
  control(path: `/control/${string}`, body: unknown): Promise<void>;
}
export interface Shaper {
  readonly name: string;
  readonly summary: string;
  probe(site: Site): Promise<Probe>;
  /** Exactly these links, whatever was there before. */
  apply(links: LinkMatrix, sites: readonly Site[]): Promise<void>;
}
