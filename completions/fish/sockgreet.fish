# SPDX-License-Identifier: MIT
# Completion of sockgreet(1) in fish.

# The targets that the word may become: hosts that are known, and Unix sockets.
function __fish_sockgreet_targets
    set -l word (commandline -ct)
    switch $word
        case 'unix:*' 'unix-dgram:*'
            set -l scheme (string split -m 1 : -- $word)[1]
            __fish_complete_path (string replace -r '^[^:]*:' '' -- $word) | string replace -r '^' "$scheme:"
        case 'tcp://*' 'udp://*'
            set -l scheme (string split -m 1 : -- $word)[1]
            __fish_sockgreet_hosts | string replace -r '^' "$scheme://"
        case '*'
            __fish_sockgreet_hosts
            printf '%s\t%s\n' tcp:// 'over TCP' udp:// 'over UDP' unix: 'Unix stream socket' unix-dgram: 'Unix datagram socket'
    end
end

# fish leaves this machine's own names out.
function __fish_sockgreet_hosts
    printf 'localhost\n'
    __fish_print_hostnames
end

# Addresses and interfaces that this machine has.
function __fish_sockgreet_sources
    __fish_print_interfaces
    command ip -o address show 2>/dev/null | string replace -rf '.* inet6? ([^ /]*).*' '$1'
end

function __fish_sockgreet_ports
    printf '12345\tsockgreet\n'
    string match -rg '^([a-z]\S*)' </etc/services 2>/dev/null | sort -u
end

complete -c sockgreet -f -a '(__fish_sockgreet_targets)'
complete -c sockgreet -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c sockgreet -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c sockgreet -s u -l udp -d 'Ask over UDP where the target does not say how'
complete -c sockgreet -s p -l port -x -a '(__fish_sockgreet_ports)' -d 'Port of targets that name none'
complete -c sockgreet -s I -l source -x -a '(__fish_sockgreet_sources)' -d 'Ask from this address or network interface'
complete -c sockgreet -l pad -x -d 'Bytes of a datagram that asks, 0 to 65507 (512)'
complete -c sockgreet -s c -l count -x -d 'Ask so often, with a line per answer and a summary'
complete -c sockgreet -s i -l interval -x -d 'With -c: seconds from one request to the next (1)'
complete -c sockgreet -s W -l timeout -x -d 'Seconds to wait for each answer (5)'
complete -c sockgreet -s w -l deadline -x -d 'Seconds to stop after, whatever is outstanding'
complete -c sockgreet -s q -l quiet -d 'No greeting; with -c the summary only'
complete -c sockgreet -s v -l verbose -d 'Tell each step on standard error'
complete -c sockgreet -l resolve -d 'Ask nobody, print a table of what the names mean'
complete -c sockgreet -s '?' -l help -d 'Print help'
complete -c sockgreet -l usage -d 'Print a short usage message'
complete -c sockgreet -s V -l version -d 'Print version and features'
