# SPDX-License-Identifier: MIT
# Completion of sockgreetctl(8) in fish.

set -l commands status listeners workers counters config state reload top

complete -c sockgreetctl -f
complete -c sockgreetctl -n "not __fish_seen_subcommand_from $commands" -a status -d 'Print a summary of the service, and what is wrong'
complete -c sockgreetctl -n "not __fish_seen_subcommand_from $commands" -a listeners -d 'List the listening sockets'
complete -c sockgreetctl -n "not __fish_seen_subcommand_from $commands" -a workers -d 'List the worker processes'
complete -c sockgreetctl -n "not __fish_seen_subcommand_from $commands" -a counters -d 'Print the counters'
complete -c sockgreetctl -n "not __fish_seen_subcommand_from $commands" -a config -d 'Print the configuration in effect'
complete -c sockgreetctl -n "not __fish_seen_subcommand_from $commands" -a state -d 'Print or set the readiness'
complete -c sockgreetctl -n "not __fish_seen_subcommand_from $commands" -a reload -d 'Load the configuration again, and wait for the result'
complete -c sockgreetctl -n "not __fish_seen_subcommand_from $commands" -a top -d 'Show rates, updated every second'
set -l states ready drain maint
complete -c sockgreetctl -n "__fish_seen_subcommand_from state; and not __fish_seen_subcommand_from $states" -a ready -d 'Accepts clients'
complete -c sockgreetctl -n "__fish_seen_subcommand_from state; and not __fish_seen_subcommand_from $states" -a drain -d 'Asks for no new clients'
complete -c sockgreetctl -n "__fish_seen_subcommand_from state; and not __fish_seen_subcommand_from $states" -a maint -d 'Asks for no clients'
complete -c sockgreetctl -s 1 -l once -d 'top: print one frame'
complete -c sockgreetctl -s i -l interval -x -d 'top: seconds between frames, 0.1 to 60 (1)'
complete -c sockgreetctl -s j -l json -d 'Print the answer as JSON'
# What is in the runtime directory is not root's: no name and no text with anything special in it is taken.
complete -c sockgreetctl -s n -l name -x -a '(for path in /run/sockgreet/*/; string replace -rf "^.*/([A-Za-z0-9_-][A-Za-z0-9_.-]*)/\$" "\$1" -- $path; end)' -d 'Contact this instance'
complete -c sockgreetctl -s p -l pid -x -a '(test -f /run/sockgreet/sockgreetd.pid; and string match -r "^[0-9]+\$" </run/sockgreet/sockgreetd.pid)' -d 'Contact the sockgreetd with this process ID'
complete -c sockgreetctl -s w -l timeout -x -d 'Seconds to wait for the answer (5, reload 60)'
complete -c sockgreetctl -s h -l help -d 'Print help'
complete -c sockgreetctl -l usage -d 'Print a short usage message'
complete -c sockgreetctl -s V -l version -d 'Print version'
