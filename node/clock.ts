// What a node's clocks read, given true time.

export type ClockSpec = {
  readonly offsetMs: number;
  readonly driftPpm: number;
  readonly ntp: null | { readonly pollMs: number; readonly errorMs: number; readonly slewPpm: number; readonly stepMs: number };
};
