
# Names of entries, where a command takes one: from the daemon, else from the files.
_onced_names() {
    local word index=2
    local -a passed names
    while (( index < onced_current )); do
        word=$(_onced_plain ${onced_typed[index]})
        case $word in
            (@PASSED@) (( index += 1 )); passed+=("$word=$(_onced_plain ${onced_typed[index]})") ;;
            (@PASSED_WITH_VALUE@|--sandbox) passed+=($word) ;;
        esac
        (( index += 1 ))
    done
    names=(${(f)"$("$(_onced_plain ${onced_typed[1]})" completions names $passed 2>/dev/null)"})
    local expl
    _wanted names expl 'entry' compadd -a names
}

# A word as the command would get it: without quotes, with the home directory.
_onced_plain() {
    local word=${(Q)1}
    print -rn -- ${word/#\~\//$HOME/}
}
