# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_onced_global_optspecs
    string join \n config= directory= state-directory= owner= state-machine= endpoint-url= region= sandbox set= format= color= log-format= v/verbose q/quiet h/help V/version
end

function __fish_onced_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_onced_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_onced_using_subcommand
    set -l cmd (__fish_onced_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c onced -n "__fish_onced_needs_command" -l config -d 'The configuration file' -r -F
complete -c onced -n "__fish_onced_needs_command" -l directory -d 'The directory of schedule files' -r
complete -c onced -n "__fish_onced_needs_command" -l state-directory -d 'Where the ledger is kept' -r
complete -c onced -n "__fish_onced_needs_command" -l owner -d 'Whose executions these are: 1 to 16 lower-case letters and digits' -r
complete -c onced -n "__fish_onced_needs_command" -l state-machine -d 'The state machine that lambdas run through' -r
complete -c onced -n "__fish_onced_needs_command" -l endpoint-url -d 'Another endpoint than AWS\'s' -r
complete -c onced -n "__fish_onced_needs_command" -l region -d 'The region, where the state machine\'s ARN does not say it' -r
complete -c onced -n "__fish_onced_needs_command" -l set -d 'Set any key of the configuration' -r
complete -c onced -n "__fish_onced_needs_command" -l format -d 'How results are printed' -r -f -a "text\t'For people'
json\t'For programs'
markdown\t'For a pull request\'s comment'
github\t'For GitHub\'s annotations'
sarif\t'For code scanning'"
complete -c onced -n "__fish_onced_needs_command" -l color -d 'Colour in what is printed' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Yes'
never\t'No'"
complete -c onced -n "__fish_onced_needs_command" -l log-format -d 'How logs are printed: by default for people, and into the journal where systemd connects stderr with it' -r -f -a "text\t'For people; on a terminal in short'
json\t'One object a line'
journald\t'Into systemd\'s journal, with fields'"
complete -c onced -n "__fish_onced_needs_command" -l sandbox -d 'Run against the embedded Step Functions: no AWS, no credentials'
complete -c onced -n "__fish_onced_needs_command" -s v -l verbose -d 'More logs; twice: those of libraries too. With `--version`: the time zone rules too'
complete -c onced -n "__fish_onced_needs_command" -s q -l quiet -d 'Only warnings'
complete -c onced -n "__fish_onced_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c onced -n "__fish_onced_needs_command" -s V -l version -d 'Print version'
complete -c onced -n "__fish_onced_needs_command" -f -a "run" -d 'The daemon, in the foreground'
complete -c onced -n "__fish_onced_needs_command" -f -a "sync" -d 'One reconciliation, then exit'
complete -c onced -n "__fish_onced_needs_command" -f -a "plan" -d 'What would be done. Changes nothing'
complete -c onced -n "__fish_onced_needs_command" -f -a "check" -d 'Are the schedule files good? Offline'
complete -c onced -n "__fish_onced_needs_command" -f -a "list" -d 'Every entry and where it stands: what fires next first, then what is over'
complete -c onced -n "__fish_onced_needs_command" -f -a "calendar" -d 'The firings to come: a month in the terminal, a feed for calendars, or a page'
complete -c onced -n "__fish_onced_needs_command" -f -a "show" -d 'One entry in full: why it stands where it does, and what comes next'
complete -c onced -n "__fish_onced_needs_command" -f -a "history" -d 'What happened, the oldest first, for 90 days'
complete -c onced -n "__fish_onced_needs_command" -f -a "report" -d 'What was to fire lately, and what came of it. Exit code 1 where something that was expected is missing'
complete -c onced -n "__fish_onced_needs_command" -f -a "approve" -d 'Let go what `onced plan` says waits for approval'
complete -c onced -n "__fish_onced_needs_command" -f -a "pause" -d 'Start and stop nothing until told otherwise. What is scheduled at AWS fires all the same'
complete -c onced -n "__fish_onced_needs_command" -f -a "resume" -d 'End a pause, after saying what came to its time meanwhile and what becomes of it'
complete -c onced -n "__fish_onced_needs_command" -f -a "reload" -d 'Let the running daemon read its configuration again. A bad one is refused, and it goes on with the old one'
complete -c onced -n "__fish_onced_needs_command" -f -a "ledger" -d 'Look after the ledger'
complete -c onced -n "__fish_onced_needs_command" -f -a "add" -d 'Write a schedule file with one entry, or add the entry to one that is there'
complete -c onced -n "__fish_onced_needs_command" -f -a "edit" -d 'Change an entry where it stands: by flags, or without any in your editor'
complete -c onced -n "__fish_onced_needs_command" -f -a "remove" -d 'Take an entry out of its schedule file, with its comments'
complete -c onced -n "__fish_onced_needs_command" -f -a "fmt" -d 'Bring schedule files into their form. Comments and order stay'
complete -c onced -n "__fish_onced_needs_command" -f -a "doctor" -d 'Would onced work here? Looks at files, ledger and AWS; changes nothing'
complete -c onced -n "__fish_onced_needs_command" -f -a "bootstrap" -d 'Create the state machine that lambdas run through, or bring it up to date'
complete -c onced -n "__fish_onced_needs_command" -f -a "schema" -d 'Print the JSON Schema of schedule files or of the configuration, for editors and validators'
complete -c onced -n "__fish_onced_needs_command" -f -a "completions" -d 'Print what a shell needs to complete commands, options and the names of entries'
complete -c onced -n "__fish_onced_needs_command" -f -a "man" -d 'Print the manual'
complete -c onced -n "__fish_onced_needs_command" -f -a "sandbox" -d 'Serve the embedded Step Functions over HTTP'
complete -c onced -n "__fish_onced_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c onced -n "__fish_onced_using_subcommand run" -l lambda-endpoint -d 'Where `--sandbox` sends invocations: a Lambda-compatible endpoint' -r
complete -c onced -n "__fish_onced_using_subcommand run" -l config -d 'The configuration file' -r -F
complete -c onced -n "__fish_onced_using_subcommand run" -l directory -d 'The directory of schedule files' -r
complete -c onced -n "__fish_onced_using_subcommand run" -l state-directory -d 'Where the ledger is kept' -r
complete -c onced -n "__fish_onced_using_subcommand run" -l owner -d 'Whose executions these are: 1 to 16 lower-case letters and digits' -r
complete -c onced -n "__fish_onced_using_subcommand run" -l state-machine -d 'The state machine that lambdas run through' -r
complete -c onced -n "__fish_onced_using_subcommand run" -l endpoint-url -d 'Another endpoint than AWS\'s' -r
complete -c onced -n "__fish_onced_using_subcommand run" -l region -d 'The region, where the state machine\'s ARN does not say it' -r
complete -c onced -n "__fish_onced_using_subcommand run" -l set -d 'Set any key of the configuration' -r
complete -c onced -n "__fish_onced_using_subcommand run" -l format -d 'How results are printed' -r -f -a "text\t'For people'
json\t'For programs'
markdown\t'For a pull request\'s comment'
github\t'For GitHub\'s annotations'
sarif\t'For code scanning'"
complete -c onced -n "__fish_onced_using_subcommand run" -l color -d 'Colour in what is printed' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Yes'
never\t'No'"
complete -c onced -n "__fish_onced_using_subcommand run" -l log-format -d 'How logs are printed: by default for people, and into the journal where systemd connects stderr with it' -r -f -a "text\t'For people; on a terminal in short'
json\t'One object a line'
journald\t'Into systemd\'s journal, with fields'"
complete -c onced -n "__fish_onced_using_subcommand run" -l sandbox -d 'Run against the embedded Step Functions: no AWS, no credentials'
complete -c onced -n "__fish_onced_using_subcommand run" -s v -l verbose -d 'More logs; twice: those of libraries too. With `--version`: the time zone rules too'
complete -c onced -n "__fish_onced_using_subcommand run" -s q -l quiet -d 'Only warnings'
complete -c onced -n "__fish_onced_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c onced -n "__fish_onced_using_subcommand sync" -l lambda-endpoint -d 'Where `--sandbox` sends invocations: a Lambda-compatible endpoint' -r
complete -c onced -n "__fish_onced_using_subcommand sync" -l config -d 'The configuration file' -r -F
complete -c onced -n "__fish_onced_using_subcommand sync" -l directory -d 'The directory of schedule files' -r
complete -c onced -n "__fish_onced_using_subcommand sync" -l state-directory -d 'Where the ledger is kept' -r
complete -c onced -n "__fish_onced_using_subcommand sync" -l owner -d 'Whose executions these are: 1 to 16 lower-case letters and digits' -r
complete -c onced -n "__fish_onced_using_subcommand sync" -l state-machine -d 'The state machine that lambdas run through' -r
complete -c onced -n "__fish_onced_using_subcommand sync" -l endpoint-url -d 'Another endpoint than AWS\'s' -r
complete -c onced -n "__fish_onced_using_subcommand sync" -l region -d 'The region, where the state machine\'s ARN does not say it' -r
complete -c onced -n "__fish_onced_using_subcommand sync" -l set -d 'Set any key of the configuration' -r
complete -c onced -n "__fish_onced_using_subcommand sync" -l format -d 'How results are printed' -r -f -a "text\t'For people'
json\t'For programs'
markdown\t'For a pull request\'s comment'
github\t'For GitHub\'s annotations'
sarif\t'For code scanning'"
complete -c onced -n "__fish_onced_using_subcommand sync" -l color -d 'Colour in what is printed' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Yes'
never\t'No'"
complete -c onced -n "__fish_onced_using_subcommand sync" -l log-format -d 'How logs are printed: by default for people, and into the journal where systemd connects stderr with it' -r -f -a "text\t'For people; on a terminal in short'
json\t'One object a line'
journald\t'Into systemd\'s journal, with fields'"
complete -c onced -n "__fish_onced_using_subcommand sync" -l sandbox -d 'Run against the embedded Step Functions: no AWS, no credentials'
complete -c onced -n "__fish_onced_using_subcommand sync" -s v -l verbose -d 'More logs; twice: those of libraries too. With `--version`: the time zone rules too'
complete -c onced -n "__fish_onced_using_subcommand sync" -s q -l quiet -d 'Only warnings'
complete -c onced -n "__fish_onced_using_subcommand sync" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c onced -n "__fish_onced_using_subcommand plan" -l against -d 'Compare with the directory as it is in this commit, instead of with what is recorded: offline, without ledger, owner or credentials' -r
complete -c onced -n "__fish_onced_using_subcommand plan" -l zoneinfo -d 'As if local times were read by the time zone rules in this directory: shows which firings they would move, and by how much. Compares the files alone, offline, and with `--against` reads both versions by them' -r -F
complete -c onced -n "__fish_onced_using_subcommand plan" -l as-of -d 'As if it were this time: local time in the configured time zone, or with an offset; or a duration from now' -r
complete -c onced -n "__fish_onced_using_subcommand plan" -l fail-on -d 'Exit with 1 where an entry that the plan is about has a time that is past, of another offset than its zone\'s, of a zone such as `Etc/GMT+8`, near a change of the clocks, farther ahead than the horizon, or within 5 minutes of another; or a payload that other programs read as something else, or that may not be what was meant' -r -f -a "past\t'Its time is past'
offset\t'It has an offset which the zone that is named for it does not have then'
etc-gmt\t'Its zone is of the form `Etc/GMT+8`, which is UTC-8'
dst\t'It is in local time, and the clocks change within a day of it'
far\t'It is farther ahead than `reconcile.horizon`'
close\t'Others fire within 5 minutes of it'
yaml11\t'Something in its payload is another value for programs that read YAML 1.1'
json-text\t'Its payload is a text that holds a JSON object or list'
big-integer\t'An integer in its payload is another one for programs that keep numbers in 64 bits'
null-payload\t'`payload:` stands there with nothing behind it'"
complete -c onced -n "__fish_onced_using_subcommand plan" -l config -d 'The configuration file' -r -F
complete -c onced -n "__fish_onced_using_subcommand plan" -l directory -d 'The directory of schedule files' -r
complete -c onced -n "__fish_onced_using_subcommand plan" -l state-directory -d 'Where the ledger is kept' -r
complete -c onced -n "__fish_onced_using_subcommand plan" -l owner -d 'Whose executions these are: 1 to 16 lower-case letters and digits' -r
complete -c onced -n "__fish_onced_using_subcommand plan" -l state-machine -d 'The state machine that lambdas run through' -r
complete -c onced -n "__fish_onced_using_subcommand plan" -l endpoint-url -d 'Another endpoint than AWS\'s' -r
complete -c onced -n "__fish_onced_using_subcommand plan" -l region -d 'The region, where the state machine\'s ARN does not say it' -r
complete -c onced -n "__fish_onced_using_subcommand plan" -l set -d 'Set any key of the configuration' -r
complete -c onced -n "__fish_onced_using_subcommand plan" -l format -d 'How results are printed' -r -f -a "text\t'For people'
json\t'For programs'
markdown\t'For a pull request\'s comment'
github\t'For GitHub\'s annotations'
sarif\t'For code scanning'"
complete -c onced -n "__fish_onced_using_subcommand plan" -l color -d 'Colour in what is printed' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Yes'
never\t'No'"
complete -c onced -n "__fish_onced_using_subcommand plan" -l log-format -d 'How logs are printed: by default for people, and into the journal where systemd connects stderr with it' -r -f -a "text\t'For people; on a terminal in short'
json\t'One object a line'
journald\t'Into systemd\'s journal, with fields'"
complete -c onced -n "__fish_onced_using_subcommand plan" -l detailed-exitcode -d 'Exit with 2 where changes are pending'
complete -c onced -n "__fish_onced_using_subcommand plan" -l sandbox -d 'Run against the embedded Step Functions: no AWS, no credentials'
complete -c onced -n "__fish_onced_using_subcommand plan" -s v -l verbose -d 'More logs; twice: those of libraries too. With `--version`: the time zone rules too'
complete -c onced -n "__fish_onced_using_subcommand plan" -s q -l quiet -d 'Only warnings'
complete -c onced -n "__fish_onced_using_subcommand plan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c onced -n "__fish_onced_using_subcommand check" -l config -d 'The configuration file' -r -F
complete -c onced -n "__fish_onced_using_subcommand check" -l directory -d 'The directory of schedule files' -r
complete -c onced -n "__fish_onced_using_subcommand check" -l state-directory -d 'Where the ledger is kept' -r
complete -c onced -n "__fish_onced_using_subcommand check" -l owner -d 'Whose executions these are: 1 to 16 lower-case letters and digits' -r
complete -c onced -n "__fish_onced_using_subcommand check" -l state-machine -d 'The state machine that lambdas run through' -r
complete -c onced -n "__fish_onced_using_subcommand check" -l endpoint-url -d 'Another endpoint than AWS\'s' -r
complete -c onced -n "__fish_onced_using_subcommand check" -l region -d 'The region, where the state machine\'s ARN does not say it' -r
complete -c onced -n "__fish_onced_using_subcommand check" -l set -d 'Set any key of the configuration' -r
complete -c onced -n "__fish_onced_using_subcommand check" -l format -d 'How results are printed' -r -f -a "text\t'For people'
json\t'For programs'
markdown\t'For a pull request\'s comment'
github\t'For GitHub\'s annotations'
sarif\t'For code scanning'"
complete -c onced -n "__fish_onced_using_subcommand check" -l color -d 'Colour in what is printed' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Yes'
never\t'No'"
complete -c onced -n "__fish_onced_using_subcommand check" -l log-format -d 'How logs are printed: by default for people, and into the journal where systemd connects stderr with it' -r -f -a "text\t'For people; on a terminal in short'
json\t'One object a line'
journald\t'Into systemd\'s journal, with fields'"
complete -c onced -n "__fish_onced_using_subcommand check" -l sandbox -d 'Run against the embedded Step Functions: no AWS, no credentials'
complete -c onced -n "__fish_onced_using_subcommand check" -s v -l verbose -d 'More logs; twice: those of libraries too. With `--version`: the time zone rules too'
complete -c onced -n "__fish_onced_using_subcommand check" -s q -l quiet -d 'Only warnings'
complete -c onced -n "__fish_onced_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c onced -n "__fish_onced_using_subcommand list" -l due -d 'Only what will fire within this time, such as `24h`' -r
complete -c onced -n "__fish_onced_using_subcommand list" -l phase -d 'Only entries in this phase. May be given more than once, or with commas' -r -f -a "pending\t''
deferred\t''
disabled\t''
starting\t''
scheduled\t''
stopping\t''
stopped\t''
succeeded\t''
failed\t''
timed_out\t''
aborted\t''
missed\t''
refused\t''"
complete -c onced -n "__fish_onced_using_subcommand list" -l file -d 'Only entries of files whose path matches, such as `team-a/*`' -r
complete -c onced -n "__fish_onced_using_subcommand list" -l config -d 'The configuration file' -r -F
complete -c onced -n "__fish_onced_using_subcommand list" -l directory -d 'The directory of schedule files' -r
complete -c onced -n "__fish_onced_using_subcommand list" -l state-directory -d 'Where the ledger is kept' -r
complete -c onced -n "__fish_onced_using_subcommand list" -l owner -d 'Whose executions these are: 1 to 16 lower-case letters and digits' -r
complete -c onced -n "__fish_onced_using_subcommand list" -l state-machine -d 'The state machine that lambdas run through' -r
complete -c onced -n "__fish_onced_using_subcommand list" -l endpoint-url -d 'Another endpoint than AWS\'s' -r
complete -c onced -n "__fish_onced_using_subcommand list" -l region -d 'The region, where the state machine\'s ARN does not say it' -r
complete -c onced -n "__fish_onced_using_subcommand list" -l set -d 'Set any key of the configuration' -r
complete -c onced -n "__fish_onced_using_subcommand list" -l format -d 'How results are printed' -r -f -a "text\t'For people'
json\t'For programs'
markdown\t'For a pull request\'s comment'
github\t'For GitHub\'s annotations'
sarif\t'For code scanning'"
complete -c onced -n "__fish_onced_using_subcommand list" -l color -d 'Colour in what is printed' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Yes'
never\t'No'"
complete -c onced -n "__fish_onced_using_subcommand list" -l log-format -d 'How logs are printed: by default for people, and into the journal where systemd connects stderr with it' -r -f -a "text\t'For people; on a terminal in short'
json\t'One object a line'
journald\t'Into systemd\'s journal, with fields'"
complete -c onced -n "__fish_onced_using_subcommand list" -l watch -d 'Draw it anew as things change, until Ctrl-C. On a terminal only'
complete -c onced -n "__fish_onced_using_subcommand list" -l sandbox -d 'Run against the embedded Step Functions: no AWS, no credentials'
complete -c onced -n "__fish_onced_using_subcommand list" -s v -l verbose -d 'More logs; twice: those of libraries too. With `--version`: the time zone rules too'
complete -c onced -n "__fish_onced_using_subcommand list" -s q -l quiet -d 'Only warnings'
complete -c onced -n "__fish_onced_using_subcommand list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c onced -n "__fish_onced_using_subcommand calendar" -l month -d 'The first month. By default this one; with `--ics` and `--html`, all that have firings' -r
complete -c onced -n "__fish_onced_using_subcommand calendar" -l months -d 'How many months' -r
complete -c onced -n "__fish_onced_using_subcommand calendar" -l config -d 'The configuration file' -r -F
complete -c onced -n "__fish_onced_using_subcommand calendar" -l directory -d 'The directory of schedule files' -r
complete -c onced -n "__fish_onced_using_subcommand calendar" -l state-directory -d 'Where the ledger is kept' -r
complete -c onced -n "__fish_onced_using_subcommand calendar" -l owner -d 'Whose executions these are: 1 to 16 lower-case letters and digits' -r
complete -c onced -n "__fish_onced_using_subcommand calendar" -l state-machine -d 'The state machine that lambdas run through' -r
complete -c onced -n "__fish_onced_using_subcommand calendar" -l endpoint-url -d 'Another endpoint than AWS\'s' -r
complete -c onced -n "__fish_onced_using_subcommand calendar" -l region -d 'The region, where the state machine\'s ARN does not say it' -r
complete -c onced -n "__fish_onced_using_subcommand calendar" -l set -d 'Set any key of the configuration' -r
complete -c onced -n "__fish_onced_using_subcommand calendar" -l format -d 'How results are printed' -r -f -a "text\t'For people'
json\t'For programs'
markdown\t'For a pull request\'s comment'
github\t'For GitHub\'s annotations'
sarif\t'For code scanning'"
complete -c onced -n "__fish_onced_using_subcommand calendar" -l color -d 'Colour in what is printed' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Yes'
never\t'No'"
complete -c onced -n "__fish_onced_using_subcommand calendar" -l log-format -d 'How logs are printed: by default for people, and into the journal where systemd connects stderr with it' -r -f -a "text\t'For people; on a terminal in short'
json\t'One object a line'
journald\t'Into systemd\'s journal, with fields'"
complete -c onced -n "__fish_onced_using_subcommand calendar" -l ics -d 'As an iCalendar feed, for calendars to subscribe to'
complete -c onced -n "__fish_onced_using_subcommand calendar" -l html -d 'As one page of HTML that needs nothing else'
complete -c onced -n "__fish_onced_using_subcommand calendar" -l sandbox -d 'Run against the embedded Step Functions: no AWS, no credentials'
complete -c onced -n "__fish_onced_using_subcommand calendar" -s v -l verbose -d 'More logs; twice: those of libraries too. With `--version`: the time zone rules too'
complete -c onced -n "__fish_onced_using_subcommand calendar" -s q -l quiet -d 'Only warnings'
complete -c onced -n "__fish_onced_using_subcommand calendar" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c onced -n "__fish_onced_using_subcommand show" -l config -d 'The configuration file' -r -F
complete -c onced -n "__fish_onced_using_subcommand show" -l directory -d 'The directory of schedule files' -r
complete -c onced -n "__fish_onced_using_subcommand show" -l state-directory -d 'Where the ledger is kept' -r
complete -c onced -n "__fish_onced_using_subcommand show" -l owner -d 'Whose executions these are: 1 to 16 lower-case letters and digits' -r
complete -c onced -n "__fish_onced_using_subcommand show" -l state-machine -d 'The state machine that lambdas run through' -r
complete -c onced -n "__fish_onced_using_subcommand show" -l endpoint-url -d 'Another endpoint than AWS\'s' -r
complete -c onced -n "__fish_onced_using_subcommand show" -l region -d 'The region, where the state machine\'s ARN does not say it' -r
complete -c onced -n "__fish_onced_using_subcommand show" -l set -d 'Set any key of the configuration' -r
complete -c onced -n "__fish_onced_using_subcommand show" -l format -d 'How results are printed' -r -f -a "text\t'For people'
json\t'For programs'
markdown\t'For a pull request\'s comment'
github\t'For GitHub\'s annotations'
sarif\t'For code scanning'"
complete -c onced -n "__fish_onced_using_subcommand show" -l color -d 'Colour in what is printed' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Yes'
never\t'No'"
complete -c onced -n "__fish_onced_using_subcommand show" -l log-format -d 'How logs are printed: by default for people, and into the journal where systemd connects stderr with it' -r -f -a "text\t'For people; on a terminal in short'
json\t'One object a line'
journald\t'Into systemd\'s journal, with fields'"
complete -c onced -n "__fish_onced_using_subcommand show" -l sandbox -d 'Run against the embedded Step Functions: no AWS, no credentials'
complete -c onced -n "__fish_onced_using_subcommand show" -s v -l verbose -d 'More logs; twice: those of libraries too. With `--version`: the time zone rules too'
complete -c onced -n "__fish_onced_using_subcommand show" -s q -l quiet -d 'Only warnings'
complete -c onced -n "__fish_onced_using_subcommand show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c onced -n "__fish_onced_using_subcommand history" -l config -d 'The configuration file' -r -F
complete -c onced -n "__fish_onced_using_subcommand history" -l directory -d 'The directory of schedule files' -r
complete -c onced -n "__fish_onced_using_subcommand history" -l state-directory -d 'Where the ledger is kept' -r
complete -c onced -n "__fish_onced_using_subcommand history" -l owner -d 'Whose executions these are: 1 to 16 lower-case letters and digits' -r
complete -c onced -n "__fish_onced_using_subcommand history" -l state-machine -d 'The state machine that lambdas run through' -r
complete -c onced -n "__fish_onced_using_subcommand history" -l endpoint-url -d 'Another endpoint than AWS\'s' -r
complete -c onced -n "__fish_onced_using_subcommand history" -l region -d 'The region, where the state machine\'s ARN does not say it' -r
complete -c onced -n "__fish_onced_using_subcommand history" -l set -d 'Set any key of the configuration' -r
complete -c onced -n "__fish_onced_using_subcommand history" -l format -d 'How results are printed' -r -f -a "text\t'For people'
json\t'For programs'
markdown\t'For a pull request\'s comment'
github\t'For GitHub\'s annotations'
sarif\t'For code scanning'"
complete -c onced -n "__fish_onced_using_subcommand history" -l color -d 'Colour in what is printed' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Yes'
never\t'No'"
complete -c onced -n "__fish_onced_using_subcommand history" -l log-format -d 'How logs are printed: by default for people, and into the journal where systemd connects stderr with it' -r -f -a "text\t'For people; on a terminal in short'
json\t'One object a line'
journald\t'Into systemd\'s journal, with fields'"
complete -c onced -n "__fish_onced_using_subcommand history" -l sandbox -d 'Run against the embedded Step Functions: no AWS, no credentials'
complete -c onced -n "__fish_onced_using_subcommand history" -s v -l verbose -d 'More logs; twice: those of libraries too. With `--version`: the time zone rules too'
complete -c onced -n "__fish_onced_using_subcommand history" -s q -l quiet -d 'Only warnings'
complete -c onced -n "__fish_onced_using_subcommand history" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c onced -n "__fish_onced_using_subcommand report" -l since -d 'From when: a duration before now, or a time' -r
complete -c onced -n "__fish_onced_using_subcommand report" -l config -d 'The configuration file' -r -F
complete -c onced -n "__fish_onced_using_subcommand report" -l directory -d 'The directory of schedule files' -r
complete -c onced -n "__fish_onced_using_subcommand report" -l state-directory -d 'Where the ledger is kept' -r
complete -c onced -n "__fish_onced_using_subcommand report" -l owner -d 'Whose executions these are: 1 to 16 lower-case letters and digits' -r
complete -c onced -n "__fish_onced_using_subcommand report" -l state-machine -d 'The state machine that lambdas run through' -r
complete -c onced -n "__fish_onced_using_subcommand report" -l endpoint-url -d 'Another endpoint than AWS\'s' -r
complete -c onced -n "__fish_onced_using_subcommand report" -l region -d 'The region, where the state machine\'s ARN does not say it' -r
complete -c onced -n "__fish_onced_using_subcommand report" -l set -d 'Set any key of the configuration' -r
complete -c onced -n "__fish_onced_using_subcommand report" -l format -d 'How results are printed' -r -f -a "text\t'For people'
json\t'For programs'
markdown\t'For a pull request\'s comment'
github\t'For GitHub\'s annotations'
sarif\t'For code scanning'"
complete -c onced -n "__fish_onced_using_subcommand report" -l color -d 'Colour in what is printed' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Yes'
never\t'No'"
complete -c onced -n "__fish_onced_using_subcommand report" -l log-format -d 'How logs are printed: by default for people, and into the journal where systemd connects stderr with it' -r -f -a "text\t'For people; on a terminal in short'
json\t'One object a line'
journald\t'Into systemd\'s journal, with fields'"
complete -c onced -n "__fish_onced_using_subcommand report" -l sandbox -d 'Run against the embedded Step Functions: no AWS, no credentials'
complete -c onced -n "__fish_onced_using_subcommand report" -s v -l verbose -d 'More logs; twice: those of libraries too. With `--version`: the time zone rules too'
complete -c onced -n "__fish_onced_using_subcommand report" -s q -l quiet -d 'Only warnings'
complete -c onced -n "__fish_onced_using_subcommand report" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c onced -n "__fish_onced_using_subcommand approve" -l config -d 'The configuration file' -r -F
complete -c onced -n "__fish_onced_using_subcommand approve" -l directory -d 'The directory of schedule files' -r
complete -c onced -n "__fish_onced_using_subcommand approve" -l state-directory -d 'Where the ledger is kept' -r
complete -c onced -n "__fish_onced_using_subcommand approve" -l owner -d 'Whose executions these are: 1 to 16 lower-case letters and digits' -r
complete -c onced -n "__fish_onced_using_subcommand approve" -l state-machine -d 'The state machine that lambdas run through' -r
complete -c onced -n "__fish_onced_using_subcommand approve" -l endpoint-url -d 'Another endpoint than AWS\'s' -r
complete -c onced -n "__fish_onced_using_subcommand approve" -l region -d 'The region, where the state machine\'s ARN does not say it' -r
complete -c onced -n "__fish_onced_using_subcommand approve" -l set -d 'Set any key of the configuration' -r
complete -c onced -n "__fish_onced_using_subcommand approve" -l format -d 'How results are printed' -r -f -a "text\t'For people'
json\t'For programs'
markdown\t'For a pull request\'s comment'
github\t'For GitHub\'s annotations'
sarif\t'For code scanning'"
complete -c onced -n "__fish_onced_using_subcommand approve" -l color -d 'Colour in what is printed' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Yes'
never\t'No'"
complete -c onced -n "__fish_onced_using_subcommand approve" -l log-format -d 'How logs are printed: by default for people, and into the journal where systemd connects stderr with it' -r -f -a "text\t'For people; on a terminal in short'
json\t'One object a line'
journald\t'Into systemd\'s journal, with fields'"
complete -c onced -n "__fish_onced_using_subcommand approve" -l sandbox -d 'Run against the embedded Step Functions: no AWS, no credentials'
complete -c onced -n "__fish_onced_using_subcommand approve" -s v -l verbose -d 'More logs; twice: those of libraries too. With `--version`: the time zone rules too'
complete -c onced -n "__fish_onced_using_subcommand approve" -s q -l quiet -d 'Only warnings'
complete -c onced -n "__fish_onced_using_subcommand approve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c onced -n "__fish_onced_using_subcommand pause" -l until -d 'When it ends by itself: local time in the configured time zone, or with an offset' -r
complete -c onced -n "__fish_onced_using_subcommand pause" -l config -d 'The configuration file' -r -F
complete -c onced -n "__fish_onced_using_subcommand pause" -l directory -d 'The directory of schedule files' -r
complete -c onced -n "__fish_onced_using_subcommand pause" -l state-directory -d 'Where the ledger is kept' -r
complete -c onced -n "__fish_onced_using_subcommand pause" -l owner -d 'Whose executions these are: 1 to 16 lower-case letters and digits' -r
complete -c onced -n "__fish_onced_using_subcommand pause" -l state-machine -d 'The state machine that lambdas run through' -r
complete -c onced -n "__fish_onced_using_subcommand pause" -l endpoint-url -d 'Another endpoint than AWS\'s' -r
complete -c onced -n "__fish_onced_using_subcommand pause" -l region -d 'The region, where the state machine\'s ARN does not say it' -r
complete -c onced -n "__fish_onced_using_subcommand pause" -l set -d 'Set any key of the configuration' -r
complete -c onced -n "__fish_onced_using_subcommand pause" -l format -d 'How results are printed' -r -f -a "text\t'For people'
json\t'For programs'
markdown\t'For a pull request\'s comment'
github\t'For GitHub\'s annotations'
sarif\t'For code scanning'"
complete -c onced -n "__fish_onced_using_subcommand pause" -l color -d 'Colour in what is printed' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Yes'
never\t'No'"
complete -c onced -n "__fish_onced_using_subcommand pause" -l log-format -d 'How logs are printed: by default for people, and into the journal where systemd connects stderr with it' -r -f -a "text\t'For people; on a terminal in short'
json\t'One object a line'
journald\t'Into systemd\'s journal, with fields'"
complete -c onced -n "__fish_onced_using_subcommand pause" -l sandbox -d 'Run against the embedded Step Functions: no AWS, no credentials'
complete -c onced -n "__fish_onced_using_subcommand pause" -s v -l verbose -d 'More logs; twice: those of libraries too. With `--version`: the time zone rules too'
complete -c onced -n "__fish_onced_using_subcommand pause" -s q -l quiet -d 'Only warnings'
complete -c onced -n "__fish_onced_using_subcommand pause" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c onced -n "__fish_onced_using_subcommand resume" -l config -d 'The configuration file' -r -F
complete -c onced -n "__fish_onced_using_subcommand resume" -l directory -d 'The directory of schedule files' -r
complete -c onced -n "__fish_onced_using_subcommand resume" -l state-directory -d 'Where the ledger is kept' -r
complete -c onced -n "__fish_onced_using_subcommand resume" -l owner -d 'Whose executions these are: 1 to 16 lower-case letters and digits' -r
complete -c onced -n "__fish_onced_using_subcommand resume" -l state-machine -d 'The state machine that lambdas run through' -r
complete -c onced -n "__fish_onced_using_subcommand resume" -l endpoint-url -d 'Another endpoint than AWS\'s' -r
complete -c onced -n "__fish_onced_using_subcommand resume" -l region -d 'The region, where the state machine\'s ARN does not say it' -r
complete -c onced -n "__fish_onced_using_subcommand resume" -l set -d 'Set any key of the configuration' -r
complete -c onced -n "__fish_onced_using_subcommand resume" -l format -d 'How results are printed' -r -f -a "text\t'For people'
json\t'For programs'
markdown\t'For a pull request\'s comment'
github\t'For GitHub\'s annotations'
sarif\t'For code scanning'"
complete -c onced -n "__fish_onced_using_subcommand resume" -l color -d 'Colour in what is printed' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Yes'
never\t'No'"
complete -c onced -n "__fish_onced_using_subcommand resume" -l log-format -d 'How logs are printed: by default for people, and into the journal where systemd connects stderr with it' -r -f -a "text\t'For people; on a terminal in short'
json\t'One object a line'
journald\t'Into systemd\'s journal, with fields'"
complete -c onced -n "__fish_onced_using_subcommand resume" -l dry-run -d 'Only say it'
complete -c onced -n "__fish_onced_using_subcommand resume" -l sandbox -d 'Run against the embedded Step Functions: no AWS, no credentials'
complete -c onced -n "__fish_onced_using_subcommand resume" -s v -l verbose -d 'More logs; twice: those of libraries too. With `--version`: the time zone rules too'
complete -c onced -n "__fish_onced_using_subcommand resume" -s q -l quiet -d 'Only warnings'
complete -c onced -n "__fish_onced_using_subcommand resume" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c onced -n "__fish_onced_using_subcommand reload" -l config -d 'The configuration file' -r -F
complete -c onced -n "__fish_onced_using_subcommand reload" -l directory -d 'The directory of schedule files' -r
complete -c onced -n "__fish_onced_using_subcommand reload" -l state-directory -d 'Where the ledger is kept' -r
complete -c onced -n "__fish_onced_using_subcommand reload" -l owner -d 'Whose executions these are: 1 to 16 lower-case letters and digits' -r
complete -c onced -n "__fish_onced_using_subcommand reload" -l state-machine -d 'The state machine that lambdas run through' -r
complete -c onced -n "__fish_onced_using_subcommand reload" -l endpoint-url -d 'Another endpoint than AWS\'s' -r
complete -c onced -n "__fish_onced_using_subcommand reload" -l region -d 'The region, where the state machine\'s ARN does not say it' -r
complete -c onced -n "__fish_onced_using_subcommand reload" -l set -d 'Set any key of the configuration' -r
complete -c onced -n "__fish_onced_using_subcommand reload" -l format -d 'How results are printed' -r -f -a "text\t'For people'
json\t'For programs'
markdown\t'For a pull request\'s comment'
github\t'For GitHub\'s annotations'
sarif\t'For code scanning'"
complete -c onced -n "__fish_onced_using_subcommand reload" -l color -d 'Colour in what is printed' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Yes'
never\t'No'"
complete -c onced -n "__fish_onced_using_subcommand reload" -l log-format -d 'How logs are printed: by default for people, and into the journal where systemd connects stderr with it' -r -f -a "text\t'For people; on a terminal in short'
json\t'One object a line'
journald\t'Into systemd\'s journal, with fields'"
complete -c onced -n "__fish_onced_using_subcommand reload" -l sandbox -d 'Run against the embedded Step Functions: no AWS, no credentials'
complete -c onced -n "__fish_onced_using_subcommand reload" -s v -l verbose -d 'More logs; twice: those of libraries too. With `--version`: the time zone rules too'
complete -c onced -n "__fish_onced_using_subcommand reload" -s q -l quiet -d 'Only warnings'
complete -c onced -n "__fish_onced_using_subcommand reload" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c onced -n "__fish_onced_using_subcommand ledger; and not __fish_seen_subcommand_from export import check rebuild help" -l config -d 'The configuration file' -r -F
complete -c onced -n "__fish_onced_using_subcommand ledger; and not __fish_seen_subcommand_from export import check rebuild help" -l directory -d 'The directory of schedule files' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and not __fish_seen_subcommand_from export import check rebuild help" -l state-directory -d 'Where the ledger is kept' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and not __fish_seen_subcommand_from export import check rebuild help" -l owner -d 'Whose executions these are: 1 to 16 lower-case letters and digits' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and not __fish_seen_subcommand_from export import check rebuild help" -l state-machine -d 'The state machine that lambdas run through' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and not __fish_seen_subcommand_from export import check rebuild help" -l endpoint-url -d 'Another endpoint than AWS\'s' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and not __fish_seen_subcommand_from export import check rebuild help" -l region -d 'The region, where the state machine\'s ARN does not say it' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and not __fish_seen_subcommand_from export import check rebuild help" -l set -d 'Set any key of the configuration' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and not __fish_seen_subcommand_from export import check rebuild help" -l format -d 'How results are printed' -r -f -a "text\t'For people'
json\t'For programs'
markdown\t'For a pull request\'s comment'
github\t'For GitHub\'s annotations'
sarif\t'For code scanning'"
complete -c onced -n "__fish_onced_using_subcommand ledger; and not __fish_seen_subcommand_from export import check rebuild help" -l color -d 'Colour in what is printed' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Yes'
never\t'No'"
complete -c onced -n "__fish_onced_using_subcommand ledger; and not __fish_seen_subcommand_from export import check rebuild help" -l log-format -d 'How logs are printed: by default for people, and into the journal where systemd connects stderr with it' -r -f -a "text\t'For people; on a terminal in short'
json\t'One object a line'
journald\t'Into systemd\'s journal, with fields'"
complete -c onced -n "__fish_onced_using_subcommand ledger; and not __fish_seen_subcommand_from export import check rebuild help" -l sandbox -d 'Run against the embedded Step Functions: no AWS, no credentials'
complete -c onced -n "__fish_onced_using_subcommand ledger; and not __fish_seen_subcommand_from export import check rebuild help" -s v -l verbose -d 'More logs; twice: those of libraries too. With `--version`: the time zone rules too'
complete -c onced -n "__fish_onced_using_subcommand ledger; and not __fish_seen_subcommand_from export import check rebuild help" -s q -l quiet -d 'Only warnings'
complete -c onced -n "__fish_onced_using_subcommand ledger; and not __fish_seen_subcommand_from export import check rebuild help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c onced -n "__fish_onced_using_subcommand ledger; and not __fish_seen_subcommand_from export import check rebuild help" -f -a "export" -d 'Print everything as lines of JSON, inputs and history too'
complete -c onced -n "__fish_onced_using_subcommand ledger; and not __fish_seen_subcommand_from export import check rebuild help" -f -a "import" -d 'Read into an empty ledger what `export` printed'
complete -c onced -n "__fish_onced_using_subcommand ledger; and not __fish_seen_subcommand_from export import check rebuild help" -f -a "check" -d 'Is everything as it was written? Changes nothing'
complete -c onced -n "__fish_onced_using_subcommand ledger; and not __fish_seen_subcommand_from export import check rebuild help" -f -a "rebuild" -d 'Set the ledger aside; the next `onced run` builds it anew from what runs'
complete -c onced -n "__fish_onced_using_subcommand ledger; and not __fish_seen_subcommand_from export import check rebuild help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from export" -l config -d 'The configuration file' -r -F
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from export" -l directory -d 'The directory of schedule files' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from export" -l state-directory -d 'Where the ledger is kept' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from export" -l owner -d 'Whose executions these are: 1 to 16 lower-case letters and digits' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from export" -l state-machine -d 'The state machine that lambdas run through' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from export" -l endpoint-url -d 'Another endpoint than AWS\'s' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from export" -l region -d 'The region, where the state machine\'s ARN does not say it' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from export" -l set -d 'Set any key of the configuration' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from export" -l format -d 'How results are printed' -r -f -a "text\t'For people'
json\t'For programs'
markdown\t'For a pull request\'s comment'
github\t'For GitHub\'s annotations'
sarif\t'For code scanning'"
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from export" -l color -d 'Colour in what is printed' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Yes'
never\t'No'"
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from export" -l log-format -d 'How logs are printed: by default for people, and into the journal where systemd connects stderr with it' -r -f -a "text\t'For people; on a terminal in short'
json\t'One object a line'
journald\t'Into systemd\'s journal, with fields'"
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from export" -l sandbox -d 'Run against the embedded Step Functions: no AWS, no credentials'
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from export" -s v -l verbose -d 'More logs; twice: those of libraries too. With `--version`: the time zone rules too'
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from export" -s q -l quiet -d 'Only warnings'
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from import" -l config -d 'The configuration file' -r -F
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from import" -l directory -d 'The directory of schedule files' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from import" -l state-directory -d 'Where the ledger is kept' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from import" -l owner -d 'Whose executions these are: 1 to 16 lower-case letters and digits' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from import" -l state-machine -d 'The state machine that lambdas run through' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from import" -l endpoint-url -d 'Another endpoint than AWS\'s' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from import" -l region -d 'The region, where the state machine\'s ARN does not say it' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from import" -l set -d 'Set any key of the configuration' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from import" -l format -d 'How results are printed' -r -f -a "text\t'For people'
json\t'For programs'
markdown\t'For a pull request\'s comment'
github\t'For GitHub\'s annotations'
sarif\t'For code scanning'"
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from import" -l color -d 'Colour in what is printed' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Yes'
never\t'No'"
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from import" -l log-format -d 'How logs are printed: by default for people, and into the journal where systemd connects stderr with it' -r -f -a "text\t'For people; on a terminal in short'
json\t'One object a line'
journald\t'Into systemd\'s journal, with fields'"
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from import" -l sandbox -d 'Run against the embedded Step Functions: no AWS, no credentials'
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from import" -s v -l verbose -d 'More logs; twice: those of libraries too. With `--version`: the time zone rules too'
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from import" -s q -l quiet -d 'Only warnings'
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from check" -l config -d 'The configuration file' -r -F
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from check" -l directory -d 'The directory of schedule files' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from check" -l state-directory -d 'Where the ledger is kept' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from check" -l owner -d 'Whose executions these are: 1 to 16 lower-case letters and digits' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from check" -l state-machine -d 'The state machine that lambdas run through' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from check" -l endpoint-url -d 'Another endpoint than AWS\'s' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from check" -l region -d 'The region, where the state machine\'s ARN does not say it' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from check" -l set -d 'Set any key of the configuration' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from check" -l format -d 'How results are printed' -r -f -a "text\t'For people'
json\t'For programs'
markdown\t'For a pull request\'s comment'
github\t'For GitHub\'s annotations'
sarif\t'For code scanning'"
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from check" -l color -d 'Colour in what is printed' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Yes'
never\t'No'"
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from check" -l log-format -d 'How logs are printed: by default for people, and into the journal where systemd connects stderr with it' -r -f -a "text\t'For people; on a terminal in short'
json\t'One object a line'
journald\t'Into systemd\'s journal, with fields'"
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from check" -l sandbox -d 'Run against the embedded Step Functions: no AWS, no credentials'
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from check" -s v -l verbose -d 'More logs; twice: those of libraries too. With `--version`: the time zone rules too'
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Only warnings'
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from rebuild" -l config -d 'The configuration file' -r -F
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from rebuild" -l directory -d 'The directory of schedule files' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from rebuild" -l state-directory -d 'Where the ledger is kept' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from rebuild" -l owner -d 'Whose executions these are: 1 to 16 lower-case letters and digits' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from rebuild" -l state-machine -d 'The state machine that lambdas run through' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from rebuild" -l endpoint-url -d 'Another endpoint than AWS\'s' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from rebuild" -l region -d 'The region, where the state machine\'s ARN does not say it' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from rebuild" -l set -d 'Set any key of the configuration' -r
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from rebuild" -l format -d 'How results are printed' -r -f -a "text\t'For people'
json\t'For programs'
markdown\t'For a pull request\'s comment'
github\t'For GitHub\'s annotations'
sarif\t'For code scanning'"
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from rebuild" -l color -d 'Colour in what is printed' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Yes'
never\t'No'"
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from rebuild" -l log-format -d 'How logs are printed: by default for people, and into the journal where systemd connects stderr with it' -r -f -a "text\t'For people; on a terminal in short'
json\t'One object a line'
journald\t'Into systemd\'s journal, with fields'"
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from rebuild" -l sandbox -d 'Run against the embedded Step Functions: no AWS, no credentials'
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from rebuild" -s v -l verbose -d 'More logs; twice: those of libraries too. With `--version`: the time zone rules too'
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from rebuild" -s q -l quiet -d 'Only warnings'
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from rebuild" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from help" -f -a "export" -d 'Print everything as lines of JSON, inputs and history too'
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from help" -f -a "import" -d 'Read into an empty ledger what `export` printed'
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from help" -f -a "check" -d 'Is everything as it was written? Changes nothing'
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from help" -f -a "rebuild" -d 'Set the ledger aside; the next `onced run` builds it anew from what runs'
complete -c onced -n "__fish_onced_using_subcommand ledger; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c onced -n "__fish_onced_using_subcommand add" -l at -d 'When: `2026-12-01T09:00:00`, `tomorrow 09:00`, `monday 09:00`, `09:00`; in the time zone, or with an offset' -r
complete -c onced -n "__fish_onced_using_subcommand add" -l in -d 'From now, such as `30s`' -r
complete -c onced -n "__fish_onced_using_subcommand add" -l lambda -d 'The function\'s name or ARN' -r
complete -c onced -n "__fish_onced_using_subcommand add" -l payload -d 'What the function is given, as JSON' -r
complete -c onced -n "__fish_onced_using_subcommand add" -l timezone -d 'The zone of `--at`; else that of the file\'s defaults or of the configuration' -r
complete -c onced -n "__fish_onced_using_subcommand add" -l description -d 'What it is for' -r
complete -c onced -n "__fish_onced_using_subcommand add" -l grace -d 'How late it may still be started' -r
complete -c onced -n "__fish_onced_using_subcommand add" -l file -d 'The schedule file, within the directory; it may be there already. `NAME.yaml` where it is not given' -r
complete -c onced -n "__fish_onced_using_subcommand add" -l config -d 'The configuration file' -r -F
complete -c onced -n "__fish_onced_using_subcommand add" -l directory -d 'The directory of schedule files' -r
complete -c onced -n "__fish_onced_using_subcommand add" -l state-directory -d 'Where the ledger is kept' -r
complete -c onced -n "__fish_onced_using_subcommand add" -l owner -d 'Whose executions these are: 1 to 16 lower-case letters and digits' -r
complete -c onced -n "__fish_onced_using_subcommand add" -l state-machine -d 'The state machine that lambdas run through' -r
complete -c onced -n "__fish_onced_using_subcommand add" -l endpoint-url -d 'Another endpoint than AWS\'s' -r
complete -c onced -n "__fish_onced_using_subcommand add" -l region -d 'The region, where the state machine\'s ARN does not say it' -r
complete -c onced -n "__fish_onced_using_subcommand add" -l set -d 'Set any key of the configuration' -r
complete -c onced -n "__fish_onced_using_subcommand add" -l format -d 'How results are printed' -r -f -a "text\t'For people'
json\t'For programs'
markdown\t'For a pull request\'s comment'
github\t'For GitHub\'s annotations'
sarif\t'For code scanning'"
complete -c onced -n "__fish_onced_using_subcommand add" -l color -d 'Colour in what is printed' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Yes'
never\t'No'"
complete -c onced -n "__fish_onced_using_subcommand add" -l log-format -d 'How logs are printed: by default for people, and into the journal where systemd connects stderr with it' -r -f -a "text\t'For people; on a terminal in short'
json\t'One object a line'
journald\t'Into systemd\'s journal, with fields'"
complete -c onced -n "__fish_onced_using_subcommand add" -l sandbox -d 'Run against the embedded Step Functions: no AWS, no credentials'
complete -c onced -n "__fish_onced_using_subcommand add" -s v -l verbose -d 'More logs; twice: those of libraries too. With `--version`: the time zone rules too'
complete -c onced -n "__fish_onced_using_subcommand add" -s q -l quiet -d 'Only warnings'
complete -c onced -n "__fish_onced_using_subcommand add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c onced -n "__fish_onced_using_subcommand edit" -l at -d 'When, as for `onced add`' -r
complete -c onced -n "__fish_onced_using_subcommand edit" -l in -d 'From now, such as `30s`' -r
complete -c onced -n "__fish_onced_using_subcommand edit" -l timezone -d 'The entry\'s time zone' -r
complete -c onced -n "__fish_onced_using_subcommand edit" -l lambda -d 'The function\'s name or ARN' -r
complete -c onced -n "__fish_onced_using_subcommand edit" -l payload -d 'What the function or the state machine is given, as JSON' -r
complete -c onced -n "__fish_onced_using_subcommand edit" -l description -d 'What it is for' -r
complete -c onced -n "__fish_onced_using_subcommand edit" -l grace -d 'How late it may still be started' -r
complete -c onced -n "__fish_onced_using_subcommand edit" -l config -d 'The configuration file' -r -F
complete -c onced -n "__fish_onced_using_subcommand edit" -l directory -d 'The directory of schedule files' -r
complete -c onced -n "__fish_onced_using_subcommand edit" -l state-directory -d 'Where the ledger is kept' -r
complete -c onced -n "__fish_onced_using_subcommand edit" -l owner -d 'Whose executions these are: 1 to 16 lower-case letters and digits' -r
complete -c onced -n "__fish_onced_using_subcommand edit" -l state-machine -d 'The state machine that lambdas run through' -r
complete -c onced -n "__fish_onced_using_subcommand edit" -l endpoint-url -d 'Another endpoint than AWS\'s' -r
complete -c onced -n "__fish_onced_using_subcommand edit" -l region -d 'The region, where the state machine\'s ARN does not say it' -r
complete -c onced -n "__fish_onced_using_subcommand edit" -l set -d 'Set any key of the configuration' -r
complete -c onced -n "__fish_onced_using_subcommand edit" -l format -d 'How results are printed' -r -f -a "text\t'For people'
json\t'For programs'
markdown\t'For a pull request\'s comment'
github\t'For GitHub\'s annotations'
sarif\t'For code scanning'"
complete -c onced -n "__fish_onced_using_subcommand edit" -l color -d 'Colour in what is printed' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Yes'
never\t'No'"
complete -c onced -n "__fish_onced_using_subcommand edit" -l log-format -d 'How logs are printed: by default for people, and into the journal where systemd connects stderr with it' -r -f -a "text\t'For people; on a terminal in short'
json\t'One object a line'
journald\t'Into systemd\'s journal, with fields'"
complete -c onced -n "__fish_onced_using_subcommand edit" -l enable -d 'Let it run'
complete -c onced -n "__fish_onced_using_subcommand edit" -l disable -d 'Don\'t let it run; stop it if it waits to'
complete -c onced -n "__fish_onced_using_subcommand edit" -l sandbox -d 'Run against the embedded Step Functions: no AWS, no credentials'
complete -c onced -n "__fish_onced_using_subcommand edit" -s v -l verbose -d 'More logs; twice: those of libraries too. With `--version`: the time zone rules too'
complete -c onced -n "__fish_onced_using_subcommand edit" -s q -l quiet -d 'Only warnings'
complete -c onced -n "__fish_onced_using_subcommand edit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c onced -n "__fish_onced_using_subcommand remove" -l config -d 'The configuration file' -r -F
complete -c onced -n "__fish_onced_using_subcommand remove" -l directory -d 'The directory of schedule files' -r
complete -c onced -n "__fish_onced_using_subcommand remove" -l state-directory -d 'Where the ledger is kept' -r
complete -c onced -n "__fish_onced_using_subcommand remove" -l owner -d 'Whose executions these are: 1 to 16 lower-case letters and digits' -r
complete -c onced -n "__fish_onced_using_subcommand remove" -l state-machine -d 'The state machine that lambdas run through' -r
complete -c onced -n "__fish_onced_using_subcommand remove" -l endpoint-url -d 'Another endpoint than AWS\'s' -r
complete -c onced -n "__fish_onced_using_subcommand remove" -l region -d 'The region, where the state machine\'s ARN does not say it' -r
complete -c onced -n "__fish_onced_using_subcommand remove" -l set -d 'Set any key of the configuration' -r
complete -c onced -n "__fish_onced_using_subcommand remove" -l format -d 'How results are printed' -r -f -a "text\t'For people'
json\t'For programs'
markdown\t'For a pull request\'s comment'
github\t'For GitHub\'s annotations'
sarif\t'For code scanning'"
complete -c onced -n "__fish_onced_using_subcommand remove" -l color -d 'Colour in what is printed' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Yes'
never\t'No'"
complete -c onced -n "__fish_onced_using_subcommand remove" -l log-format -d 'How logs are printed: by default for people, and into the journal where systemd connects stderr with it' -r -f -a "text\t'For people; on a terminal in short'
json\t'One object a line'
journald\t'Into systemd\'s journal, with fields'"
complete -c onced -n "__fish_onced_using_subcommand remove" -l sandbox -d 'Run against the embedded Step Functions: no AWS, no credentials'
complete -c onced -n "__fish_onced_using_subcommand remove" -s v -l verbose -d 'More logs; twice: those of libraries too. With `--version`: the time zone rules too'
complete -c onced -n "__fish_onced_using_subcommand remove" -s q -l quiet -d 'Only warnings'
complete -c onced -n "__fish_onced_using_subcommand remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c onced -n "__fish_onced_using_subcommand fmt" -l config -d 'The configuration file' -r -F
complete -c onced -n "__fish_onced_using_subcommand fmt" -l directory -d 'The directory of schedule files' -r
complete -c onced -n "__fish_onced_using_subcommand fmt" -l state-directory -d 'Where the ledger is kept' -r
complete -c onced -n "__fish_onced_using_subcommand fmt" -l owner -d 'Whose executions these are: 1 to 16 lower-case letters and digits' -r
complete -c onced -n "__fish_onced_using_subcommand fmt" -l state-machine -d 'The state machine that lambdas run through' -r
complete -c onced -n "__fish_onced_using_subcommand fmt" -l endpoint-url -d 'Another endpoint than AWS\'s' -r
complete -c onced -n "__fish_onced_using_subcommand fmt" -l region -d 'The region, where the state machine\'s ARN does not say it' -r
complete -c onced -n "__fish_onced_using_subcommand fmt" -l set -d 'Set any key of the configuration' -r
complete -c onced -n "__fish_onced_using_subcommand fmt" -l format -d 'How results are printed' -r -f -a "text\t'For people'
json\t'For programs'
markdown\t'For a pull request\'s comment'
github\t'For GitHub\'s annotations'
sarif\t'For code scanning'"
complete -c onced -n "__fish_onced_using_subcommand fmt" -l color -d 'Colour in what is printed' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Yes'
never\t'No'"
complete -c onced -n "__fish_onced_using_subcommand fmt" -l log-format -d 'How logs are printed: by default for people, and into the journal where systemd connects stderr with it' -r -f -a "text\t'For people; on a terminal in short'
json\t'One object a line'
journald\t'Into systemd\'s journal, with fields'"
complete -c onced -n "__fish_onced_using_subcommand fmt" -l check -d 'Only say which files are in another form, and exit with 1 if one is'
complete -c onced -n "__fish_onced_using_subcommand fmt" -l sandbox -d 'Run against the embedded Step Functions: no AWS, no credentials'
complete -c onced -n "__fish_onced_using_subcommand fmt" -s v -l verbose -d 'More logs; twice: those of libraries too. With `--version`: the time zone rules too'
complete -c onced -n "__fish_onced_using_subcommand fmt" -s q -l quiet -d 'Only warnings'
complete -c onced -n "__fish_onced_using_subcommand fmt" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c onced -n "__fish_onced_using_subcommand doctor" -l config -d 'The configuration file' -r -F
complete -c onced -n "__fish_onced_using_subcommand doctor" -l directory -d 'The directory of schedule files' -r
complete -c onced -n "__fish_onced_using_subcommand doctor" -l state-directory -d 'Where the ledger is kept' -r
complete -c onced -n "__fish_onced_using_subcommand doctor" -l owner -d 'Whose executions these are: 1 to 16 lower-case letters and digits' -r
complete -c onced -n "__fish_onced_using_subcommand doctor" -l state-machine -d 'The state machine that lambdas run through' -r
complete -c onced -n "__fish_onced_using_subcommand doctor" -l endpoint-url -d 'Another endpoint than AWS\'s' -r
complete -c onced -n "__fish_onced_using_subcommand doctor" -l region -d 'The region, where the state machine\'s ARN does not say it' -r
complete -c onced -n "__fish_onced_using_subcommand doctor" -l set -d 'Set any key of the configuration' -r
complete -c onced -n "__fish_onced_using_subcommand doctor" -l format -d 'How results are printed' -r -f -a "text\t'For people'
json\t'For programs'
markdown\t'For a pull request\'s comment'
github\t'For GitHub\'s annotations'
sarif\t'For code scanning'"
complete -c onced -n "__fish_onced_using_subcommand doctor" -l color -d 'Colour in what is printed' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Yes'
never\t'No'"
complete -c onced -n "__fish_onced_using_subcommand doctor" -l log-format -d 'How logs are printed: by default for people, and into the journal where systemd connects stderr with it' -r -f -a "text\t'For people; on a terminal in short'
json\t'One object a line'
journald\t'Into systemd\'s journal, with fields'"
complete -c onced -n "__fish_onced_using_subcommand doctor" -l sandbox -d 'Run against the embedded Step Functions: no AWS, no credentials'
complete -c onced -n "__fish_onced_using_subcommand doctor" -s v -l verbose -d 'More logs; twice: those of libraries too. With `--version`: the time zone rules too'
complete -c onced -n "__fish_onced_using_subcommand doctor" -s q -l quiet -d 'Only warnings'
complete -c onced -n "__fish_onced_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c onced -n "__fish_onced_using_subcommand bootstrap" -l role-arn -d 'The role that the state machine runs as: it may invoke the functions' -r
complete -c onced -n "__fish_onced_using_subcommand bootstrap" -l name -d 'The state machine\'s name; that of the configured one where this is not given, else `OneTimeLambdaScheduler`' -r
complete -c onced -n "__fish_onced_using_subcommand bootstrap" -l dead-letter-queue -d 'The SQS queue for invocations that failed for good' -r
complete -c onced -n "__fish_onced_using_subcommand bootstrap" -l legacy-lambda-arn -d 'Always this one function, as the Task\'s `Resource`: the form of machines that were made by hand' -r
complete -c onced -n "__fish_onced_using_subcommand bootstrap" -l print -d 'Print this instead of calling AWS' -r -f -a "asl\t'The definition, in the Amazon States Language'
iam\t'Policies: for onced, for who bootstraps, and for the machine\'s role'
cloudformation\t'A template of role, machine, queue and alarm'
terraform\t'The same as a Terraform file'"
complete -c onced -n "__fish_onced_using_subcommand bootstrap" -l config -d 'The configuration file' -r -F
complete -c onced -n "__fish_onced_using_subcommand bootstrap" -l directory -d 'The directory of schedule files' -r
complete -c onced -n "__fish_onced_using_subcommand bootstrap" -l state-directory -d 'Where the ledger is kept' -r
complete -c onced -n "__fish_onced_using_subcommand bootstrap" -l owner -d 'Whose executions these are: 1 to 16 lower-case letters and digits' -r
complete -c onced -n "__fish_onced_using_subcommand bootstrap" -l state-machine -d 'The state machine that lambdas run through' -r
complete -c onced -n "__fish_onced_using_subcommand bootstrap" -l endpoint-url -d 'Another endpoint than AWS\'s' -r
complete -c onced -n "__fish_onced_using_subcommand bootstrap" -l region -d 'The region, where the state machine\'s ARN does not say it' -r
complete -c onced -n "__fish_onced_using_subcommand bootstrap" -l set -d 'Set any key of the configuration' -r
complete -c onced -n "__fish_onced_using_subcommand bootstrap" -l format -d 'How results are printed' -r -f -a "text\t'For people'
json\t'For programs'
markdown\t'For a pull request\'s comment'
github\t'For GitHub\'s annotations'
sarif\t'For code scanning'"
complete -c onced -n "__fish_onced_using_subcommand bootstrap" -l color -d 'Colour in what is printed' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Yes'
never\t'No'"
complete -c onced -n "__fish_onced_using_subcommand bootstrap" -l log-format -d 'How logs are printed: by default for people, and into the journal where systemd connects stderr with it' -r -f -a "text\t'For people; on a terminal in short'
json\t'One object a line'
journald\t'Into systemd\'s journal, with fields'"
complete -c onced -n "__fish_onced_using_subcommand bootstrap" -l dry-run -d 'Only say what would be done'
complete -c onced -n "__fish_onced_using_subcommand bootstrap" -l force -d 'Overwrite a definition that somebody else made or changed'
complete -c onced -n "__fish_onced_using_subcommand bootstrap" -l sandbox -d 'Run against the embedded Step Functions: no AWS, no credentials'
complete -c onced -n "__fish_onced_using_subcommand bootstrap" -s v -l verbose -d 'More logs; twice: those of libraries too. With `--version`: the time zone rules too'
complete -c onced -n "__fish_onced_using_subcommand bootstrap" -s q -l quiet -d 'Only warnings'
complete -c onced -n "__fish_onced_using_subcommand bootstrap" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c onced -n "__fish_onced_using_subcommand schema" -l config -d 'The configuration file' -r -F
complete -c onced -n "__fish_onced_using_subcommand schema" -l directory -d 'The directory of schedule files' -r
complete -c onced -n "__fish_onced_using_subcommand schema" -l state-directory -d 'Where the ledger is kept' -r
complete -c onced -n "__fish_onced_using_subcommand schema" -l owner -d 'Whose executions these are: 1 to 16 lower-case letters and digits' -r
complete -c onced -n "__fish_onced_using_subcommand schema" -l state-machine -d 'The state machine that lambdas run through' -r
complete -c onced -n "__fish_onced_using_subcommand schema" -l endpoint-url -d 'Another endpoint than AWS\'s' -r
complete -c onced -n "__fish_onced_using_subcommand schema" -l region -d 'The region, where the state machine\'s ARN does not say it' -r
complete -c onced -n "__fish_onced_using_subcommand schema" -l set -d 'Set any key of the configuration' -r
complete -c onced -n "__fish_onced_using_subcommand schema" -l format -d 'How results are printed' -r -f -a "text\t'For people'
json\t'For programs'
markdown\t'For a pull request\'s comment'
github\t'For GitHub\'s annotations'
sarif\t'For code scanning'"
complete -c onced -n "__fish_onced_using_subcommand schema" -l color -d 'Colour in what is printed' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Yes'
never\t'No'"
complete -c onced -n "__fish_onced_using_subcommand schema" -l log-format -d 'How logs are printed: by default for people, and into the journal where systemd connects stderr with it' -r -f -a "text\t'For people; on a terminal in short'
json\t'One object a line'
journald\t'Into systemd\'s journal, with fields'"
complete -c onced -n "__fish_onced_using_subcommand schema" -l sandbox -d 'Run against the embedded Step Functions: no AWS, no credentials'
complete -c onced -n "__fish_onced_using_subcommand schema" -s v -l verbose -d 'More logs; twice: those of libraries too. With `--version`: the time zone rules too'
complete -c onced -n "__fish_onced_using_subcommand schema" -s q -l quiet -d 'Only warnings'
complete -c onced -n "__fish_onced_using_subcommand schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c onced -n "__fish_onced_using_subcommand completions" -l config -d 'The configuration file' -r -F
complete -c onced -n "__fish_onced_using_subcommand completions" -l directory -d 'The directory of schedule files' -r
complete -c onced -n "__fish_onced_using_subcommand completions" -l state-directory -d 'Where the ledger is kept' -r
complete -c onced -n "__fish_onced_using_subcommand completions" -l owner -d 'Whose executions these are: 1 to 16 lower-case letters and digits' -r
complete -c onced -n "__fish_onced_using_subcommand completions" -l state-machine -d 'The state machine that lambdas run through' -r
complete -c onced -n "__fish_onced_using_subcommand completions" -l endpoint-url -d 'Another endpoint than AWS\'s' -r
complete -c onced -n "__fish_onced_using_subcommand completions" -l region -d 'The region, where the state machine\'s ARN does not say it' -r
complete -c onced -n "__fish_onced_using_subcommand completions" -l set -d 'Set any key of the configuration' -r
complete -c onced -n "__fish_onced_using_subcommand completions" -l format -d 'How results are printed' -r -f -a "text\t'For people'
json\t'For programs'
markdown\t'For a pull request\'s comment'
github\t'For GitHub\'s annotations'
sarif\t'For code scanning'"
complete -c onced -n "__fish_onced_using_subcommand completions" -l color -d 'Colour in what is printed' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Yes'
never\t'No'"
complete -c onced -n "__fish_onced_using_subcommand completions" -l log-format -d 'How logs are printed: by default for people, and into the journal where systemd connects stderr with it' -r -f -a "text\t'For people; on a terminal in short'
json\t'One object a line'
journald\t'Into systemd\'s journal, with fields'"
complete -c onced -n "__fish_onced_using_subcommand completions" -l sandbox -d 'Run against the embedded Step Functions: no AWS, no credentials'
complete -c onced -n "__fish_onced_using_subcommand completions" -s v -l verbose -d 'More logs; twice: those of libraries too. With `--version`: the time zone rules too'
complete -c onced -n "__fish_onced_using_subcommand completions" -s q -l quiet -d 'Only warnings'
complete -c onced -n "__fish_onced_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c onced -n "__fish_onced_using_subcommand man" -l config -d 'The configuration file' -r -F
complete -c onced -n "__fish_onced_using_subcommand man" -l directory -d 'The directory of schedule files' -r
complete -c onced -n "__fish_onced_using_subcommand man" -l state-directory -d 'Where the ledger is kept' -r
complete -c onced -n "__fish_onced_using_subcommand man" -l owner -d 'Whose executions these are: 1 to 16 lower-case letters and digits' -r
complete -c onced -n "__fish_onced_using_subcommand man" -l state-machine -d 'The state machine that lambdas run through' -r
complete -c onced -n "__fish_onced_using_subcommand man" -l endpoint-url -d 'Another endpoint than AWS\'s' -r
complete -c onced -n "__fish_onced_using_subcommand man" -l region -d 'The region, where the state machine\'s ARN does not say it' -r
complete -c onced -n "__fish_onced_using_subcommand man" -l set -d 'Set any key of the configuration' -r
complete -c onced -n "__fish_onced_using_subcommand man" -l format -d 'How results are printed' -r -f -a "text\t'For people'
json\t'For programs'
markdown\t'For a pull request\'s comment'
github\t'For GitHub\'s annotations'
sarif\t'For code scanning'"
complete -c onced -n "__fish_onced_using_subcommand man" -l color -d 'Colour in what is printed' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Yes'
never\t'No'"
complete -c onced -n "__fish_onced_using_subcommand man" -l log-format -d 'How logs are printed: by default for people, and into the journal where systemd connects stderr with it' -r -f -a "text\t'For people; on a terminal in short'
json\t'One object a line'
journald\t'Into systemd\'s journal, with fields'"
complete -c onced -n "__fish_onced_using_subcommand man" -l sandbox -d 'Run against the embedded Step Functions: no AWS, no credentials'
complete -c onced -n "__fish_onced_using_subcommand man" -s v -l verbose -d 'More logs; twice: those of libraries too. With `--version`: the time zone rules too'
complete -c onced -n "__fish_onced_using_subcommand man" -s q -l quiet -d 'Only warnings'
complete -c onced -n "__fish_onced_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c onced -n "__fish_onced_using_subcommand sandbox" -l listen -d 'Where to listen; loopback only is wise: nothing is authenticated' -r
complete -c onced -n "__fish_onced_using_subcommand sandbox" -l lambda-endpoint -d 'Where invocations are sent: a Lambda-compatible endpoint' -r
complete -c onced -n "__fish_onced_using_subcommand sandbox" -l config -d 'The configuration file' -r -F
complete -c onced -n "__fish_onced_using_subcommand sandbox" -l directory -d 'The directory of schedule files' -r
complete -c onced -n "__fish_onced_using_subcommand sandbox" -l state-directory -d 'Where the ledger is kept' -r
complete -c onced -n "__fish_onced_using_subcommand sandbox" -l owner -d 'Whose executions these are: 1 to 16 lower-case letters and digits' -r
complete -c onced -n "__fish_onced_using_subcommand sandbox" -l state-machine -d 'The state machine that lambdas run through' -r
complete -c onced -n "__fish_onced_using_subcommand sandbox" -l endpoint-url -d 'Another endpoint than AWS\'s' -r
complete -c onced -n "__fish_onced_using_subcommand sandbox" -l region -d 'The region, where the state machine\'s ARN does not say it' -r
complete -c onced -n "__fish_onced_using_subcommand sandbox" -l set -d 'Set any key of the configuration' -r
complete -c onced -n "__fish_onced_using_subcommand sandbox" -l format -d 'How results are printed' -r -f -a "text\t'For people'
json\t'For programs'
markdown\t'For a pull request\'s comment'
github\t'For GitHub\'s annotations'
sarif\t'For code scanning'"
complete -c onced -n "__fish_onced_using_subcommand sandbox" -l color -d 'Colour in what is printed' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Yes'
never\t'No'"
complete -c onced -n "__fish_onced_using_subcommand sandbox" -l log-format -d 'How logs are printed: by default for people, and into the journal where systemd connects stderr with it' -r -f -a "text\t'For people; on a terminal in short'
json\t'One object a line'
journald\t'Into systemd\'s journal, with fields'"
complete -c onced -n "__fish_onced_using_subcommand sandbox" -l sandbox -d 'Run against the embedded Step Functions: no AWS, no credentials'
complete -c onced -n "__fish_onced_using_subcommand sandbox" -s v -l verbose -d 'More logs; twice: those of libraries too. With `--version`: the time zone rules too'
complete -c onced -n "__fish_onced_using_subcommand sandbox" -s q -l quiet -d 'Only warnings'
complete -c onced -n "__fish_onced_using_subcommand sandbox" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c onced -n "__fish_onced_using_subcommand help; and not __fish_seen_subcommand_from run sync plan check list calendar show history report approve pause resume reload ledger add edit remove fmt doctor bootstrap schema completions man sandbox help" -f -a "run" -d 'The daemon, in the foreground'
complete -c onced -n "__fish_onced_using_subcommand help; and not __fish_seen_subcommand_from run sync plan check list calendar show history report approve pause resume reload ledger add edit remove fmt doctor bootstrap schema completions man sandbox help" -f -a "sync" -d 'One reconciliation, then exit'
complete -c onced -n "__fish_onced_using_subcommand help; and not __fish_seen_subcommand_from run sync plan check list calendar show history report approve pause resume reload ledger add edit remove fmt doctor bootstrap schema completions man sandbox help" -f -a "plan" -d 'What would be done. Changes nothing'
complete -c onced -n "__fish_onced_using_subcommand help; and not __fish_seen_subcommand_from run sync plan check list calendar show history report approve pause resume reload ledger add edit remove fmt doctor bootstrap schema completions man sandbox help" -f -a "check" -d 'Are the schedule files good? Offline'
complete -c onced -n "__fish_onced_using_subcommand help; and not __fish_seen_subcommand_from run sync plan check list calendar show history report approve pause resume reload ledger add edit remove fmt doctor bootstrap schema completions man sandbox help" -f -a "list" -d 'Every entry and where it stands: what fires next first, then what is over'
complete -c onced -n "__fish_onced_using_subcommand help; and not __fish_seen_subcommand_from run sync plan check list calendar show history report approve pause resume reload ledger add edit remove fmt doctor bootstrap schema completions man sandbox help" -f -a "calendar" -d 'The firings to come: a month in the terminal, a feed for calendars, or a page'
complete -c onced -n "__fish_onced_using_subcommand help; and not __fish_seen_subcommand_from run sync plan check list calendar show history report approve pause resume reload ledger add edit remove fmt doctor bootstrap schema completions man sandbox help" -f -a "show" -d 'One entry in full: why it stands where it does, and what comes next'
complete -c onced -n "__fish_onced_using_subcommand help; and not __fish_seen_subcommand_from run sync plan check list calendar show history report approve pause resume reload ledger add edit remove fmt doctor bootstrap schema completions man sandbox help" -f -a "history" -d 'What happened, the oldest first, for 90 days'
complete -c onced -n "__fish_onced_using_subcommand help; and not __fish_seen_subcommand_from run sync plan check list calendar show history report approve pause resume reload ledger add edit remove fmt doctor bootstrap schema completions man sandbox help" -f -a "report" -d 'What was to fire lately, and what came of it. Exit code 1 where something that was expected is missing'
complete -c onced -n "__fish_onced_using_subcommand help; and not __fish_seen_subcommand_from run sync plan check list calendar show history report approve pause resume reload ledger add edit remove fmt doctor bootstrap schema completions man sandbox help" -f -a "approve" -d 'Let go what `onced plan` says waits for approval'
complete -c onced -n "__fish_onced_using_subcommand help; and not __fish_seen_subcommand_from run sync plan check list calendar show history report approve pause resume reload ledger add edit remove fmt doctor bootstrap schema completions man sandbox help" -f -a "pause" -d 'Start and stop nothing until told otherwise. What is scheduled at AWS fires all the same'
complete -c onced -n "__fish_onced_using_subcommand help; and not __fish_seen_subcommand_from run sync plan check list calendar show history report approve pause resume reload ledger add edit remove fmt doctor bootstrap schema completions man sandbox help" -f -a "resume" -d 'End a pause, after saying what came to its time meanwhile and what becomes of it'
complete -c onced -n "__fish_onced_using_subcommand help; and not __fish_seen_subcommand_from run sync plan check list calendar show history report approve pause resume reload ledger add edit remove fmt doctor bootstrap schema completions man sandbox help" -f -a "reload" -d 'Let the running daemon read its configuration again. A bad one is refused, and it goes on with the old one'
complete -c onced -n "__fish_onced_using_subcommand help; and not __fish_seen_subcommand_from run sync plan check list calendar show history report approve pause resume reload ledger add edit remove fmt doctor bootstrap schema completions man sandbox help" -f -a "ledger" -d 'Look after the ledger'
complete -c onced -n "__fish_onced_using_subcommand help; and not __fish_seen_subcommand_from run sync plan check list calendar show history report approve pause resume reload ledger add edit remove fmt doctor bootstrap schema completions man sandbox help" -f -a "add" -d 'Write a schedule file with one entry, or add the entry to one that is there'
complete -c onced -n "__fish_onced_using_subcommand help; and not __fish_seen_subcommand_from run sync plan check list calendar show history report approve pause resume reload ledger add edit remove fmt doctor bootstrap schema completions man sandbox help" -f -a "edit" -d 'Change an entry where it stands: by flags, or without any in your editor'
complete -c onced -n "__fish_onced_using_subcommand help; and not __fish_seen_subcommand_from run sync plan check list calendar show history report approve pause resume reload ledger add edit remove fmt doctor bootstrap schema completions man sandbox help" -f -a "remove" -d 'Take an entry out of its schedule file, with its comments'
complete -c onced -n "__fish_onced_using_subcommand help; and not __fish_seen_subcommand_from run sync plan check list calendar show history report approve pause resume reload ledger add edit remove fmt doctor bootstrap schema completions man sandbox help" -f -a "fmt" -d 'Bring schedule files into their form. Comments and order stay'
complete -c onced -n "__fish_onced_using_subcommand help; and not __fish_seen_subcommand_from run sync plan check list calendar show history report approve pause resume reload ledger add edit remove fmt doctor bootstrap schema completions man sandbox help" -f -a "doctor" -d 'Would onced work here? Looks at files, ledger and AWS; changes nothing'
complete -c onced -n "__fish_onced_using_subcommand help; and not __fish_seen_subcommand_from run sync plan check list calendar show history report approve pause resume reload ledger add edit remove fmt doctor bootstrap schema completions man sandbox help" -f -a "bootstrap" -d 'Create the state machine that lambdas run through, or bring it up to date'
complete -c onced -n "__fish_onced_using_subcommand help; and not __fish_seen_subcommand_from run sync plan check list calendar show history report approve pause resume reload ledger add edit remove fmt doctor bootstrap schema completions man sandbox help" -f -a "schema" -d 'Print the JSON Schema of schedule files or of the configuration, for editors and validators'
complete -c onced -n "__fish_onced_using_subcommand help; and not __fish_seen_subcommand_from run sync plan check list calendar show history report approve pause resume reload ledger add edit remove fmt doctor bootstrap schema completions man sandbox help" -f -a "completions" -d 'Print what a shell needs to complete commands, options and the names of entries'
complete -c onced -n "__fish_onced_using_subcommand help; and not __fish_seen_subcommand_from run sync plan check list calendar show history report approve pause resume reload ledger add edit remove fmt doctor bootstrap schema completions man sandbox help" -f -a "man" -d 'Print the manual'
complete -c onced -n "__fish_onced_using_subcommand help; and not __fish_seen_subcommand_from run sync plan check list calendar show history report approve pause resume reload ledger add edit remove fmt doctor bootstrap schema completions man sandbox help" -f -a "sandbox" -d 'Serve the embedded Step Functions over HTTP'
complete -c onced -n "__fish_onced_using_subcommand help; and not __fish_seen_subcommand_from run sync plan check list calendar show history report approve pause resume reload ledger add edit remove fmt doctor bootstrap schema completions man sandbox help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c onced -n "__fish_onced_using_subcommand help; and __fish_seen_subcommand_from ledger" -f -a "export" -d 'Print everything as lines of JSON, inputs and history too'
complete -c onced -n "__fish_onced_using_subcommand help; and __fish_seen_subcommand_from ledger" -f -a "import" -d 'Read into an empty ledger what `export` printed'
complete -c onced -n "__fish_onced_using_subcommand help; and __fish_seen_subcommand_from ledger" -f -a "check" -d 'Is everything as it was written? Changes nothing'
complete -c onced -n "__fish_onced_using_subcommand help; and __fish_seen_subcommand_from ledger" -f -a "rebuild" -d 'Set the ledger aside; the next `onced run` builds it anew from what runs'

# Names of entries, where a command takes one: from the daemon, else from the files.
function __fish_onced_valued
    string join \n against=+ as-of=+ at=+ color=+ config=+ dead-letter-queue=+ description=+ directory=+ due=+ endpoint-url=+ fail-on=+ file=+ format=+ grace=+ in=+ lambda=+ lambda-endpoint=+ legacy-lambda-arn=+ listen=+ log-format=+ month=+ months=+ name=+ owner=+ payload=+ phase=+ print=+ region=+ role-arn=+ set=+ since=+ state-directory=+ state-machine=+ timezone=+ until=+ zoneinfo=+
end

function __fish_onced_wants_name
    set -l typed (commandline -opc)
    set -e typed[1]
    argparse -i (__fish_onced_valued) -- $typed 2>/dev/null
    or return
    set -l words (string match -v -- '-*' $argv)
    set -q words[1]
    or return
    contains -- $words[1] list calendar
    and return
    contains -- $words[1] show history edit remove
    and test (count $words) -eq 1
end

function __fish_onced_names
    set -l typed (commandline -opc)
    set -l program (string replace -r '^~/' $HOME/ -- $typed[1])
    set -e typed[1]
    argparse -i sandbox (__fish_onced_valued) -- $typed 2>/dev/null
    or return
    set -l passed $_flag_sandbox
    for option in config directory state-directory owner state-machine endpoint-url region set
        set -l flag _flag_(string replace -a - _ -- $option)
        for value in $$flag
            set -a passed --$option=(string replace -r '^~/' $HOME/ -- $value)
        end
    end
    $program completions names $passed 2>/dev/null
end

complete -c onced -n __fish_onced_wants_name -f -a '(__fish_onced_names)' -d Entry
