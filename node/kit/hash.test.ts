// SHA-256 against the published vectors (FIPS 180-2, appendix B), and the canonical form.
import { expect, test } from 'vitest';
import { canonicalJson, sha256 } from './hash.ts';

test('the digests are those of FIPS 180-2', () => {
  expect(sha256('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

test('a text is hashed as UTF-8', () => {
  expect(sha256('é')).toBe('4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c');
});

test('the canonical form does not depend on the order in which keys were written', () => {
  expect(canonicalJson({ b: [1, { d: null, c: 'x' }], a: true })).toBe('{"a":true,"b":[1,{"c":"x","d":null}]}');
  expect(canonicalJson({ a: true, b: [1, { c: 'x', d: null }] })).toBe(canonicalJson({ b: [1, { d: null, c: 'x' }], a: true }));
});

test('a member that is undefined is left out, as on the wire', () => {
  expect(canonicalJson({ a: undefined, b: 1 })).toBe('{"b":1}');
});
