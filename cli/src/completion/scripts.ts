/** The shells' side of completion: they ask `tideway __complete`, which knows the commands and asks the cluster. */
const bash = `# tideway completion for bash: source <(tideway completion bash)
_tideway() {
  local cur=\${COMP_WORDS[COMP_CWORD]}
  local IFS=$'\\n'
  COMPREPLY=($(tideway __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD-1}" "$cur" 2>/dev/null))
}
complete -o default -F _tideway tideway
`;

const zsh = `#compdef tideway
# tideway completion for zsh: source <(tideway completion zsh)
_tideway() {
  local -a found
  found=(\${(f)"$(tideway __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( \${#found} )); then compadd -a found; else _files; fi
}
compdef _tideway tideway
`;

const fish = `# tideway completion for fish: tideway completion fish | source
function __tideway_complete
  set -l words (commandline -opc) (commandline -ct)
  tideway __complete -- $words[2..-1] 2>/dev/null
end
complete -c tideway -f -a '(__tideway_complete)'
`;

export const SCRIPTS: Record<string, string> = { bash, zsh, fish };
