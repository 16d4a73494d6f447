// The files that an experiment names, as planning sees them: it asks for a text and gets it, or why not. Whoever can read
// gives the reader.

/** place: for messages, FILE of FILE:LINE. sha256: of the bytes, in hex. */
export type FileText = { readonly place: string; readonly text: string; readonly sha256: string };
/** path: relative to the folder of the experiment, or absolute. Throws nothing. */
export type ReadFile = (path: string, mostBytes: number) => FileText | { readonly problem: string; readonly remedy: string };

/** Of whoever plans where there are no files. */
export const NO_FILES: ReadFile = (path) => ({ problem: `${JSON.stringify(path)} cannot be read here`, remedy: 'run the experiment with lab run' });
