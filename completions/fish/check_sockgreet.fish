# SPDX-License-Identifier: MIT
# Completion of check_sockgreet(1) in fish.

# What a target is, and which ports there are.
functions -q __fish_sockgreet_targets; or source (status dirname)/sockgreet.fish

complete -c check_sockgreet -f -a '(__fish_sockgreet_targets)'
complete -c check_sockgreet -s 4 -l use-ipv4 -d 'Use IPv4 only'
complete -c check_sockgreet -s 6 -l use-ipv6 -d 'Use IPv6 only'
complete -c check_sockgreet -s c -l critical -x -d 'CRITICAL if the time of the answer is outside this range'
complete -c check_sockgreet -s E -l escape -d 'Take escapes in a following -s as bytes'
complete -c check_sockgreet -s e -l expect -x -d 'Text or /regex/ that the answer must contain or match'
complete -c check_sockgreet -s H -l hostname -x -a '(__fish_sockgreet_targets)' -d 'Host, or any other target of sockgreet'
complete -c check_sockgreet -s p -l port -x -a '(__fish_sockgreet_ports)' -d 'Port'
complete -c check_sockgreet -s s -l send -x -d 'Send this text first'
complete -c check_sockgreet -s t -l timeout -x -d 'Wait this time for the answer (10s)'
complete -c check_sockgreet -s u -l udp -d 'Use UDP'
complete -c check_sockgreet -s v -l verbose -d 'Print each step on standard error'
complete -c check_sockgreet -s w -l warning -x -d 'WARNING if the time of the answer is outside this range'
complete -c check_sockgreet -s x -l http -d 'Send an HTTP request for this path (/)'
complete -c check_sockgreet -s h -l help -d 'Print help'
complete -c check_sockgreet -l usage -d 'Print a short usage message'
complete -c check_sockgreet -s V -l version -d 'Print the version'
