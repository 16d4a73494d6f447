// The checks of every run, in the order in which verdicts are shown.
import type { Check } from '../kinds.ts';
import { durability } from './durability.ts';
import { integrity } from './integrity.ts';
import { linearizability } from './linearizability.ts';
import { oneLeaderPerEpoch } from './one-leader-per-epoch.ts';
import { prefixAgreement } from './prefix-agreement.ts';

export const CHECKS: readonly Check[] = [prefixAgreement, integrity, durability, oneLeaderPerEpoch, linearizability];
