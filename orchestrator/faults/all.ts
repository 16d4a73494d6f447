// Every built-in fault, in the order in which they are listed: nodes, links, disks, clocks, load.
import type { Fault } from '../kinds.ts';
import { addNode } from './add-node.ts';
import { bridge } from './bridge.ts';
import { clockDrift } from './clock-drift.ts';
import { clockOffset } from './clock-offset.ts';
import { clockStep } from './clock-step.ts';
import { clockStrobe } from './clock-strobe.ts';
import { corrupt } from './corrupt.ts';
import { crash } from './crash.ts';
import { detach } from './detach.ts';
import { duplicate } from './duplicate.ts';
import { diskError, diskFull } from './failing-disk.ts';
import { flakyLink } from './flaky-link.ts';
import { flapping } from './flapping.ts';
import { isolateLeader } from './isolate-leader.ts';
import { majorityRing } from './majority-ring.ts';
import { ntpAsymmetry } from './ntp-asymmetry.ts';
import { ntpLoss } from './ntp-loss.ts';
import { overload } from './overload.ts';
import { partition } from './partition.ts';
import { pause } from './pause.ts';
import { removeNode } from './remove-node.ts';
import { reorder } from './reorder.ts';
import { replaceNode } from './replace-node.ts';
import { restart } from './restart.ts';
import { memory, throttle } from './scarce.ts';
import { slowDisk } from './slow-disk.ts';
import { start } from './start.ts';
import { stop } from './stop.ts';
import { wipe } from './wipe.ts';

export const FAULTS: readonly Fault[] = [
  crash, stop, start, restart, pause, wipe, throttle, memory, detach,
  addNode, removeNode, replaceNode,
  partition, isolateLeader, bridge, majorityRing, flapping, flakyLink, corrupt, duplicate, reorder,
  slowDisk, diskFull, diskError,
  clockOffset, clockStep, clockDrift, clockStrobe, ntpLoss, ntpAsymmetry,
  overload,
];
