
# Names of entries, where a command takes one: from the daemon, else from the files.
_onced_names() {
    local cur=$1 command="" taken=0 index=1 word
    local -a passed=()
    [[ $cur == -* || $cur == *[!A-Za-z0-9._-]* ]] && return 1
    while ((index < COMP_CWORD)); do
        word=${COMP_WORDS[index]}
        case $word in
            @VALUED@)
                ((index += 1))
                [[ ${COMP_WORDS[index]} == "=" ]] && ((index += 1))
                ((index < COMP_CWORD)) || return 1
                case $word in
                    @PASSED@) passed+=("$word=$(_onced_plain "${COMP_WORDS[index]}")") ;;
                esac
                ;;
            --sandbox) passed+=("$word") ;;
            -*) ;;
            *)
                if [[ -z $command ]]; then command=$word; else ((taken += 1)); fi
                ;;
        esac
        ((index += 1))
    done
    local one=" @ONE@ " many=" @MANY@ "
    [[ -n $command ]] || return 1
    [[ $many == *" $command "* || ($one == *" $command "* && $taken -eq 0) ]] || return 1
    # shellcheck disable=SC2207 # a name has no blanks
    COMPREPLY=($("$(_onced_plain "${COMP_WORDS[0]}")" completions names ${passed[@]+"${passed[@]}"} 2>/dev/null | grep "^${cur//./\\.}"))
    compopt +o default +o bashdefault 2>/dev/null
    return 0
}

# A word as the command would get it: without quotes, with the home directory.
_onced_plain() {
    local word=$1
    [[ $word == \~/* ]] && word=$HOME/${word:2}
    word=${word//[\"\'\\]/}
    printf '%s' "$word"
}

_onced_or_names() {
    _onced_names "${COMP_WORDS[COMP_CWORD]}" || _onced "$@"
}
