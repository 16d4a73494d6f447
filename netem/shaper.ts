// What makes links real on a runner: tc on a kernel, or the node's own transport. Links are desired state: a shaper
// gets the whole matrix and makes it so.
import type { LinkMatrix } from './link.ts';

export type Probe = { readonly ok: true } | { readonly ok: false; readonly missing: string; readonly hint: string };

export type CommandResult = { readonly code: number; readonly stdout: string; readonly stderr: string };
/** A long-lived command that acts on each line of its stdin as it arrives. */
export interface LineCommand {
  write(line: string): void;
  /** Ends its input and waits for its end; rejects with what it said, when it failed. */
  close(): Promise<void>;
}
/**
 * The network namespace from which a node, or the load generator, sends: there a kernel can shape what leaves. Another object
 * says that it is another namespace, or one that has lost its links, as a container's has at each start.
 */
export interface KernelSite {
  /** The network device of the namespace. */
  readonly device: string;
  /** Rows of the matrix that send from here, with the IPv4 address that each sends from: a node, or the regions of clients. */
  readonly sources: { readonly [from: string]: string };
  /** IPv4 addresses of every other row of the matrix. */
  readonly addresses: { readonly [to: string]: string };
  /** true: the namespace is no more, as what ran in it has ended; a new life has a site of its own. Absent: it stays. */
  isGone?(): boolean;
  /** Runs tc inside the namespace, with these arguments and this stdin. */
  tc(argv: readonly string[], input?: string): Promise<CommandResult>;
  /** Starts tc with these arguments ahead of each call of it. Returns what ends that. Absent: it is too dear. */
  keepReady?(argv: readonly string[]): () => void;
  /** `tc -batch -` inside the namespace, kept open. failed: it ended unasked. */
  tcLines(failed: (error: Error) => void): LineCommand;
}

/** A host on which a node, or the load generator, runs or will run. */
export interface Site {
  readonly id: string;
  readonly address: string;
  /** POSTs JSON to the node's control API with the run's token; nothing at a site without a node. */
  control(path: `/control/${string}`, body: unknown): Promise<void>;
  /** Absent: only the node's own transport can shape. */
  readonly kernel?: KernelSite;
}

export type ShaperRun = {
  /** Of the plan: it draws the scheduled jitter. */
  readonly seed: string;
  /** ms since the run's start; negative before it. */
  readonly now: () => number;
  /** The links cannot be kept any more. */
  readonly failed: (error: unknown) => void;
};
/** Of one link, since its queue was made. packets: that left it; backlogPackets: in it now, those that are delayed too. */
export type LinkCounters = {
  readonly from: string;
  readonly to: string;
  readonly packets: number;
  readonly drops: number;
  readonly backlogPackets: number;
  readonly limitPackets: number;
};
/** Links that cannot be made so (refused), or cannot be kept (failed). `message`: where and what; `hint`: the remedy; one line each. */
export class LinkFailure extends Error {
  readonly kind: 'refused' | 'failed';
  readonly hint: string;
  constructor(kind: 'refused' | 'failed', message: string, hint: string) {
    super(message);
    this.name = 'LinkFailure';
    this.kind = kind;
    this.hint = hint;
  }
}
/** The links of one run. */
export interface LinkControl {
  /** Exactly these links, whatever was there before. Rejects (LinkFailure) when they are not in force; what was before then is. */
  apply(links: LinkMatrix, sites: readonly Site[]): Promise<void>;
  /** As a kernel counts them; absent: nobody does. */
  counters?(sites: readonly Site[]): Promise<readonly LinkCounters[]>;
  /** Stops what changes by itself. The links stay as they are. */
  close(): Promise<void>;
}
export interface Shaper {
  readonly name: string;
  readonly summary: string;
  probe(site: Site): Promise<Probe>;
  open(run: ShaperRun): LinkControl;
}
