// `node orchestrator/cli/cluster/guard.ts`: a stopped node cannot see that the lab is gone. This process can: at the
// end-of-file of its stdin it wakes those that are stopped, which then end by themselves.
import { splitLines } from '../lines.ts';
import { PAUSED, RESUMED } from '../load/config.ts';

const paused = new Set<number>();
process.stdin.setEncoding('utf8').on('end', () => {
  for (const pid of paused) {
    try {
      process.kill(pid, 'SIGCONT');
    } catch {
      // It has ended meanwhile.
    }
  }
  process.exit(0);
});
splitLines(process.stdin, (line) => {
  const [word, pid] = line.split(' ');
  if (word === PAUSED) paused.add(Number(pid));
  else if (word === RESUMED) paused.delete(Number(pid));
});
