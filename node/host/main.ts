// One replica as a process: node node/host/main.ts CONFIG.json. It never outlives its parent, ends in order on SIGTERM, and
// says in one line on stderr why it ends otherwise: exit 3 for bad input, 4 where the machine lacks something, 70 for a bug.
import { fstatSync } from 'node:fs';
import { argv } from 'node:process';
import { PROTOCOLS } from '../registry.ts';
import { openTrueTime } from './clock.ts';
import { readConfig } from './config.ts';
import { openEventFile } from './events.ts';
import { EXIT, Failure, placeOf } from './failure.ts';
import { Host } from './host.ts';
import { openHttp } from './http.ts';
import { loadProtocols } from './plugins.ts';
import { openUdp } from './udp.ts';

let name = 'node';
/** Writes the events gathered so far: those that led to a bug are worth most. */
let flushEvents = (): void => undefined;

/** Ends at once: nothing more leaves this process. */
function fail(error: unknown): never {
  try {
    flushEvents();
  } catch {
    // The line below matters more.
  }
  if (error instanceof Failure) {
    process.stderr.write(`${error.message}\n`);
    process.exit(error.exit);
  }
  const text = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${name}: a bug: ${text.replaceAll('\n', ' ')}${placeOf(error)}\n`);
  process.exit(EXIT.bug);
}

/** The lab holds the other end of stdin; its end-of-file means that the lab is gone. */
function watchParent(gone: () => void): void {
  const stdin = fstatSync(0, { throwIfNoEntry: false });
  if (stdin === undefined || !(stdin.isFIFO() || stdin.isSocket())) return;
  process.stdin.on('end', gone).on('error', gone).resume();
}

async function main(): Promise<void> {
  const path = argv[2];
  if (path === undefined || argv.length > 3) throw new Failure(EXIT.badInput, 'usage: node node/host/main.ts CONFIG.json');
  const config = readConfig(path);
  const { self, life } = config.seat;
  name = self;
  const protocols = [...PROTOCOLS, ...await loadProtocols(config.plugins, self)];
  const protocol = protocols.find((protocol) => protocol.name === config.protocol);
  if (protocol === undefined) {
    throw new Failure(EXIT.badInput, `${self}: no protocol is called ${JSON.stringify(config.protocol)}; there are ${protocols.map(({ name }) => name).join(', ')}`);
  }
  const now = openTrueTime(BigInt(config.originNs));
  const events = openEventFile(config.eventsFile, self, life, now);
  flushEvents = () => events.flush();
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
    host.close().then(() => process.exit(EXIT.ok), fail);
  };
  const host = new Host({ config, protocol, now, events, stop, fail });
  host.useSocket(await openUdp({ self, sockets: config.sockets, frameBytes: config.seat.frameBytes, received: host.received }));
  const servers = await openHttp(config, self, host);
  process.on('SIGTERM', stop).on('SIGINT', stop);
  watchParent(stop);
  if (!config.held) host.go();
}

process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
main().catch(fail);
