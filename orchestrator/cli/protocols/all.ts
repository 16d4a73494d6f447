// Commands that protocols bring along, for `lab protocol NAME …`. No other process of the lab loads them: they may start clusters.
import type { ProtocolCommand } from '../../kinds.ts';
import { yaspCommand } from './yasp.ts';

export const COMMANDS: readonly ProtocolCommand[] = [yaspCommand];
