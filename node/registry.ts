// The list of protocols. Registration alone gives a protocol every runner, the conformance suite, the checks and the report.
import type { AnyProtocol } from './contract.ts';

export const PROTOCOLS: readonly AnyProtocol[] = [];
