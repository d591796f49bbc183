#compdef onced

autoload -U is-at-least

# Names of entries, where a command takes one: from the daemon, else from the files.
_onced_names() {
    local word index=2
    local -a passed names
    while (( index < onced_current )); do
        word=$(_onced_plain ${onced_typed[index]})
        case $word in
            (--config|--directory|--state-directory|--owner|--state-machine|--endpoint-url|--region|--set) (( index += 1 )); passed+=("$word=$(_onced_plain ${onced_typed[index]})") ;;
            (--config=*|--directory=*|--state-directory=*|--owner=*|--state-machine=*|--endpoint-url=*|--region=*|--set=*|--sandbox) passed+=($word) ;;
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

_onced() {
    local -a onced_typed=("${words[@]}")
    local onced_current=$CURRENT
    typeset -A opt_args
    typeset -a _arguments_options
    local ret=1

    if is-at-least 5.2; then
        _arguments_options=(-s -S -C)
    else
        _arguments_options=(-s -C)
    fi

    local context curcontext="$curcontext" state line
    _arguments "${_arguments_options[@]}" : \
'--config=[The configuration file]:FILE:_files' \
'--directory=[The directory of schedule files]:DIRECTORY:_default' \
'--state-directory=[Where the ledger is kept]:DIRECTORY:_default' \
'--owner=[Whose executions these are\: 1 to 16 lower-case letters and digits]:NAME:_default' \
'--state-machine=[The state machine that lambdas run through]:ARN:_default' \
'--endpoint-url=[Another endpoint than AWS'\''s]:URL:_default' \
'--region=[The region, where the state machine'\''s ARN does not say it]:REGION:_default' \
'*--set=[Set any key of the configuration]:SECTION.KEY=VALUE:_default' \
'--format=[How results are printed]:FORMAT:((text\:"For people"
json\:"For programs"
markdown\:"For a pull request'\''s comment"
github\:"For GitHub'\''s annotations"
sarif\:"For code scanning"))' \
'--color=[Colour in what is printed]:COLOR:((auto\:"On a terminal, unless \`NO_COLOR\` is set"
always\:"Yes"
never\:"No"))' \
'--log-format=[How logs are printed\: by default for people, and into the journal where systemd connects stderr with it]:LOG_FORMAT:((text\:"For people; on a terminal in short"
json\:"One object a line"
journald\:"Into systemd'\''s journal, with fields"))' \
'--sandbox[Run against the embedded Step Functions\: no AWS, no credentials]' \
'*-v[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'*--verbose[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'-q[Only warnings]' \
'--quiet[Only warnings]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'-V[Print version]' \
'--version[Print version]' \
":: :_onced_commands" \
"*::: :->onced" \
&& ret=0
    case $state in
    (onced)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:onced-command-$line[1]:"
        case $line[1] in
            (run)
_arguments "${_arguments_options[@]}" : \
'--lambda-endpoint=[Where \`--sandbox\` sends invocations\: a Lambda-compatible endpoint]:URL:_default' \
'--config=[The configuration file]:FILE:_files' \
'--directory=[The directory of schedule files]:DIRECTORY:_default' \
'--state-directory=[Where the ledger is kept]:DIRECTORY:_default' \
'--owner=[Whose executions these are\: 1 to 16 lower-case letters and digits]:NAME:_default' \
'--state-machine=[The state machine that lambdas run through]:ARN:_default' \
'--endpoint-url=[Another endpoint than AWS'\''s]:URL:_default' \
'--region=[The region, where the state machine'\''s ARN does not say it]:REGION:_default' \
'*--set=[Set any key of the configuration]:SECTION.KEY=VALUE:_default' \
'--format=[How results are printed]:FORMAT:((text\:"For people"
json\:"For programs"
markdown\:"For a pull request'\''s comment"
github\:"For GitHub'\''s annotations"
sarif\:"For code scanning"))' \
'--color=[Colour in what is printed]:COLOR:((auto\:"On a terminal, unless \`NO_COLOR\` is set"
always\:"Yes"
never\:"No"))' \
'--log-format=[How logs are printed\: by default for people, and into the journal where systemd connects stderr with it]:LOG_FORMAT:((text\:"For people; on a terminal in short"
json\:"One object a line"
journald\:"Into systemd'\''s journal, with fields"))' \
'--sandbox[Run against the embedded Step Functions\: no AWS, no credentials]' \
'*-v[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'*--verbose[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'-q[Only warnings]' \
'--quiet[Only warnings]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::schedules -- The directory of schedule files:_default' \
&& ret=0
;;
(sync)
_arguments "${_arguments_options[@]}" : \
'--lambda-endpoint=[Where \`--sandbox\` sends invocations\: a Lambda-compatible endpoint]:URL:_default' \
'--config=[The configuration file]:FILE:_files' \
'--directory=[The directory of schedule files]:DIRECTORY:_default' \
'--state-directory=[Where the ledger is kept]:DIRECTORY:_default' \
'--owner=[Whose executions these are\: 1 to 16 lower-case letters and digits]:NAME:_default' \
'--state-machine=[The state machine that lambdas run through]:ARN:_default' \
'--endpoint-url=[Another endpoint than AWS'\''s]:URL:_default' \
'--region=[The region, where the state machine'\''s ARN does not say it]:REGION:_default' \
'*--set=[Set any key of the configuration]:SECTION.KEY=VALUE:_default' \
'--format=[How results are printed]:FORMAT:((text\:"For people"
json\:"For programs"
markdown\:"For a pull request'\''s comment"
github\:"For GitHub'\''s annotations"
sarif\:"For code scanning"))' \
'--color=[Colour in what is printed]:COLOR:((auto\:"On a terminal, unless \`NO_COLOR\` is set"
always\:"Yes"
never\:"No"))' \
'--log-format=[How logs are printed\: by default for people, and into the journal where systemd connects stderr with it]:LOG_FORMAT:((text\:"For people; on a terminal in short"
json\:"One object a line"
journald\:"Into systemd'\''s journal, with fields"))' \
'--sandbox[Run against the embedded Step Functions\: no AWS, no credentials]' \
'*-v[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'*--verbose[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'-q[Only warnings]' \
'--quiet[Only warnings]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::schedules -- The directory of schedule files:_default' \
&& ret=0
;;
(plan)
_arguments "${_arguments_options[@]}" : \
'--against=[Compare with the directory as it is in this commit, instead of with what is recorded\: offline, without ledger, owner or credentials]:GIT_REF:_default' \
'--zoneinfo=[As if local times were read by the time zone rules in this directory\: shows which firings they would move, and by how much. Compares the files alone, offline, and with \`--against\` reads both versions by them]:DIRECTORY:_files' \
'--as-of=[As if it were this time\: local time in the configured time zone, or with an offset; or a duration from now]:TIME:_default' \
'*--fail-on=[Exit with 1 where an entry that the plan is about has a time that is past, of another offset than its zone'\''s, of a zone such as \`Etc/GMT+8\`, near a change of the clocks, farther ahead than the horizon, or within 5 minutes of another; or a payload that other programs read as something else, or that may not be what was meant]:WHAT:((past\:"Its time is past"
offset\:"It has an offset which the zone that is named for it does not have then"
etc-gmt\:"Its zone is of the form \`Etc/GMT+8\`, which is UTC-8"
dst\:"It is in local time, and the clocks change within a day of it"
far\:"It is farther ahead than \`reconcile.horizon\`"
close\:"Others fire within 5 minutes of it"
yaml11\:"Something in its payload is another value for programs that read YAML 1.1"
json-text\:"Its payload is a text that holds a JSON object or list"
big-integer\:"An integer in its payload is another one for programs that keep numbers in 64 bits"
null-payload\:"\`payload\:\` stands there with nothing behind it"))' \
'--config=[The configuration file]:FILE:_files' \
'--directory=[The directory of schedule files]:DIRECTORY:_default' \
'--state-directory=[Where the ledger is kept]:DIRECTORY:_default' \
'--owner=[Whose executions these are\: 1 to 16 lower-case letters and digits]:NAME:_default' \
'--state-machine=[The state machine that lambdas run through]:ARN:_default' \
'--endpoint-url=[Another endpoint than AWS'\''s]:URL:_default' \
'--region=[The region, where the state machine'\''s ARN does not say it]:REGION:_default' \
'*--set=[Set any key of the configuration]:SECTION.KEY=VALUE:_default' \
'--format=[How results are printed]:FORMAT:((text\:"For people"
json\:"For programs"
markdown\:"For a pull request'\''s comment"
github\:"For GitHub'\''s annotations"
sarif\:"For code scanning"))' \
'--color=[Colour in what is printed]:COLOR:((auto\:"On a terminal, unless \`NO_COLOR\` is set"
always\:"Yes"
never\:"No"))' \
'--log-format=[How logs are printed\: by default for people, and into the journal where systemd connects stderr with it]:LOG_FORMAT:((text\:"For people; on a terminal in short"
json\:"One object a line"
journald\:"Into systemd'\''s journal, with fields"))' \
'--detailed-exitcode[Exit with 2 where changes are pending]' \
'--sandbox[Run against the embedded Step Functions\: no AWS, no credentials]' \
'*-v[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'*--verbose[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'-q[Only warnings]' \
'--quiet[Only warnings]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::schedules -- The directory of schedule files:_default' \
&& ret=0
;;
(check)
_arguments "${_arguments_options[@]}" : \
'--config=[The configuration file]:FILE:_files' \
'--directory=[The directory of schedule files]:DIRECTORY:_default' \
'--state-directory=[Where the ledger is kept]:DIRECTORY:_default' \
'--owner=[Whose executions these are\: 1 to 16 lower-case letters and digits]:NAME:_default' \
'--state-machine=[The state machine that lambdas run through]:ARN:_default' \
'--endpoint-url=[Another endpoint than AWS'\''s]:URL:_default' \
'--region=[The region, where the state machine'\''s ARN does not say it]:REGION:_default' \
'*--set=[Set any key of the configuration]:SECTION.KEY=VALUE:_default' \
'--format=[How results are printed]:FORMAT:((text\:"For people"
json\:"For programs"
markdown\:"For a pull request'\''s comment"
github\:"For GitHub'\''s annotations"
sarif\:"For code scanning"))' \
'--color=[Colour in what is printed]:COLOR:((auto\:"On a terminal, unless \`NO_COLOR\` is set"
always\:"Yes"
never\:"No"))' \
'--log-format=[How logs are printed\: by default for people, and into the journal where systemd connects stderr with it]:LOG_FORMAT:((text\:"For people; on a terminal in short"
json\:"One object a line"
journald\:"Into systemd'\''s journal, with fields"))' \
'--sandbox[Run against the embedded Step Functions\: no AWS, no credentials]' \
'*-v[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'*--verbose[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'-q[Only warnings]' \
'--quiet[Only warnings]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'*::paths -- Files and directories; the configured directory where none is named:_files' \
&& ret=0
;;
(list)
_arguments "${_arguments_options[@]}" : \
'--due=[Only what will fire within this time, such as \`24h\`]:DURATION:_default' \
'*--phase=[Only entries in this phase. May be given more than once, or with commas]:PHASE:(pending deferred disabled starting scheduled stopping stopped succeeded failed timed_out aborted missed refused)' \
'*--file=[Only entries of files whose path matches, such as \`team-a/*\`]:GLOB:_default' \
'--config=[The configuration file]:FILE:_files' \
'--directory=[The directory of schedule files]:DIRECTORY:_default' \
'--state-directory=[Where the ledger is kept]:DIRECTORY:_default' \
'--owner=[Whose executions these are\: 1 to 16 lower-case letters and digits]:NAME:_default' \
'--state-machine=[The state machine that lambdas run through]:ARN:_default' \
'--endpoint-url=[Another endpoint than AWS'\''s]:URL:_default' \
'--region=[The region, where the state machine'\''s ARN does not say it]:REGION:_default' \
'*--set=[Set any key of the configuration]:SECTION.KEY=VALUE:_default' \
'--format=[How results are printed]:FORMAT:((text\:"For people"
json\:"For programs"
markdown\:"For a pull request'\''s comment"
github\:"For GitHub'\''s annotations"
sarif\:"For code scanning"))' \
'--color=[Colour in what is printed]:COLOR:((auto\:"On a terminal, unless \`NO_COLOR\` is set"
always\:"Yes"
never\:"No"))' \
'--log-format=[How logs are printed\: by default for people, and into the journal where systemd connects stderr with it]:LOG_FORMAT:((text\:"For people; on a terminal in short"
json\:"One object a line"
journald\:"Into systemd'\''s journal, with fields"))' \
'--watch[Draw it anew as things change, until Ctrl-C. On a terminal only]' \
'--sandbox[Run against the embedded Step Functions\: no AWS, no credentials]' \
'*-v[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'*--verbose[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'-q[Only warnings]' \
'--quiet[Only warnings]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'*::names -- Only entries whose name matches one of these patterns, such as `launch-*`:_onced_names' \
&& ret=0
;;
(calendar)
_arguments "${_arguments_options[@]}" : \
'--month=[The first month. By default this one; with \`--ics\` and \`--html\`, all that have firings]:YYYY-MM:_default' \
'--months=[How many months]:NUMBER:_default' \
'--config=[The configuration file]:FILE:_files' \
'--directory=[The directory of schedule files]:DIRECTORY:_default' \
'--state-directory=[Where the ledger is kept]:DIRECTORY:_default' \
'--owner=[Whose executions these are\: 1 to 16 lower-case letters and digits]:NAME:_default' \
'--state-machine=[The state machine that lambdas run through]:ARN:_default' \
'--endpoint-url=[Another endpoint than AWS'\''s]:URL:_default' \
'--region=[The region, where the state machine'\''s ARN does not say it]:REGION:_default' \
'*--set=[Set any key of the configuration]:SECTION.KEY=VALUE:_default' \
'--format=[How results are printed]:FORMAT:((text\:"For people"
json\:"For programs"
markdown\:"For a pull request'\''s comment"
github\:"For GitHub'\''s annotations"
sarif\:"For code scanning"))' \
'--color=[Colour in what is printed]:COLOR:((auto\:"On a terminal, unless \`NO_COLOR\` is set"
always\:"Yes"
never\:"No"))' \
'--log-format=[How logs are printed\: by default for people, and into the journal where systemd connects stderr with it]:LOG_FORMAT:((text\:"For people; on a terminal in short"
json\:"One object a line"
journald\:"Into systemd'\''s journal, with fields"))' \
'(--html)--ics[As an iCalendar feed, for calendars to subscribe to]' \
'--html[As one page of HTML that needs nothing else]' \
'--sandbox[Run against the embedded Step Functions\: no AWS, no credentials]' \
'*-v[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'*--verbose[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'-q[Only warnings]' \
'--quiet[Only warnings]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'*::names -- Only entries whose name matches one of these patterns, such as `launch-*`:_onced_names' \
&& ret=0
;;
(show)
_arguments "${_arguments_options[@]}" : \
'--config=[The configuration file]:FILE:_files' \
'--directory=[The directory of schedule files]:DIRECTORY:_default' \
'--state-directory=[Where the ledger is kept]:DIRECTORY:_default' \
'--owner=[Whose executions these are\: 1 to 16 lower-case letters and digits]:NAME:_default' \
'--state-machine=[The state machine that lambdas run through]:ARN:_default' \
'--endpoint-url=[Another endpoint than AWS'\''s]:URL:_default' \
'--region=[The region, where the state machine'\''s ARN does not say it]:REGION:_default' \
'*--set=[Set any key of the configuration]:SECTION.KEY=VALUE:_default' \
'--format=[How results are printed]:FORMAT:((text\:"For people"
json\:"For programs"
markdown\:"For a pull request'\''s comment"
github\:"For GitHub'\''s annotations"
sarif\:"For code scanning"))' \
'--color=[Colour in what is printed]:COLOR:((auto\:"On a terminal, unless \`NO_COLOR\` is set"
always\:"Yes"
never\:"No"))' \
'--log-format=[How logs are printed\: by default for people, and into the journal where systemd connects stderr with it]:LOG_FORMAT:((text\:"For people; on a terminal in short"
json\:"One object a line"
journald\:"Into systemd'\''s journal, with fields"))' \
'--sandbox[Run against the embedded Step Functions\: no AWS, no credentials]' \
'*-v[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'*--verbose[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'-q[Only warnings]' \
'--quiet[Only warnings]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':name -- The entry:_onced_names' \
&& ret=0
;;
(history)
_arguments "${_arguments_options[@]}" : \
'--config=[The configuration file]:FILE:_files' \
'--directory=[The directory of schedule files]:DIRECTORY:_default' \
'--state-directory=[Where the ledger is kept]:DIRECTORY:_default' \
'--owner=[Whose executions these are\: 1 to 16 lower-case letters and digits]:NAME:_default' \
'--state-machine=[The state machine that lambdas run through]:ARN:_default' \
'--endpoint-url=[Another endpoint than AWS'\''s]:URL:_default' \
'--region=[The region, where the state machine'\''s ARN does not say it]:REGION:_default' \
'*--set=[Set any key of the configuration]:SECTION.KEY=VALUE:_default' \
'--format=[How results are printed]:FORMAT:((text\:"For people"
json\:"For programs"
markdown\:"For a pull request'\''s comment"
github\:"For GitHub'\''s annotations"
sarif\:"For code scanning"))' \
'--color=[Colour in what is printed]:COLOR:((auto\:"On a terminal, unless \`NO_COLOR\` is set"
always\:"Yes"
never\:"No"))' \
'--log-format=[How logs are printed\: by default for people, and into the journal where systemd connects stderr with it]:LOG_FORMAT:((text\:"For people; on a terminal in short"
json\:"One object a line"
journald\:"Into systemd'\''s journal, with fields"))' \
'--sandbox[Run against the embedded Step Functions\: no AWS, no credentials]' \
'*-v[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'*--verbose[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'-q[Only warnings]' \
'--quiet[Only warnings]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::name -- Only this entry:_onced_names' \
&& ret=0
;;
(report)
_arguments "${_arguments_options[@]}" : \
'--since=[From when\: a duration before now, or a time]:DURATION|TIME:_default' \
'--config=[The configuration file]:FILE:_files' \
'--directory=[The directory of schedule files]:DIRECTORY:_default' \
'--state-directory=[Where the ledger is kept]:DIRECTORY:_default' \
'--owner=[Whose executions these are\: 1 to 16 lower-case letters and digits]:NAME:_default' \
'--state-machine=[The state machine that lambdas run through]:ARN:_default' \
'--endpoint-url=[Another endpoint than AWS'\''s]:URL:_default' \
'--region=[The region, where the state machine'\''s ARN does not say it]:REGION:_default' \
'*--set=[Set any key of the configuration]:SECTION.KEY=VALUE:_default' \
'--format=[How results are printed]:FORMAT:((text\:"For people"
json\:"For programs"
markdown\:"For a pull request'\''s comment"
github\:"For GitHub'\''s annotations"
sarif\:"For code scanning"))' \
'--color=[Colour in what is printed]:COLOR:((auto\:"On a terminal, unless \`NO_COLOR\` is set"
always\:"Yes"
never\:"No"))' \
'--log-format=[How logs are printed\: by default for people, and into the journal where systemd connects stderr with it]:LOG_FORMAT:((text\:"For people; on a terminal in short"
json\:"One object a line"
journald\:"Into systemd'\''s journal, with fields"))' \
'--sandbox[Run against the embedded Step Functions\: no AWS, no credentials]' \
'*-v[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'*--verbose[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'-q[Only warnings]' \
'--quiet[Only warnings]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(approve)
_arguments "${_arguments_options[@]}" : \
'--config=[The configuration file]:FILE:_files' \
'--directory=[The directory of schedule files]:DIRECTORY:_default' \
'--state-directory=[Where the ledger is kept]:DIRECTORY:_default' \
'--owner=[Whose executions these are\: 1 to 16 lower-case letters and digits]:NAME:_default' \
'--state-machine=[The state machine that lambdas run through]:ARN:_default' \
'--endpoint-url=[Another endpoint than AWS'\''s]:URL:_default' \
'--region=[The region, where the state machine'\''s ARN does not say it]:REGION:_default' \
'*--set=[Set any key of the configuration]:SECTION.KEY=VALUE:_default' \
'--format=[How results are printed]:FORMAT:((text\:"For people"
json\:"For programs"
markdown\:"For a pull request'\''s comment"
github\:"For GitHub'\''s annotations"
sarif\:"For code scanning"))' \
'--color=[Colour in what is printed]:COLOR:((auto\:"On a terminal, unless \`NO_COLOR\` is set"
always\:"Yes"
never\:"No"))' \
'--log-format=[How logs are printed\: by default for people, and into the journal where systemd connects stderr with it]:LOG_FORMAT:((text\:"For people; on a terminal in short"
json\:"One object a line"
journald\:"Into systemd'\''s journal, with fields"))' \
'--sandbox[Run against the embedded Step Functions\: no AWS, no credentials]' \
'*-v[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'*--verbose[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'-q[Only warnings]' \
'--quiet[Only warnings]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':digest -- The digest that `onced plan` shows:_default' \
&& ret=0
;;
(pause)
_arguments "${_arguments_options[@]}" : \
'--until=[When it ends by itself\: local time in the configured time zone, or with an offset]:TIME:_default' \
'--config=[The configuration file]:FILE:_files' \
'--directory=[The directory of schedule files]:DIRECTORY:_default' \
'--state-directory=[Where the ledger is kept]:DIRECTORY:_default' \
'--owner=[Whose executions these are\: 1 to 16 lower-case letters and digits]:NAME:_default' \
'--state-machine=[The state machine that lambdas run through]:ARN:_default' \
'--endpoint-url=[Another endpoint than AWS'\''s]:URL:_default' \
'--region=[The region, where the state machine'\''s ARN does not say it]:REGION:_default' \
'*--set=[Set any key of the configuration]:SECTION.KEY=VALUE:_default' \
'--format=[How results are printed]:FORMAT:((text\:"For people"
json\:"For programs"
markdown\:"For a pull request'\''s comment"
github\:"For GitHub'\''s annotations"
sarif\:"For code scanning"))' \
'--color=[Colour in what is printed]:COLOR:((auto\:"On a terminal, unless \`NO_COLOR\` is set"
always\:"Yes"
never\:"No"))' \
'--log-format=[How logs are printed\: by default for people, and into the journal where systemd connects stderr with it]:LOG_FORMAT:((text\:"For people; on a terminal in short"
json\:"One object a line"
journald\:"Into systemd'\''s journal, with fields"))' \
'--sandbox[Run against the embedded Step Functions\: no AWS, no credentials]' \
'*-v[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'*--verbose[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'-q[Only warnings]' \
'--quiet[Only warnings]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(resume)
_arguments "${_arguments_options[@]}" : \
'--config=[The configuration file]:FILE:_files' \
'--directory=[The directory of schedule files]:DIRECTORY:_default' \
'--state-directory=[Where the ledger is kept]:DIRECTORY:_default' \
'--owner=[Whose executions these are\: 1 to 16 lower-case letters and digits]:NAME:_default' \
'--state-machine=[The state machine that lambdas run through]:ARN:_default' \
'--endpoint-url=[Another endpoint than AWS'\''s]:URL:_default' \
'--region=[The region, where the state machine'\''s ARN does not say it]:REGION:_default' \
'*--set=[Set any key of the configuration]:SECTION.KEY=VALUE:_default' \
'--format=[How results are printed]:FORMAT:((text\:"For people"
json\:"For programs"
markdown\:"For a pull request'\''s comment"
github\:"For GitHub'\''s annotations"
sarif\:"For code scanning"))' \
'--color=[Colour in what is printed]:COLOR:((auto\:"On a terminal, unless \`NO_COLOR\` is set"
always\:"Yes"
never\:"No"))' \
'--log-format=[How logs are printed\: by default for people, and into the journal where systemd connects stderr with it]:LOG_FORMAT:((text\:"For people; on a terminal in short"
json\:"One object a line"
journald\:"Into systemd'\''s journal, with fields"))' \
'--dry-run[Only say it]' \
'--sandbox[Run against the embedded Step Functions\: no AWS, no credentials]' \
'*-v[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'*--verbose[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'-q[Only warnings]' \
'--quiet[Only warnings]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(reload)
_arguments "${_arguments_options[@]}" : \
'--config=[The configuration file]:FILE:_files' \
'--directory=[The directory of schedule files]:DIRECTORY:_default' \
'--state-directory=[Where the ledger is kept]:DIRECTORY:_default' \
'--owner=[Whose executions these are\: 1 to 16 lower-case letters and digits]:NAME:_default' \
'--state-machine=[The state machine that lambdas run through]:ARN:_default' \
'--endpoint-url=[Another endpoint than AWS'\''s]:URL:_default' \
'--region=[The region, where the state machine'\''s ARN does not say it]:REGION:_default' \
'*--set=[Set any key of the configuration]:SECTION.KEY=VALUE:_default' \
'--format=[How results are printed]:FORMAT:((text\:"For people"
json\:"For programs"
markdown\:"For a pull request'\''s comment"
github\:"For GitHub'\''s annotations"
sarif\:"For code scanning"))' \
'--color=[Colour in what is printed]:COLOR:((auto\:"On a terminal, unless \`NO_COLOR\` is set"
always\:"Yes"
never\:"No"))' \
'--log-format=[How logs are printed\: by default for people, and into the journal where systemd connects stderr with it]:LOG_FORMAT:((text\:"For people; on a terminal in short"
json\:"One object a line"
journald\:"Into systemd'\''s journal, with fields"))' \
'--sandbox[Run against the embedded Step Functions\: no AWS, no credentials]' \
'*-v[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'*--verbose[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'-q[Only warnings]' \
'--quiet[Only warnings]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(ledger)
_arguments "${_arguments_options[@]}" : \
'--config=[The configuration file]:FILE:_files' \
'--directory=[The directory of schedule files]:DIRECTORY:_default' \
'--state-directory=[Where the ledger is kept]:DIRECTORY:_default' \
'--owner=[Whose executions these are\: 1 to 16 lower-case letters and digits]:NAME:_default' \
'--state-machine=[The state machine that lambdas run through]:ARN:_default' \
'--endpoint-url=[Another endpoint than AWS'\''s]:URL:_default' \
'--region=[The region, where the state machine'\''s ARN does not say it]:REGION:_default' \
'*--set=[Set any key of the configuration]:SECTION.KEY=VALUE:_default' \
'--format=[How results are printed]:FORMAT:((text\:"For people"
json\:"For programs"
markdown\:"For a pull request'\''s comment"
github\:"For GitHub'\''s annotations"
sarif\:"For code scanning"))' \
'--color=[Colour in what is printed]:COLOR:((auto\:"On a terminal, unless \`NO_COLOR\` is set"
always\:"Yes"
never\:"No"))' \
'--log-format=[How logs are printed\: by default for people, and into the journal where systemd connects stderr with it]:LOG_FORMAT:((text\:"For people; on a terminal in short"
json\:"One object a line"
journald\:"Into systemd'\''s journal, with fields"))' \
'--sandbox[Run against the embedded Step Functions\: no AWS, no credentials]' \
'*-v[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'*--verbose[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'-q[Only warnings]' \
'--quiet[Only warnings]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
":: :_onced__subcmd__ledger_commands" \
"*::: :->ledger" \
&& ret=0

    case $state in
    (ledger)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:onced-ledger-command-$line[1]:"
        case $line[1] in
            (export)
_arguments "${_arguments_options[@]}" : \
'--config=[The configuration file]:FILE:_files' \
'--directory=[The directory of schedule files]:DIRECTORY:_default' \
'--state-directory=[Where the ledger is kept]:DIRECTORY:_default' \
'--owner=[Whose executions these are\: 1 to 16 lower-case letters and digits]:NAME:_default' \
'--state-machine=[The state machine that lambdas run through]:ARN:_default' \
'--endpoint-url=[Another endpoint than AWS'\''s]:URL:_default' \
'--region=[The region, where the state machine'\''s ARN does not say it]:REGION:_default' \
'*--set=[Set any key of the configuration]:SECTION.KEY=VALUE:_default' \
'--format=[How results are printed]:FORMAT:((text\:"For people"
json\:"For programs"
markdown\:"For a pull request'\''s comment"
github\:"For GitHub'\''s annotations"
sarif\:"For code scanning"))' \
'--color=[Colour in what is printed]:COLOR:((auto\:"On a terminal, unless \`NO_COLOR\` is set"
always\:"Yes"
never\:"No"))' \
'--log-format=[How logs are printed\: by default for people, and into the journal where systemd connects stderr with it]:LOG_FORMAT:((text\:"For people; on a terminal in short"
json\:"One object a line"
journald\:"Into systemd'\''s journal, with fields"))' \
'--sandbox[Run against the embedded Step Functions\: no AWS, no credentials]' \
'*-v[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'*--verbose[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'-q[Only warnings]' \
'--quiet[Only warnings]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(import)
_arguments "${_arguments_options[@]}" : \
'--config=[The configuration file]:FILE:_files' \
'--directory=[The directory of schedule files]:DIRECTORY:_default' \
'--state-directory=[Where the ledger is kept]:DIRECTORY:_default' \
'--owner=[Whose executions these are\: 1 to 16 lower-case letters and digits]:NAME:_default' \
'--state-machine=[The state machine that lambdas run through]:ARN:_default' \
'--endpoint-url=[Another endpoint than AWS'\''s]:URL:_default' \
'--region=[The region, where the state machine'\''s ARN does not say it]:REGION:_default' \
'*--set=[Set any key of the configuration]:SECTION.KEY=VALUE:_default' \
'--format=[How results are printed]:FORMAT:((text\:"For people"
json\:"For programs"
markdown\:"For a pull request'\''s comment"
github\:"For GitHub'\''s annotations"
sarif\:"For code scanning"))' \
'--color=[Colour in what is printed]:COLOR:((auto\:"On a terminal, unless \`NO_COLOR\` is set"
always\:"Yes"
never\:"No"))' \
'--log-format=[How logs are printed\: by default for people, and into the journal where systemd connects stderr with it]:LOG_FORMAT:((text\:"For people; on a terminal in short"
json\:"One object a line"
journald\:"Into systemd'\''s journal, with fields"))' \
'--sandbox[Run against the embedded Step Functions\: no AWS, no credentials]' \
'*-v[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'*--verbose[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'-q[Only warnings]' \
'--quiet[Only warnings]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::file -- The file; `-` is standard input:_default' \
&& ret=0
;;
(check)
_arguments "${_arguments_options[@]}" : \
'--config=[The configuration file]:FILE:_files' \
'--directory=[The directory of schedule files]:DIRECTORY:_default' \
'--state-directory=[Where the ledger is kept]:DIRECTORY:_default' \
'--owner=[Whose executions these are\: 1 to 16 lower-case letters and digits]:NAME:_default' \
'--state-machine=[The state machine that lambdas run through]:ARN:_default' \
'--endpoint-url=[Another endpoint than AWS'\''s]:URL:_default' \
'--region=[The region, where the state machine'\''s ARN does not say it]:REGION:_default' \
'*--set=[Set any key of the configuration]:SECTION.KEY=VALUE:_default' \
'--format=[How results are printed]:FORMAT:((text\:"For people"
json\:"For programs"
markdown\:"For a pull request'\''s comment"
github\:"For GitHub'\''s annotations"
sarif\:"For code scanning"))' \
'--color=[Colour in what is printed]:COLOR:((auto\:"On a terminal, unless \`NO_COLOR\` is set"
always\:"Yes"
never\:"No"))' \
'--log-format=[How logs are printed\: by default for people, and into the journal where systemd connects stderr with it]:LOG_FORMAT:((text\:"For people; on a terminal in short"
json\:"One object a line"
journald\:"Into systemd'\''s journal, with fields"))' \
'--sandbox[Run against the embedded Step Functions\: no AWS, no credentials]' \
'*-v[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'*--verbose[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'-q[Only warnings]' \
'--quiet[Only warnings]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(rebuild)
_arguments "${_arguments_options[@]}" : \
'--config=[The configuration file]:FILE:_files' \
'--directory=[The directory of schedule files]:DIRECTORY:_default' \
'--state-directory=[Where the ledger is kept]:DIRECTORY:_default' \
'--owner=[Whose executions these are\: 1 to 16 lower-case letters and digits]:NAME:_default' \
'--state-machine=[The state machine that lambdas run through]:ARN:_default' \
'--endpoint-url=[Another endpoint than AWS'\''s]:URL:_default' \
'--region=[The region, where the state machine'\''s ARN does not say it]:REGION:_default' \
'*--set=[Set any key of the configuration]:SECTION.KEY=VALUE:_default' \
'--format=[How results are printed]:FORMAT:((text\:"For people"
json\:"For programs"
markdown\:"For a pull request'\''s comment"
github\:"For GitHub'\''s annotations"
sarif\:"For code scanning"))' \
'--color=[Colour in what is printed]:COLOR:((auto\:"On a terminal, unless \`NO_COLOR\` is set"
always\:"Yes"
never\:"No"))' \
'--log-format=[How logs are printed\: by default for people, and into the journal where systemd connects stderr with it]:LOG_FORMAT:((text\:"For people; on a terminal in short"
json\:"One object a line"
journald\:"Into systemd'\''s journal, with fields"))' \
'--sandbox[Run against the embedded Step Functions\: no AWS, no credentials]' \
'*-v[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'*--verbose[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'-q[Only warnings]' \
'--quiet[Only warnings]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_onced__subcmd__ledger__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:onced-ledger-help-command-$line[1]:"
        case $line[1] in
            (export)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(import)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(check)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(rebuild)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
;;
(add)
_arguments "${_arguments_options[@]}" : \
'--at=[When\: \`2026-12-01T09\:00\:00\`, \`tomorrow 09\:00\`, \`monday 09\:00\`, \`09\:00\`; in the time zone, or with an offset]:TIME:_default' \
'--in=[From now, such as \`30s\`]:DURATION:_default' \
'--lambda=[The function'\''s name or ARN]:FUNCTION:_default' \
'--payload=[What the function is given, as JSON]:JSON:_default' \
'--timezone=[The zone of \`--at\`; else that of the file'\''s defaults or of the configuration]:ZONE:_default' \
'--description=[What it is for]:TEXT:_default' \
'--grace=[How late it may still be started]:DURATION:_default' \
'--file=[The schedule file, within the directory; it may be there already. \`NAME.yaml\` where it is not given]:FILE:_default' \
'--config=[The configuration file]:FILE:_files' \
'--directory=[The directory of schedule files]:DIRECTORY:_default' \
'--state-directory=[Where the ledger is kept]:DIRECTORY:_default' \
'--owner=[Whose executions these are\: 1 to 16 lower-case letters and digits]:NAME:_default' \
'--state-machine=[The state machine that lambdas run through]:ARN:_default' \
'--endpoint-url=[Another endpoint than AWS'\''s]:URL:_default' \
'--region=[The region, where the state machine'\''s ARN does not say it]:REGION:_default' \
'*--set=[Set any key of the configuration]:SECTION.KEY=VALUE:_default' \
'--format=[How results are printed]:FORMAT:((text\:"For people"
json\:"For programs"
markdown\:"For a pull request'\''s comment"
github\:"For GitHub'\''s annotations"
sarif\:"For code scanning"))' \
'--color=[Colour in what is printed]:COLOR:((auto\:"On a terminal, unless \`NO_COLOR\` is set"
always\:"Yes"
never\:"No"))' \
'--log-format=[How logs are printed\: by default for people, and into the journal where systemd connects stderr with it]:LOG_FORMAT:((text\:"For people; on a terminal in short"
json\:"One object a line"
journald\:"Into systemd'\''s journal, with fields"))' \
'--sandbox[Run against the embedded Step Functions\: no AWS, no credentials]' \
'*-v[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'*--verbose[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'-q[Only warnings]' \
'--quiet[Only warnings]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':name -- The entry'\''s name:_default' \
&& ret=0
;;
(edit)
_arguments "${_arguments_options[@]}" : \
'--at=[When, as for \`onced add\`]:TIME:_default' \
'(--at)--in=[From now, such as \`30s\`]:DURATION:_default' \
'--timezone=[The entry'\''s time zone]:ZONE:_default' \
'--lambda=[The function'\''s name or ARN]:FUNCTION:_default' \
'--payload=[What the function or the state machine is given, as JSON]:JSON:_default' \
'--description=[What it is for]:TEXT:_default' \
'--grace=[How late it may still be started]:DURATION:_default' \
'--config=[The configuration file]:FILE:_files' \
'--directory=[The directory of schedule files]:DIRECTORY:_default' \
'--state-directory=[Where the ledger is kept]:DIRECTORY:_default' \
'--owner=[Whose executions these are\: 1 to 16 lower-case letters and digits]:NAME:_default' \
'--state-machine=[The state machine that lambdas run through]:ARN:_default' \
'--endpoint-url=[Another endpoint than AWS'\''s]:URL:_default' \
'--region=[The region, where the state machine'\''s ARN does not say it]:REGION:_default' \
'*--set=[Set any key of the configuration]:SECTION.KEY=VALUE:_default' \
'--format=[How results are printed]:FORMAT:((text\:"For people"
json\:"For programs"
markdown\:"For a pull request'\''s comment"
github\:"For GitHub'\''s annotations"
sarif\:"For code scanning"))' \
'--color=[Colour in what is printed]:COLOR:((auto\:"On a terminal, unless \`NO_COLOR\` is set"
always\:"Yes"
never\:"No"))' \
'--log-format=[How logs are printed\: by default for people, and into the journal where systemd connects stderr with it]:LOG_FORMAT:((text\:"For people; on a terminal in short"
json\:"One object a line"
journald\:"Into systemd'\''s journal, with fields"))' \
'--enable[Let it run]' \
'(--enable)--disable[Don'\''t let it run; stop it if it waits to]' \
'--sandbox[Run against the embedded Step Functions\: no AWS, no credentials]' \
'*-v[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'*--verbose[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'-q[Only warnings]' \
'--quiet[Only warnings]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':name -- The entry'\''s name:_onced_names' \
&& ret=0
;;
(remove)
_arguments "${_arguments_options[@]}" : \
'--config=[The configuration file]:FILE:_files' \
'--directory=[The directory of schedule files]:DIRECTORY:_default' \
'--state-directory=[Where the ledger is kept]:DIRECTORY:_default' \
'--owner=[Whose executions these are\: 1 to 16 lower-case letters and digits]:NAME:_default' \
'--state-machine=[The state machine that lambdas run through]:ARN:_default' \
'--endpoint-url=[Another endpoint than AWS'\''s]:URL:_default' \
'--region=[The region, where the state machine'\''s ARN does not say it]:REGION:_default' \
'*--set=[Set any key of the configuration]:SECTION.KEY=VALUE:_default' \
'--format=[How results are printed]:FORMAT:((text\:"For people"
json\:"For programs"
markdown\:"For a pull request'\''s comment"
github\:"For GitHub'\''s annotations"
sarif\:"For code scanning"))' \
'--color=[Colour in what is printed]:COLOR:((auto\:"On a terminal, unless \`NO_COLOR\` is set"
always\:"Yes"
never\:"No"))' \
'--log-format=[How logs are printed\: by default for people, and into the journal where systemd connects stderr with it]:LOG_FORMAT:((text\:"For people; on a terminal in short"
json\:"One object a line"
journald\:"Into systemd'\''s journal, with fields"))' \
'--sandbox[Run against the embedded Step Functions\: no AWS, no credentials]' \
'*-v[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'*--verbose[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'-q[Only warnings]' \
'--quiet[Only warnings]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':name -- The entry'\''s name:_onced_names' \
&& ret=0
;;
(fmt)
_arguments "${_arguments_options[@]}" : \
'--config=[The configuration file]:FILE:_files' \
'--directory=[The directory of schedule files]:DIRECTORY:_default' \
'--state-directory=[Where the ledger is kept]:DIRECTORY:_default' \
'--owner=[Whose executions these are\: 1 to 16 lower-case letters and digits]:NAME:_default' \
'--state-machine=[The state machine that lambdas run through]:ARN:_default' \
'--endpoint-url=[Another endpoint than AWS'\''s]:URL:_default' \
'--region=[The region, where the state machine'\''s ARN does not say it]:REGION:_default' \
'*--set=[Set any key of the configuration]:SECTION.KEY=VALUE:_default' \
'--format=[How results are printed]:FORMAT:((text\:"For people"
json\:"For programs"
markdown\:"For a pull request'\''s comment"
github\:"For GitHub'\''s annotations"
sarif\:"For code scanning"))' \
'--color=[Colour in what is printed]:COLOR:((auto\:"On a terminal, unless \`NO_COLOR\` is set"
always\:"Yes"
never\:"No"))' \
'--log-format=[How logs are printed\: by default for people, and into the journal where systemd connects stderr with it]:LOG_FORMAT:((text\:"For people; on a terminal in short"
json\:"One object a line"
journald\:"Into systemd'\''s journal, with fields"))' \
'--check[Only say which files are in another form, and exit with 1 if one is]' \
'--sandbox[Run against the embedded Step Functions\: no AWS, no credentials]' \
'*-v[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'*--verbose[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'-q[Only warnings]' \
'--quiet[Only warnings]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'*::paths -- Files and directories; the configured directory where none is given:_files' \
&& ret=0
;;
(doctor)
_arguments "${_arguments_options[@]}" : \
'--config=[The configuration file]:FILE:_files' \
'--directory=[The directory of schedule files]:DIRECTORY:_default' \
'--state-directory=[Where the ledger is kept]:DIRECTORY:_default' \
'--owner=[Whose executions these are\: 1 to 16 lower-case letters and digits]:NAME:_default' \
'--state-machine=[The state machine that lambdas run through]:ARN:_default' \
'--endpoint-url=[Another endpoint than AWS'\''s]:URL:_default' \
'--region=[The region, where the state machine'\''s ARN does not say it]:REGION:_default' \
'*--set=[Set any key of the configuration]:SECTION.KEY=VALUE:_default' \
'--format=[How results are printed]:FORMAT:((text\:"For people"
json\:"For programs"
markdown\:"For a pull request'\''s comment"
github\:"For GitHub'\''s annotations"
sarif\:"For code scanning"))' \
'--color=[Colour in what is printed]:COLOR:((auto\:"On a terminal, unless \`NO_COLOR\` is set"
always\:"Yes"
never\:"No"))' \
'--log-format=[How logs are printed\: by default for people, and into the journal where systemd connects stderr with it]:LOG_FORMAT:((text\:"For people; on a terminal in short"
json\:"One object a line"
journald\:"Into systemd'\''s journal, with fields"))' \
'--sandbox[Run against the embedded Step Functions\: no AWS, no credentials]' \
'*-v[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'*--verbose[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'-q[Only warnings]' \
'--quiet[Only warnings]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(bootstrap)
_arguments "${_arguments_options[@]}" : \
'--role-arn=[The role that the state machine runs as\: it may invoke the functions]:ARN:_default' \
'--name=[The state machine'\''s name; that of the configured one where this is not given, else \`OneTimeLambdaScheduler\`]:NAME:_default' \
'--dead-letter-queue=[The SQS queue for invocations that failed for good]:URL:_default' \
'--legacy-lambda-arn=[Always this one function, as the Task'\''s \`Resource\`\: the form of machines that were made by hand]:ARN:_default' \
'(--dry-run --force)--print=[Print this instead of calling AWS]:WHAT:((asl\:"The definition, in the Amazon States Language"
iam\:"Policies\: for onced, for who bootstraps, and for the machine'\''s role"
cloudformation\:"A template of role, machine, queue and alarm"
terraform\:"The same as a Terraform file"))' \
'--config=[The configuration file]:FILE:_files' \
'--directory=[The directory of schedule files]:DIRECTORY:_default' \
'--state-directory=[Where the ledger is kept]:DIRECTORY:_default' \
'--owner=[Whose executions these are\: 1 to 16 lower-case letters and digits]:NAME:_default' \
'--state-machine=[The state machine that lambdas run through]:ARN:_default' \
'--endpoint-url=[Another endpoint than AWS'\''s]:URL:_default' \
'--region=[The region, where the state machine'\''s ARN does not say it]:REGION:_default' \
'*--set=[Set any key of the configuration]:SECTION.KEY=VALUE:_default' \
'--format=[How results are printed]:FORMAT:((text\:"For people"
json\:"For programs"
markdown\:"For a pull request'\''s comment"
github\:"For GitHub'\''s annotations"
sarif\:"For code scanning"))' \
'--color=[Colour in what is printed]:COLOR:((auto\:"On a terminal, unless \`NO_COLOR\` is set"
always\:"Yes"
never\:"No"))' \
'--log-format=[How logs are printed\: by default for people, and into the journal where systemd connects stderr with it]:LOG_FORMAT:((text\:"For people; on a terminal in short"
json\:"One object a line"
journald\:"Into systemd'\''s journal, with fields"))' \
'--dry-run[Only say what would be done]' \
'--force[Overwrite a definition that somebody else made or changed]' \
'--sandbox[Run against the embedded Step Functions\: no AWS, no credentials]' \
'*-v[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'*--verbose[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'-q[Only warnings]' \
'--quiet[Only warnings]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(schema)
_arguments "${_arguments_options[@]}" : \
'--config=[The configuration file]:FILE:_files' \
'--directory=[The directory of schedule files]:DIRECTORY:_default' \
'--state-directory=[Where the ledger is kept]:DIRECTORY:_default' \
'--owner=[Whose executions these are\: 1 to 16 lower-case letters and digits]:NAME:_default' \
'--state-machine=[The state machine that lambdas run through]:ARN:_default' \
'--endpoint-url=[Another endpoint than AWS'\''s]:URL:_default' \
'--region=[The region, where the state machine'\''s ARN does not say it]:REGION:_default' \
'*--set=[Set any key of the configuration]:SECTION.KEY=VALUE:_default' \
'--format=[How results are printed]:FORMAT:((text\:"For people"
json\:"For programs"
markdown\:"For a pull request'\''s comment"
github\:"For GitHub'\''s annotations"
sarif\:"For code scanning"))' \
'--color=[Colour in what is printed]:COLOR:((auto\:"On a terminal, unless \`NO_COLOR\` is set"
always\:"Yes"
never\:"No"))' \
'--log-format=[How logs are printed\: by default for people, and into the journal where systemd connects stderr with it]:LOG_FORMAT:((text\:"For people; on a terminal in short"
json\:"One object a line"
journald\:"Into systemd'\''s journal, with fields"))' \
'--sandbox[Run against the embedded Step Functions\: no AWS, no credentials]' \
'*-v[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'*--verbose[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'-q[Only warnings]' \
'--quiet[Only warnings]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::of -- Of what:((schedule\:"Schedule files"
config\:"The configuration"))' \
&& ret=0
;;
(completions)
_arguments "${_arguments_options[@]}" : \
'--config=[The configuration file]:FILE:_files' \
'--directory=[The directory of schedule files]:DIRECTORY:_default' \
'--state-directory=[Where the ledger is kept]:DIRECTORY:_default' \
'--owner=[Whose executions these are\: 1 to 16 lower-case letters and digits]:NAME:_default' \
'--state-machine=[The state machine that lambdas run through]:ARN:_default' \
'--endpoint-url=[Another endpoint than AWS'\''s]:URL:_default' \
'--region=[The region, where the state machine'\''s ARN does not say it]:REGION:_default' \
'*--set=[Set any key of the configuration]:SECTION.KEY=VALUE:_default' \
'--format=[How results are printed]:FORMAT:((text\:"For people"
json\:"For programs"
markdown\:"For a pull request'\''s comment"
github\:"For GitHub'\''s annotations"
sarif\:"For code scanning"))' \
'--color=[Colour in what is printed]:COLOR:((auto\:"On a terminal, unless \`NO_COLOR\` is set"
always\:"Yes"
never\:"No"))' \
'--log-format=[How logs are printed\: by default for people, and into the journal where systemd connects stderr with it]:LOG_FORMAT:((text\:"For people; on a terminal in short"
json\:"One object a line"
journald\:"Into systemd'\''s journal, with fields"))' \
'--sandbox[Run against the embedded Step Functions\: no AWS, no credentials]' \
'*-v[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'*--verbose[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'-q[Only warnings]' \
'--quiet[Only warnings]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':shell -- Which:((bash\:"GNU'\''s"
zsh\:"The Z shell"
fish\:"The friendly interactive one"))' \
&& ret=0
;;
(man)
_arguments "${_arguments_options[@]}" : \
'--config=[The configuration file]:FILE:_files' \
'--directory=[The directory of schedule files]:DIRECTORY:_default' \
'--state-directory=[Where the ledger is kept]:DIRECTORY:_default' \
'--owner=[Whose executions these are\: 1 to 16 lower-case letters and digits]:NAME:_default' \
'--state-machine=[The state machine that lambdas run through]:ARN:_default' \
'--endpoint-url=[Another endpoint than AWS'\''s]:URL:_default' \
'--region=[The region, where the state machine'\''s ARN does not say it]:REGION:_default' \
'*--set=[Set any key of the configuration]:SECTION.KEY=VALUE:_default' \
'--format=[How results are printed]:FORMAT:((text\:"For people"
json\:"For programs"
markdown\:"For a pull request'\''s comment"
github\:"For GitHub'\''s annotations"
sarif\:"For code scanning"))' \
'--color=[Colour in what is printed]:COLOR:((auto\:"On a terminal, unless \`NO_COLOR\` is set"
always\:"Yes"
never\:"No"))' \
'--log-format=[How logs are printed\: by default for people, and into the journal where systemd connects stderr with it]:LOG_FORMAT:((text\:"For people; on a terminal in short"
json\:"One object a line"
journald\:"Into systemd'\''s journal, with fields"))' \
'--sandbox[Run against the embedded Step Functions\: no AWS, no credentials]' \
'*-v[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'*--verbose[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'-q[Only warnings]' \
'--quiet[Only warnings]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::pages -- Write a page for each command there instead:_files' \
&& ret=0
;;
(sandbox)
_arguments "${_arguments_options[@]}" : \
'--listen=[Where to listen; loopback only is wise\: nothing is authenticated]:ADDRESS:_default' \
'--lambda-endpoint=[Where invocations are sent\: a Lambda-compatible endpoint]:URL:_default' \
'--config=[The configuration file]:FILE:_files' \
'--directory=[The directory of schedule files]:DIRECTORY:_default' \
'--state-directory=[Where the ledger is kept]:DIRECTORY:_default' \
'--owner=[Whose executions these are\: 1 to 16 lower-case letters and digits]:NAME:_default' \
'--state-machine=[The state machine that lambdas run through]:ARN:_default' \
'--endpoint-url=[Another endpoint than AWS'\''s]:URL:_default' \
'--region=[The region, where the state machine'\''s ARN does not say it]:REGION:_default' \
'*--set=[Set any key of the configuration]:SECTION.KEY=VALUE:_default' \
'--format=[How results are printed]:FORMAT:((text\:"For people"
json\:"For programs"
markdown\:"For a pull request'\''s comment"
github\:"For GitHub'\''s annotations"
sarif\:"For code scanning"))' \
'--color=[Colour in what is printed]:COLOR:((auto\:"On a terminal, unless \`NO_COLOR\` is set"
always\:"Yes"
never\:"No"))' \
'--log-format=[How logs are printed\: by default for people, and into the journal where systemd connects stderr with it]:LOG_FORMAT:((text\:"For people; on a terminal in short"
json\:"One object a line"
journald\:"Into systemd'\''s journal, with fields"))' \
'--sandbox[Run against the embedded Step Functions\: no AWS, no credentials]' \
'*-v[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'*--verbose[More logs; twice\: those of libraries too. With \`--version\`\: the time zone rules too]' \
'-q[Only warnings]' \
'--quiet[Only warnings]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_onced__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:onced-help-command-$line[1]:"
        case $line[1] in
            (run)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(sync)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(plan)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(check)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(list)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(calendar)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(show)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(history)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(report)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(approve)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(pause)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(resume)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(reload)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(ledger)
_arguments "${_arguments_options[@]}" : \
":: :_onced__subcmd__help__subcmd__ledger_commands" \
"*::: :->ledger" \
&& ret=0

    case $state in
    (ledger)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:onced-help-ledger-command-$line[1]:"
        case $line[1] in
            (export)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(import)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(check)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(rebuild)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
(add)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(edit)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(remove)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(fmt)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(doctor)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(bootstrap)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(schema)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(completions)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(man)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(sandbox)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
}

(( $+functions[_onced_commands] )) ||
_onced_commands() {
    local commands; commands=(
'run:The daemon, in the foreground' \
'sync:One reconciliation, then exit' \
'plan:What would be done. Changes nothing' \
'check:Are the schedule files good? Offline' \
'list:Every entry and where it stands\: what fires next first, then what is over' \
'calendar:The firings to come\: a month in the terminal, a feed for calendars, or a page' \
'show:One entry in full\: why it stands where it does, and what comes next' \
'history:What happened, the oldest first, for 90 days' \
'report:What was to fire lately, and what came of it. Exit code 1 where something that was expected is missing' \
'approve:Let go what \`onced plan\` says waits for approval' \
'pause:Start and stop nothing until told otherwise. What is scheduled at AWS fires all the same' \
'resume:End a pause, after saying what came to its time meanwhile and what becomes of it' \
'reload:Let the running daemon read its configuration again. A bad one is refused, and it goes on with the old one' \
'ledger:Look after the ledger' \
'add:Write a schedule file with one entry, or add the entry to one that is there' \
'edit:Change an entry where it stands\: by flags, or without any in your editor' \
'remove:Take an entry out of its schedule file, with its comments' \
'fmt:Bring schedule files into their form. Comments and order stay' \
'doctor:Would onced work here? Looks at files, ledger and AWS; changes nothing' \
'bootstrap:Create the state machine that lambdas run through, or bring it up to date' \
'schema:Print the JSON Schema of schedule files or of the configuration, for editors and validators' \
'completions:Print what a shell needs to complete commands, options and the names of entries' \
'man:Print the manual' \
'sandbox:Serve the embedded Step Functions over HTTP' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'onced commands' commands "$@"
}
(( $+functions[_onced__subcmd__add_commands] )) ||
_onced__subcmd__add_commands() {
    local commands; commands=()
    _describe -t commands 'onced add commands' commands "$@"
}
(( $+functions[_onced__subcmd__approve_commands] )) ||
_onced__subcmd__approve_commands() {
    local commands; commands=()
    _describe -t commands 'onced approve commands' commands "$@"
}
(( $+functions[_onced__subcmd__bootstrap_commands] )) ||
_onced__subcmd__bootstrap_commands() {
    local commands; commands=()
    _describe -t commands 'onced bootstrap commands' commands "$@"
}
(( $+functions[_onced__subcmd__calendar_commands] )) ||
_onced__subcmd__calendar_commands() {
    local commands; commands=()
    _describe -t commands 'onced calendar commands' commands "$@"
}
(( $+functions[_onced__subcmd__check_commands] )) ||
_onced__subcmd__check_commands() {
    local commands; commands=()
    _describe -t commands 'onced check commands' commands "$@"
}
(( $+functions[_onced__subcmd__completions_commands] )) ||
_onced__subcmd__completions_commands() {
    local commands; commands=()
    _describe -t commands 'onced completions commands' commands "$@"
}
(( $+functions[_onced__subcmd__doctor_commands] )) ||
_onced__subcmd__doctor_commands() {
    local commands; commands=()
    _describe -t commands 'onced doctor commands' commands "$@"
}
(( $+functions[_onced__subcmd__edit_commands] )) ||
_onced__subcmd__edit_commands() {
    local commands; commands=()
    _describe -t commands 'onced edit commands' commands "$@"
}
(( $+functions[_onced__subcmd__fmt_commands] )) ||
_onced__subcmd__fmt_commands() {
    local commands; commands=()
    _describe -t commands 'onced fmt commands' commands "$@"
}
(( $+functions[_onced__subcmd__help_commands] )) ||
_onced__subcmd__help_commands() {
    local commands; commands=(
'run:The daemon, in the foreground' \
'sync:One reconciliation, then exit' \
'plan:What would be done. Changes nothing' \
'check:Are the schedule files good? Offline' \
'list:Every entry and where it stands\: what fires next first, then what is over' \
'calendar:The firings to come\: a month in the terminal, a feed for calendars, or a page' \
'show:One entry in full\: why it stands where it does, and what comes next' \
'history:What happened, the oldest first, for 90 days' \
'report:What was to fire lately, and what came of it. Exit code 1 where something that was expected is missing' \
'approve:Let go what \`onced plan\` says waits for approval' \
'pause:Start and stop nothing until told otherwise. What is scheduled at AWS fires all the same' \
'resume:End a pause, after saying what came to its time meanwhile and what becomes of it' \
'reload:Let the running daemon read its configuration again. A bad one is refused, and it goes on with the old one' \
'ledger:Look after the ledger' \
'add:Write a schedule file with one entry, or add the entry to one that is there' \
'edit:Change an entry where it stands\: by flags, or without any in your editor' \
'remove:Take an entry out of its schedule file, with its comments' \
'fmt:Bring schedule files into their form. Comments and order stay' \
'doctor:Would onced work here? Looks at files, ledger and AWS; changes nothing' \
'bootstrap:Create the state machine that lambdas run through, or bring it up to date' \
'schema:Print the JSON Schema of schedule files or of the configuration, for editors and validators' \
'completions:Print what a shell needs to complete commands, options and the names of entries' \
'man:Print the manual' \
'sandbox:Serve the embedded Step Functions over HTTP' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'onced help commands' commands "$@"
}
(( $+functions[_onced__subcmd__help__subcmd__add_commands] )) ||
_onced__subcmd__help__subcmd__add_commands() {
    local commands; commands=()
    _describe -t commands 'onced help add commands' commands "$@"
}
(( $+functions[_onced__subcmd__help__subcmd__approve_commands] )) ||
_onced__subcmd__help__subcmd__approve_commands() {
    local commands; commands=()
    _describe -t commands 'onced help approve commands' commands "$@"
}
(( $+functions[_onced__subcmd__help__subcmd__bootstrap_commands] )) ||
_onced__subcmd__help__subcmd__bootstrap_commands() {
    local commands; commands=()
    _describe -t commands 'onced help bootstrap commands' commands "$@"
}
(( $+functions[_onced__subcmd__help__subcmd__calendar_commands] )) ||
_onced__subcmd__help__subcmd__calendar_commands() {
    local commands; commands=()
    _describe -t commands 'onced help calendar commands' commands "$@"
}
(( $+functions[_onced__subcmd__help__subcmd__check_commands] )) ||
_onced__subcmd__help__subcmd__check_commands() {
    local commands; commands=()
    _describe -t commands 'onced help check commands' commands "$@"
}
(( $+functions[_onced__subcmd__help__subcmd__completions_commands] )) ||
_onced__subcmd__help__subcmd__completions_commands() {
    local commands; commands=()
    _describe -t commands 'onced help completions commands' commands "$@"
}
(( $+functions[_onced__subcmd__help__subcmd__doctor_commands] )) ||
_onced__subcmd__help__subcmd__doctor_commands() {
    local commands; commands=()
    _describe -t commands 'onced help doctor commands' commands "$@"
}
(( $+functions[_onced__subcmd__help__subcmd__edit_commands] )) ||
_onced__subcmd__help__subcmd__edit_commands() {
    local commands; commands=()
    _describe -t commands 'onced help edit commands' commands "$@"
}
(( $+functions[_onced__subcmd__help__subcmd__fmt_commands] )) ||
_onced__subcmd__help__subcmd__fmt_commands() {
    local commands; commands=()
    _describe -t commands 'onced help fmt commands' commands "$@"
}
(( $+functions[_onced__subcmd__help__subcmd__help_commands] )) ||
_onced__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'onced help help commands' commands "$@"
}
(( $+functions[_onced__subcmd__help__subcmd__history_commands] )) ||
_onced__subcmd__help__subcmd__history_commands() {
    local commands; commands=()
    _describe -t commands 'onced help history commands' commands "$@"
}
(( $+functions[_onced__subcmd__help__subcmd__ledger_commands] )) ||
_onced__subcmd__help__subcmd__ledger_commands() {
    local commands; commands=(
'export:Print everything as lines of JSON, inputs and history too' \
'import:Read into an empty ledger what \`export\` printed' \
'check:Is everything as it was written? Changes nothing' \
'rebuild:Set the ledger aside; the next \`onced run\` builds it anew from what runs' \
    )
    _describe -t commands 'onced help ledger commands' commands "$@"
}
(( $+functions[_onced__subcmd__help__subcmd__ledger__subcmd__check_commands] )) ||
_onced__subcmd__help__subcmd__ledger__subcmd__check_commands() {
    local commands; commands=()
    _describe -t commands 'onced help ledger check commands' commands "$@"
}
(( $+functions[_onced__subcmd__help__subcmd__ledger__subcmd__export_commands] )) ||
_onced__subcmd__help__subcmd__ledger__subcmd__export_commands() {
    local commands; commands=()
    _describe -t commands 'onced help ledger export commands' commands "$@"
}
(( $+functions[_onced__subcmd__help__subcmd__ledger__subcmd__import_commands] )) ||
_onced__subcmd__help__subcmd__ledger__subcmd__import_commands() {
    local commands; commands=()
    _describe -t commands 'onced help ledger import commands' commands "$@"
}
(( $+functions[_onced__subcmd__help__subcmd__ledger__subcmd__rebuild_commands] )) ||
_onced__subcmd__help__subcmd__ledger__subcmd__rebuild_commands() {
    local commands; commands=()
    _describe -t commands 'onced help ledger rebuild commands' commands "$@"
}
(( $+functions[_onced__subcmd__help__subcmd__list_commands] )) ||
_onced__subcmd__help__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'onced help list commands' commands "$@"
}
(( $+functions[_onced__subcmd__help__subcmd__man_commands] )) ||
_onced__subcmd__help__subcmd__man_commands() {
    local commands; commands=()
    _describe -t commands 'onced help man commands' commands "$@"
}
(( $+functions[_onced__subcmd__help__subcmd__pause_commands] )) ||
_onced__subcmd__help__subcmd__pause_commands() {
    local commands; commands=()
    _describe -t commands 'onced help pause commands' commands "$@"
}
(( $+functions[_onced__subcmd__help__subcmd__plan_commands] )) ||
_onced__subcmd__help__subcmd__plan_commands() {
    local commands; commands=()
    _describe -t commands 'onced help plan commands' commands "$@"
}
(( $+functions[_onced__subcmd__help__subcmd__reload_commands] )) ||
_onced__subcmd__help__subcmd__reload_commands() {
    local commands; commands=()
    _describe -t commands 'onced help reload commands' commands "$@"
}
(( $+functions[_onced__subcmd__help__subcmd__remove_commands] )) ||
_onced__subcmd__help__subcmd__remove_commands() {
    local commands; commands=()
    _describe -t commands 'onced help remove commands' commands "$@"
}
(( $+functions[_onced__subcmd__help__subcmd__report_commands] )) ||
_onced__subcmd__help__subcmd__report_commands() {
    local commands; commands=()
    _describe -t commands 'onced help report commands' commands "$@"
}
(( $+functions[_onced__subcmd__help__subcmd__resume_commands] )) ||
_onced__subcmd__help__subcmd__resume_commands() {
    local commands; commands=()
    _describe -t commands 'onced help resume commands' commands "$@"
}
(( $+functions[_onced__subcmd__help__subcmd__run_commands] )) ||
_onced__subcmd__help__subcmd__run_commands() {
    local commands; commands=()
    _describe -t commands 'onced help run commands' commands "$@"
}
(( $+functions[_onced__subcmd__help__subcmd__sandbox_commands] )) ||
_onced__subcmd__help__subcmd__sandbox_commands() {
    local commands; commands=()
    _describe -t commands 'onced help sandbox commands' commands "$@"
}
(( $+functions[_onced__subcmd__help__subcmd__schema_commands] )) ||
_onced__subcmd__help__subcmd__schema_commands() {
    local commands; commands=()
    _describe -t commands 'onced help schema commands' commands "$@"
}
(( $+functions[_onced__subcmd__help__subcmd__show_commands] )) ||
_onced__subcmd__help__subcmd__show_commands() {
    local commands; commands=()
    _describe -t commands 'onced help show commands' commands "$@"
}
(( $+functions[_onced__subcmd__help__subcmd__sync_commands] )) ||
_onced__subcmd__help__subcmd__sync_commands() {
    local commands; commands=()
    _describe -t commands 'onced help sync commands' commands "$@"
}
(( $+functions[_onced__subcmd__history_commands] )) ||
_onced__subcmd__history_commands() {
    local commands; commands=()
    _describe -t commands 'onced history commands' commands "$@"
}
(( $+functions[_onced__subcmd__ledger_commands] )) ||
_onced__subcmd__ledger_commands() {
    local commands; commands=(
'export:Print everything as lines of JSON, inputs and history too' \
'import:Read into an empty ledger what \`export\` printed' \
'check:Is everything as it was written? Changes nothing' \
'rebuild:Set the ledger aside; the next \`onced run\` builds it anew from what runs' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'onced ledger commands' commands "$@"
}
(( $+functions[_onced__subcmd__ledger__subcmd__check_commands] )) ||
_onced__subcmd__ledger__subcmd__check_commands() {
    local commands; commands=()
    _describe -t commands 'onced ledger check commands' commands "$@"
}
(( $+functions[_onced__subcmd__ledger__subcmd__export_commands] )) ||
_onced__subcmd__ledger__subcmd__export_commands() {
    local commands; commands=()
    _describe -t commands 'onced ledger export commands' commands "$@"
}
(( $+functions[_onced__subcmd__ledger__subcmd__help_commands] )) ||
_onced__subcmd__ledger__subcmd__help_commands() {
    local commands; commands=(
'export:Print everything as lines of JSON, inputs and history too' \
'import:Read into an empty ledger what \`export\` printed' \
'check:Is everything as it was written? Changes nothing' \
'rebuild:Set the ledger aside; the next \`onced run\` builds it anew from what runs' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'onced ledger help commands' commands "$@"
}
(( $+functions[_onced__subcmd__ledger__subcmd__help__subcmd__check_commands] )) ||
_onced__subcmd__ledger__subcmd__help__subcmd__check_commands() {
    local commands; commands=()
    _describe -t commands 'onced ledger help check commands' commands "$@"
}
(( $+functions[_onced__subcmd__ledger__subcmd__help__subcmd__export_commands] )) ||
_onced__subcmd__ledger__subcmd__help__subcmd__export_commands() {
    local commands; commands=()
    _describe -t commands 'onced ledger help export commands' commands "$@"
}
(( $+functions[_onced__subcmd__ledger__subcmd__help__subcmd__help_commands] )) ||
_onced__subcmd__ledger__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'onced ledger help help commands' commands "$@"
}
(( $+functions[_onced__subcmd__ledger__subcmd__help__subcmd__import_commands] )) ||
_onced__subcmd__ledger__subcmd__help__subcmd__import_commands() {
    local commands; commands=()
    _describe -t commands 'onced ledger help import commands' commands "$@"
}
(( $+functions[_onced__subcmd__ledger__subcmd__help__subcmd__rebuild_commands] )) ||
_onced__subcmd__ledger__subcmd__help__subcmd__rebuild_commands() {
    local commands; commands=()
    _describe -t commands 'onced ledger help rebuild commands' commands "$@"
}
(( $+functions[_onced__subcmd__ledger__subcmd__import_commands] )) ||
_onced__subcmd__ledger__subcmd__import_commands() {
    local commands; commands=()
    _describe -t commands 'onced ledger import commands' commands "$@"
}
(( $+functions[_onced__subcmd__ledger__subcmd__rebuild_commands] )) ||
_onced__subcmd__ledger__subcmd__rebuild_commands() {
    local commands; commands=()
    _describe -t commands 'onced ledger rebuild commands' commands "$@"
}
(( $+functions[_onced__subcmd__list_commands] )) ||
_onced__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'onced list commands' commands "$@"
}
(( $+functions[_onced__subcmd__man_commands] )) ||
_onced__subcmd__man_commands() {
    local commands; commands=()
    _describe -t commands 'onced man commands' commands "$@"
}
(( $+functions[_onced__subcmd__pause_commands] )) ||
_onced__subcmd__pause_commands() {
    local commands; commands=()
    _describe -t commands 'onced pause commands' commands "$@"
}
(( $+functions[_onced__subcmd__plan_commands] )) ||
_onced__subcmd__plan_commands() {
    local commands; commands=()
    _describe -t commands 'onced plan commands' commands "$@"
}
(( $+functions[_onced__subcmd__reload_commands] )) ||
_onced__subcmd__reload_commands() {
    local commands; commands=()
    _describe -t commands 'onced reload commands' commands "$@"
}
(( $+functions[_onced__subcmd__remove_commands] )) ||
_onced__subcmd__remove_commands() {
    local commands; commands=()
    _describe -t commands 'onced remove commands' commands "$@"
}
(( $+functions[_onced__subcmd__report_commands] )) ||
_onced__subcmd__report_commands() {
    local commands; commands=()
    _describe -t commands 'onced report commands' commands "$@"
}
(( $+functions[_onced__subcmd__resume_commands] )) ||
_onced__subcmd__resume_commands() {
    local commands; commands=()
    _describe -t commands 'onced resume commands' commands "$@"
}
(( $+functions[_onced__subcmd__run_commands] )) ||
_onced__subcmd__run_commands() {
    local commands; commands=()
    _describe -t commands 'onced run commands' commands "$@"
}
(( $+functions[_onced__subcmd__sandbox_commands] )) ||
_onced__subcmd__sandbox_commands() {
    local commands; commands=()
    _describe -t commands 'onced sandbox commands' commands "$@"
}
(( $+functions[_onced__subcmd__schema_commands] )) ||
_onced__subcmd__schema_commands() {
    local commands; commands=()
    _describe -t commands 'onced schema commands' commands "$@"
}
(( $+functions[_onced__subcmd__show_commands] )) ||
_onced__subcmd__show_commands() {
    local commands; commands=()
    _describe -t commands 'onced show commands' commands "$@"
}
(( $+functions[_onced__subcmd__sync_commands] )) ||
_onced__subcmd__sync_commands() {
    local commands; commands=()
    _describe -t commands 'onced sync commands' commands "$@"
}

if [ "$funcstack[1]" = "_onced" ]; then
    _onced "$@"
else
    compdef _onced onced
fi
