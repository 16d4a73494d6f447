// Trials (orchestrator/conformance/trial.ts) on the bytes of Node.js, for tests and benches.
import { openTrials } from '../orchestrator/conformance/trial.ts';
import { nodeBytes } from './bytes.ts';

export const runTrial = openTrials(nodeBytes);
