// Commands that protocols bring along, for `lab protocol NAME …`.
import type { ProtocolCommand } from '../../kinds.ts';
import { yaspCommand } from './yasp.ts';

export const COMMANDS: readonly ProtocolCommand[] = [yaspCommand];
