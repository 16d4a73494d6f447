// Whether there is a Docker daemon for tests that need one. LAB_REQUIRE=docker: they are run, and fail.
import { LabError } from '../orchestrator/errors.ts';
import { connectDocker } from '../orchestrator/cli/docker/engine.ts';
import { ensureNodeImage } from '../orchestrator/cli/docker/image.ts';

const required = (process.env['LAB_REQUIRE'] ?? '').split(',').includes('docker');

/** Whether to skip what needs a daemon and the nodes' image on it, said with its reason. The image is built where it is not there. */
export async function skipsDocker(what: string): Promise<boolean> {
  try {
    await ensureNodeImage(await connectDocker(), null, () => undefined);
    return false;
  } catch (error) {
    if (!(error instanceof LabError) || required) throw error;
    console.log(`skipped: ${what} (${error.message}; ${error.hint})`);
    return true;
  }
}
