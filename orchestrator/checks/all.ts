// The checks of every run, in the order in which verdicts are shown.
import type { Check } from '../kinds.ts';
import { durability } from './durability.ts';
import { integrity } from './integrity.ts';
import { leaderCompleteness } from './leader-completeness.ts';
import { linearizability, linearizabilityWithin } from './linearizability.ts';
import { logMatching } from './log-matching.ts';
import { monotone } from './monotone.ts';
import { oneLeaderPerEpoch } from './one-leader-per-epoch.ts';
import { prefixAgreement } from './prefix-agreement.ts';

export const CHECKS: readonly Check[] = [prefixAgreement, integrity, durability, oneLeaderPerEpoch, linearizability];

/** Of a hunt's case: one in which nobody finds an order is worth less than the next ten cases. */
const HUNT_STEPS = 300_000;

/** Those of a hunt: with some that see an error before it reaches a client. */
export const HUNT_CHECKS: readonly Check[] = [...CHECKS.filter((check) => check !== linearizability), linearizabilityWithin({ maxSteps: HUNT_STEPS }), monotone, logMatching, leaderCompleteness];
