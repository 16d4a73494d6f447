// Only what belongs to a process that is certainly gone is left over: another boot or process namespace cannot be looked into.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isGone, isProcessGone, ownOwner, ownProcess } from './owner.ts';

test.skipIf(!existsSync('/proc/self/ns/pid'))('this process is there, one that has ended or another that got its number is not', () => {
  const [boot, namespace, pid, start] = ownOwner().split('.');
  const { pid: ended } = spawnSync(process.execPath, ['-e', '0']);
  expect(isGone(ownOwner())).toBe(false);
  expect(isGone([boot, namespace, ended, start].join('.'))).toBe(true);
  expect(isGone([boot, namespace, pid, Number(start) + 1].join('.'))).toBe(true);
  expect(isProcessGone(ownProcess())).toBe(false);
  expect(isProcessGone(`${ended}-${start}`)).toBe(true);
});

test.skipIf(!existsSync('/proc/self/ns/pid'))('what cannot be known is let alone', () => {
  const [boot, namespace] = ownOwner().split('.');
  for (const owner of ['', 'x', `another-boot.${namespace}.999999.1`, `${boot}.1.999999.1`, `${boot}.${namespace}.nonsense.1`, `${boot}.${namespace}.1.1; x`]) expect(isGone(owner)).toBe(false);
  expect(isProcessGone('nonsense')).toBe(false);
});
