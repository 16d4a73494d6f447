// What `lab doctor` looks at for nodes in namespaces: whether they can be made here, whether a kernel shapes links in one, and
// whether there is a kernel for virtual time. By trying: a namespace with nothing in it, gone again at once.
import { release } from 'node:os';
import { runCommand } from '../../../netem/shell/namespace.ts';
import { tc } from '../../../netem/shell/tc.ts';
import { LabError } from '../../errors.ts';
import type { Finding } from '../doctor.ts';
import { openTrialSite } from '../runners/netns.ts';
import { examineKernel, isVirtualTime } from '../virtual-time.ts';

type Trial = Awaited<ReturnType<typeof openTrialSite>>;

function ok(found: string): Finding {
  return { state: 'ok', found, remedy: null };
}

function warningOf(error: unknown): Finding {
  if (!(error instanceof LabError)) throw error;
  return { state: 'warning', found: error.message, remedy: error.hint };
}

/** ip and tc are of one package, and should be of one version. */
export async function examineIproute(): Promise<Finding> {
  const versions = await Promise.all(['ip', 'tc'].map((program) => runCommand([program, '-V'])));
  const [ip = '', shaping = ''] = versions.map(({ code, stdout }) => (code === 0 ? /iproute2-[^\s,]+/.exec(stdout)?.[0] ?? stdout.trim() : ''));
  if (ip === '' || shaping === '') return { state: 'warning', found: ip === shaping ? 'not installed' : `${ip === '' ? 'ip' : 'tc'} is not installed`, remedy: 'Debian, Ubuntu: apt install iproute2' };
  return ip === shaping ? ok(ip) : { state: 'warning', found: `ip of ${ip}, tc of ${shaping}`, remedy: 'install both from one package: apt install iproute2' };
}

async function tried(look: (trial: Trial) => Promise<Finding>): Promise<Finding> {
  let trial: Trial;
  try {
    trial = await openTrialSite();
  } catch (error) {
    return warningOf(error);
  }
  try {
    return await look(trial);
  } finally {
    await trial.close();
  }
}

export function examineNamespaces(): Promise<Finding> {
  return tried(({ asRoot }) => Promise.resolve(ok(asRoot ? 'as root' : 'in a user namespace')));
}

export function examineNetem(): Promise<Finding> {
  return tried(async ({ site }) => {
    const probe = await tc.probe(site);
    return probe.ok ? ok(`Linux ${release()}: htb, netem, its distributions and u32 filters`) : { state: 'warning', found: `Linux ${release()}: ${probe.missing}`, remedy: probe.hint };
  });
}

export function examineVirtualTime(): Finding {
  if (isVirtualTime()) return ok('this is its kernel');
  try {
    examineKernel();
    return ok('its kernel is built');
  } catch (error) {
    return warningOf(error);
  }
}
