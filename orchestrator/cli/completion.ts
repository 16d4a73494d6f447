// `lab completion`: a script for a shell, made of the commands and flags that there are and of every name that the registry
// knows. It stands alone: completing starts no process.
import type { Command } from 'commander';
import { PROFILES } from '../../netem/profiles.ts';
import { BUILTINS } from '../builtins.ts';
import { LabError } from '../errors.ts';
import { didYouMean } from '../suggest.ts';
import { COMMANDS } from './protocols/all.ts';
import { SHAPERS } from './shaper-choice.ts';

type Verb = { readonly name: string; readonly summary: string; readonly flags: readonly string[]; readonly words: readonly string[] };

const SHELLS: { readonly [shell: string]: (verbs: readonly Verb[]) => string } = { bash, zsh, fish };
const PROGRAMS = ['lab', './lab', 'consensus-lab'];

const names = (items: readonly { readonly name: string }[]) => items.map(({ name }) => name);
/** What stands where a command takes words of its own. Files are always offered too. */
const WORDS: { readonly [verb: string]: readonly string[] } = {
  run: names(BUILTINS.protocols), cluster: names(BUILTINS.protocols), fault: names(BUILTINS.faults),
  protocol: names(COMMANDS), new: ['experiment', 'workload', 'protocol'], wan: names(PROFILES), completion: Object.keys(SHELLS),
};
const VALUES: { readonly [flag: string]: readonly string[] } = {
  '--on': ['sim', 'local', 'netns', 'sim,local'], '--shaper': SHAPERS, '--wan': names(PROFILES), '--fault': names(BUILTINS.faults).map((name) => `${name}:`), '--load': ['open', 'closed', 'both'],
};

/** program: with every command added. */
export function completionScript(shell: string, program: Command): string {
  const script = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
  if (script === undefined) throw new LabError('bad-command-line', `unknown shell ${JSON.stringify(shell)}`, didYouMean(shell, Object.keys(SHELLS)));
  return script(program.commands.map((command) => ({
    name: command.name(), summary: command.description(), words: WORDS[command.name()] ?? [],
    flags: [...command.options.flatMap(({ long }) => long ?? []), '--help'],
  })));
}

/** Words between single quotes: none holds a quote. */
function list(words: readonly string[]): string {
  return `'${words.join(' ')}'`;
}

function bash(verbs: readonly Verb[]): string {
  return `# bash completion of the lab: eval "$(lab completion bash)"
_consensus_lab() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" words=''
  case "$before" in
${Object.entries(VALUES).map(([flag, values]) => `    ${flag}) COMPREPLY=($(compgen -W ${list(values)} -- "$current")); return ;;\n`).join('')}  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words=${list([...names(verbs), '--help', '--version'])}
  else case "\${COMP_WORDS[1]}" in
${verbs.map(({ name, words, flags }) => `    ${name}) words=${list([...words, ...flags])} ;;\n`).join('')}  esac; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _consensus_lab ${PROGRAMS.join(' ')}
`;
}

function zsh(verbs: readonly Verb[]): string {
  return `# zsh completion of the lab: eval "$(lab completion zsh)", after compinit
_consensus_lab() {
  local -a offered
  case "\${words[CURRENT-1]}" in
${Object.entries(VALUES).map(([flag, values]) => `    ${flag}) compadd -- ${values.join(' ')}; return ;;\n`).join('')}  esac
  if (( CURRENT == 2 )); then offered=(${names(verbs).join(' ')} --help --version)
  else case "\${words[2]}" in
${verbs.map(({ name, words, flags }) => `    ${name}) offered=(${[...words, ...flags].join(' ')}) ;;\n`).join('')}  esac; fi
  compadd -- $offered
  _files
}
compdef _consensus_lab ${PROGRAMS.join(' ')}
`;
}

function fish(verbs: readonly Verb[]): string {
  const quoted = (text: string) => `'${text.replaceAll('\'', '\\\'')}'`;
  const lines = ['lab', 'consensus-lab'].flatMap((program) => verbs.flatMap(({ name, summary, words, flags }) => [
    `complete -c ${program} -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
    ...(words.length === 0 ? [] : [`complete -c ${program} -n '__fish_seen_subcommand_from ${name}' -a ${list(words)}`]),
    ...flags.map((flag) => {
      const values = VALUES[flag];
      return `complete -c ${program} -n '__fish_seen_subcommand_from ${name}' -l ${flag.slice(2)}${values === undefined ? '' : ` -x -a ${list(values)}`}`;
    }),
  ]));
  return `# fish completion of the lab: lab completion fish | source\n${lines.join('\n')}\n`;
}
