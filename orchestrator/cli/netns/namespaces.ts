// Network namespaces that only this lab sees. Each is held by a process of its own and has no name in the system: it is gone
// when its processes are, however the lab ends, and nothing outside it is touched. The holder's command line names run and
// node, so that `lsns -t net` shows whose it is. Where root's rights are missing, all are in one user namespace.
import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { runCommand } from '../../../netem/shell/namespace.ts';
import { LabError } from '../../errors.ts';
import { type Child, endWithin, startProgram } from '../children.ts';

export interface Namespace {
  /** Of its holder. */
  readonly pid: number;
  /** Words before a command that enter it. */
  readonly enter: readonly string[];
  /** Lines of `ip -batch`. */
  configure(lines: readonly string[]): Promise<void>;
}

/** Says that it is there, and stays until the end of its input: the lab's. */
const HOLD = ['sh', '-c', 'echo held; read _'];
const NAME = /^[a-z][a-z0-9-]{0,30}$/;
const GRACE_MS = 2_000;
const ROOT = 0;

/** What to make of a namespace that cannot be made. */
export function refusal(said: string, uid: number): { readonly missing: string; readonly hint: string } {
  if (/cannot be started|command not found/.test(said)) return { missing: `network namespaces (${said})`, hint: 'Linux: apt install util-linux iproute2; elsewhere only --on sim,local' };
  const rights = 'allow user namespaces (sysctl user.max_user_namespaces=10000; Ubuntu: kernel.apparmor_restrict_unprivileged_userns=0; Debian: kernel.unprivileged_userns_clone=1)';
  return {
    missing: `the right to make network namespaces (${said})`,
    hint: uid === ROOT ? 'in a container: give it CAP_SYS_ADMIN and CAP_NET_ADMIN, or start it with --privileged' : `start it as root, or ${rights}`,
  };
}

export class Namespaces {
  /** In the names of all of them. */
  readonly run = `lab-${randomBytes(3).toString('hex')}`;
  readonly #holders: Child[] = [];
  /** Enters the user namespace of the first. */
  #intoUsers: readonly string[] = [];
  #closed = false;

  /** They belong to the machine's own root, not to a user namespace. */
  get asRoot(): boolean {
    return this.#intoUsers.length === 0;
  }

  /** Rejects with a LabError where this machine allows none. `name`: of this one in the run. */
  async add(name: string): Promise<Namespace> {
    if (!NAME.test(name)) throw new Error(`assertion: ${JSON.stringify(name)} is no name of a namespace`);
    const { uid } = userInfo();
    const first = this.#holders.length === 0;
    const ways = !first ? [[...this.#intoUsers, 'unshare', '--net']] : [...(uid === ROOT ? [['unshare', '--net']] : []), ['unshare', '--user', '--map-root-user', '--net']];
    let said = '';
    for (const way of ways) {
      const held = await this.#hold(name, way);
      if ('said' in held) {
        said = held.said;
        continue;
      }
      const { pid } = held.holder;
      if (first && way.includes('--user')) this.#intoUsers = ['nsenter', `--user=/proc/${pid}/ns/user`, '--preserve-credentials'];
      const enter = [...(this.#intoUsers.length > 0 ? this.#intoUsers : ['nsenter']), `--net=/proc/${pid}/ns/net`];
      return { pid, enter, configure: (lines) => configure(enter, lines) };
    }
    const { missing, hint } = refusal(said, uid);
    throw new LabError('machine-lacks', `this machine lacks ${missing}`, hint);
  }

  async #hold(name: string, way: readonly string[]): Promise<{ readonly holder: Child } | { readonly said: string }> {
    const mark = `${this.run}-${name}`;
    const held = Promise.withResolvers<boolean>();
    let holder: Child;
    try {
      holder = startProgram(mark, [...way, ...HOLD, mark], mark, { onLine: () => held.resolve(true) });
    } catch (error) {
      if (error instanceof LabError) return { said: error.message };
      throw error;
    }
    void holder.exited.then(() => held.resolve(false));
    if (!await held.promise) return { said: holder.lastError() || `${way[0]} ended` };
    this.#holders.push(holder);
    // It may have come while close() was already ending the others.
    if (this.#closed) holder.closeInput();
    return { holder };
  }

  /** Whatever still runs in them keeps them. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const holder of this.#holders) holder.closeInput();
    await Promise.all(this.#holders.map((holder) => endWithin(holder, GRACE_MS)));
  }
}

async function configure(enter: readonly string[], lines: readonly string[]): Promise<void> {
  const { code, stderr } = await runCommand([...enter, 'ip', '-batch', '-'], lines.map((line) => `${line}\n`).join(''));
  if (code === 0) return;
  const said = stderr.trim().split('\n');
  const line = lines[Number(/^Command failed -:(\d+)/m.exec(stderr)?.[1] ?? 0) - 1];
  throw new LabError('machine-lacks', `ip cannot set up the run's network: ${said[0]}${line === undefined ? '' : ` (${line})`}`, 'it needs iproute2 and a kernel with veth and bridge; lab doctor looks at both');
}
