// Scripts that let a shell complete verbs and flags. They know what this release knows, and ask nobody.

import type { Command } from 'commander';
import { CliError } from './kit/exit.ts';

/** The script for a shell. Throws CliError for one that it does not know. */
export function completion(shell: string, program: Command): string {
  const verbs = program.commands.map((command) => ({
    name: command.name(),
    words: [
      ...command.commands.map((sub) => sub.name()),
      ...command.options.flatMap(({ long }) => long ?? []),
    ],
  }));
  const names = verbs.map(({ name }) => name).join(' ');
  const globals = program.options.flatMap(({ long }) => long ?? []).join(' ');
  switch (shell) {
    case 'bash':
      return `_brs() {
  local words
  case "\${COMP_WORDS[1]}" in
${verbs.map(({ name, words }) => `    ${name}) words="${words.join(' ')}" ;;`).join('\n')}
    *) words="${names}" ;;
  esac
  [ "$COMP_CWORD" -eq 1 ] && words="${names}"
  case "\${COMP_WORDS[COMP_CWORD]}" in
    -*) COMPREPLY=($(compgen -W "$words ${globals}" -- "\${COMP_WORDS[COMP_CWORD]}")) ;;
    *) COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}") $(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")) ;;
  esac
}
complete -o filenames -F _brs brs backup-restore-service
`;
    case 'zsh':
      return `#compdef brs backup-restore-service
_brs() {
  if (( CURRENT == 2 )); then
    compadd ${names}
    return
  fi
  case "$words[2]" in
${verbs.map(({ name, words }) => `    ${name}) compadd -- ${words.join(' ')} ${globals} ;;`).join('\n')}
  esac
  _files
}
compdef _brs brs backup-restore-service
`;
    case 'fish':
      return [
        `complete -c brs -f -n __fish_use_subcommand -a "${names}"`,
        ...verbs.flatMap(({ name, words }) =>
          words.map(
            (word) =>
              `complete -c brs -n "__fish_seen_subcommand_from ${name}" ${word.startsWith('--') ? `-l ${word.slice(2)}` : `-a ${word}`}`,
          ),
        ),
        '',
      ].join('\n');
    default:
      throw new CliError(`there is no completion for ${shell}: bash, zsh, fish`);
  }
}
