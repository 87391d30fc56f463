# SPDX-License-Identifier: MIT
# Completion of sockgreetctl(8) in fish.

complete -c sockgreetctl -f
complete -c sockgreetctl -n 'not __fish_seen_subcommand_from reload status' -a reload -d 'Read the configuration again, and wait until it serves or is refused'
complete -c sockgreetctl -n 'not __fish_seen_subcommand_from reload status' -a status -d 'Print the service\'s state in one line'
complete -c sockgreetctl -s p -l pid -x -a '(test -f /run/sockgreet/sockgreetd.pid; and string match -r "^[0-9]+\$" </run/sockgreet/sockgreetd.pid)' -d 'Process of the service'
complete -c sockgreetctl -s w -l timeout -x -d 'Seconds to wait for a reload (60)'
complete -c sockgreetctl -s '?' -l help -d 'Print help'
complete -c sockgreetctl -l usage -d 'Print a short usage message'
complete -c sockgreetctl -s V -l version -d 'Print version'
