// Probes of links: what the lab tells a node to send, and what the nodes then report (node/host/probes.ts).

export type ProbeOrder = {
  /** Names what belongs together; chosen by the lab. */
  readonly batch: number;
  readonly to: readonly string[];
  /** To each peer. */
  readonly count: number;
  /** Between two to one peer; those to different peers take turns in between. */
  readonly everyMs: number;
  /** One more ahead, so long before the first that counts: it finds the way (ARP) and is not recorded. 0: none. */
  readonly warmUpMs: number;
};

/** In order of arrival. sentMs: on the run's clock; delayMs: from there to the arrival. */
export type ProbeSample = readonly [sequence: number, sentMs: number, delayMs: number];
export type ProbeReport = {
  /** Still to be sent from here. */
  readonly pending: number;
  /** Bytes of one probe on the wire, headers below UDP excluded; 0: none was sent from here. */
  readonly frameBytes: number;
  /** Since the last report. */
  readonly sent: readonly { readonly to: string; readonly batch: number; readonly count: number }[];
  /** In order of arrival; sentMs on the run's clock. */
  readonly received: readonly { readonly from: string; readonly batch: number; readonly samples: readonly ProbeSample[] }[];
  /** Arrived, and not kept because too many were. */
  readonly unkept: number;
};
