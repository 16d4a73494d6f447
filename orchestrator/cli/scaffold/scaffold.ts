// One kind of thing that `lab new` writes: a file that runs as it is, to be changed from there. One kind, one file here.
export interface Scaffold {
  readonly kind: string;
  readonly summary: string;
  /** Where it is written when --out does not say otherwise, relative to the working folder. */
  path(name: string): string;
  text(name: string): string;
  /** What to type next; `path` is where it was written. */
  next(name: string, path: string): readonly string[];
}
