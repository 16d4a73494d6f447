// A plug-in behind a guard: whatever of it throws while the lab plans, runs or judges is told as the plug-in's, in one line
// with its file, and not as a bug of the lab.
import { CommanderError } from 'commander';
import { type Blame, guardedMethod, guardedObject, guardedProtocol, withMethods } from '../../node/guard.ts';
import { LabError } from '../errors.ts';
import type { Check, Fault, OpenSink, Plugin, ProtocolCommand, Sink, Verdict, Workload } from '../kinds.ts';

/** Of what a plug-in throws: FILE:LINE, or null. */
type PlaceOf = (error: unknown) => string | null;
type BlameOf = (kind: string, name: string) => Blame;
type Observer = ReturnType<Check['begin']>;

/** path: as given. An error that was told already, such as that of a check which a protocol's commit led to, stays what it is. */
export function guardedPlugin(plugin: Plugin, path: string, placeOf: PlaceOf): Plugin {
  const blameOf: BlameOf = (kind, name) => (member, error) => {
    if (error instanceof LabError) return error;
    const at = placeOf(error);
    return new LabError('bad-plugin', `${path}: ${kind} ${name}: ${member}() fails: ${firstLine(error)}${at === null ? '' : ` (${at})`}`, kind === 'sink' ? 'give it what it needs, or correct it there' : 'the mistake is in the plug-in, not in the lab: correct it there', error);
  };
  return {
    protocols: (plugin.protocols ?? []).map((protocol) => guardedProtocol(protocol, blameOf('protocol', protocol.name))),
    workloads: (plugin.workloads ?? []).map((workload) => guardedWorkload(workload, blameOf('workload', workload.name))),
    faults: (plugin.faults ?? []).map((fault) => guardedFault(fault, blameOf('fault', fault.name))),
    checks: (plugin.checks ?? []).map((check) => guardedCheck(check, blameOf('check', check.name))),
    sinks: (plugin.sinks ?? []).map((sink) => guardedSink(sink, blameOf('sink', sink.name))),
    commands: (plugin.commands ?? []).map((command) => guardedCommand(command, blameOf('command', command.name))),
  };
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}

function guardedWorkload(workload: Workload, blame: Blame): Workload {
  const model = guardedObject(workload.model, ['partition', 'step', 'key'], (member, error) => blame(`model.${member}`, error));
  const operations = (returned: unknown): unknown => guardedObject(withMethods(returned, ['next'], 'iterator'), ['next'], (_, error) => blame('operations', error), { next: unended });
  return { name: workload.name, summary: workload.summary, params: workload.params, model, operations: guardedMethod(workload, 'operations', blame, operations) as Workload['operations'] };
}

function unended(result: unknown): unknown {
  if ((result as IteratorResult<unknown>).done === true) throw new Error('it ends: a session asks as long as it lives');
  return result;
}

function guardedFault(fault: Fault, blame: Blame): Fault {
  const actions = (returned: unknown): unknown => {
    if (!Array.isArray(returned)) throw new Error('it returns no list of actions');
    return returned;
  };
  return { name: fault.name, summary: fault.summary, params: fault.params, actions: guardedMethod(fault, 'actions', blame, actions) as Fault['actions'] };
}

/** Once it has failed it is not asked again: its verdict of what was recorded until then is that it has none. */
function guardedCheck(check: Check, blame: Blame): Check {
  const { name, claim } = check;
  const begin = (returned: unknown): Observer => {
    let broken: string | null = null;
    const breaks: Blame = (member, error) => {
      broken ??= `${member}() fails: ${firstLine(error)}`;
      return blame(member, error);
    };
    const observer = guardedObject(withMethods(returned, ['observe', 'finish'], 'observer') as Observer, ['observe', 'finish'], breaks);
    const verdict = (because: string): Verdict => ({ check: name, claim, valid: 'unknown', because });
    return { observe: (event) => observer.observe(event), finish: () => (broken === null ? observer.finish() : verdict(broken)) };
  };
  return { name, summary: check.summary, claim, begin: guardedMethod(check, 'begin', blame, begin) as Check['begin'] };
}

function guardedCommand(command: ProtocolCommand, blame: Blame): ProtocolCommand {
  const { name, summary } = command;
  return {
    name, summary,
    run: async (argv, stop) => {
      try {
        return await command.run(argv, stop);
      } catch (error) {
        // The user's mistake, or --help.
        throw error instanceof CommanderError ? error : blame('run', error);
      }
    },
  };
}

/** What throws rejects; a write that is a promise, and rejects, is told at the next call. */
function guardedSink(sink: Sink, blame: Blame): Sink {
  const open = async (...args: Parameters<Sink['open']>): Promise<OpenSink> => {
    let late: { readonly error: unknown } | null = null;
    const check = (): void => { if (late !== null) throw late.error; };
    try {
      const opened = withMethods(await sink.open(...args), ['write', 'close'], 'open sink') as OpenSink;
      const write = guardedMethod(opened, 'write', blame, (returned) => {
        if (returned instanceof Promise) returned.catch((error: unknown) => { late ??= { error: blame('write', error) }; });
      });
      const has = (member: 'live' | 'view' | 'ready') => typeof opened[member] === 'function';
      return {
        ...(has('live') ? { live: guardedMethod(opened, 'live', blame) } : {}),
        ...(has('ready') ? { ready: async () => { await guardedMethod(opened, 'ready', blame)(); } } : {}),
        ...(has('view') ? { view: guardedMethod(opened, 'view', blame) as NonNullable<OpenSink['view']> } : {}),
        write: (event) => {
          check();
          write(event);
        },
        close: async (summary) => {
          check();
          try {
            await opened.close(summary);
          } catch (error) {
            throw blame('close', error);
          }
          check();
        },
      };
    } catch (error) {
      throw blame('open', error);
    }
  };
  return { name: sink.name, summary: sink.summary, open };
}
