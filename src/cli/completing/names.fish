
# Names of entries, where a command takes one: from the daemon, else from the files.
function __fish_onced_valued
    string join \n @VALUED@
end

function __fish_onced_wants_name
    set -l typed (commandline -opc)
    set -e typed[1]
    argparse -i (__fish_onced_valued) -- $typed 2>/dev/null
    or return
    set -l words (string match -v -- '-*' $argv)
    set -q words[1]
    or return
    contains -- $words[1] @MANY@
    and return
    contains -- $words[1] @ONE@
    and test (count $words) -eq 1
end

function __fish_onced_names
    set -l typed (commandline -opc)
    set -l program (string replace -r '^~/' $HOME/ -- $typed[1])
    set -e typed[1]
    argparse -i sandbox (__fish_onced_valued) -- $typed 2>/dev/null
    or return
    set -l passed $_flag_sandbox
    for option in @PASSED@
        set -l flag _flag_(string replace -a - _ -- $option)
        for value in $$flag
            set -a passed --$option=(string replace -r '^~/' $HOME/ -- $value)
        end
    end
    $program completions names $passed 2>/dev/null
end

complete -c onced -n __fish_onced_wants_name -f -a '(__fish_onced_names)' -d Entry
