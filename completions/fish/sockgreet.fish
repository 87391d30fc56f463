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

# @FILE
function __fish_sockgreet_files_to_send
    set -l word (commandline -ct | string replace -r '^--send=' '')
    string match -q '@*' -- $word; and __fish_complete_path (string sub -s 2 -- $word) | string replace -r '^' '@'
end

complete -c sockgreet -f -a '(__fish_sockgreet_targets)'
complete -c sockgreet -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c sockgreet -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c sockgreet -s a -l all -d 'Ask each address of a name, and print a table'
complete -c sockgreet -s f -l file -r -F -d 'Read targets from a file, one per line; -: from standard input'
complete -c sockgreet -s p -l port -x -a '(__fish_sockgreet_ports)' -d 'Port of targets without one'
complete -c sockgreet -s u -l udp -d 'Use UDP for targets without a transport'
complete -c sockgreet -s I -l source -x -a '(__fish_sockgreet_sources)' -d 'Send from this address or network interface'
complete -c sockgreet -l source-port -x -d 'Send from this port'
complete -c sockgreet -l df -d 'Do not fragment, and ignore the known path MTU'
complete -c sockgreet -l dscp -x -a 'af11 af12 af13 af21 af22 af23 af31 af32 af33 af41 af42 af43 be cs0 cs1 cs2 cs3 cs4 cs5 cs6 cs7 ef le va' -d 'Differentiated services code point'
complete -c sockgreet -l ecn -x -a '0 1 2 3' -d 'Explicit congestion notification bits of datagrams'
complete -c sockgreet -l mark -x -d 'Firewall mark for policy routing'
complete -c sockgreet -l ttl -x -d 'Time to live or hop limit, 1 to 255'
complete -c sockgreet -l expect -x -d 'Count answers without this text or /regex/ as losses'
complete -c sockgreet -l http -d 'Send an HTTP request for =PATH (/)'
complete -c sockgreet -l pad -x -d 'Size of request datagrams, 0 to 65507 (512)'
complete -c sockgreet -l proxy -x -a 'v1 v2' -d 'Send a PROXY header first'
complete -c sockgreet -l send -x -a '(__fish_sockgreet_files_to_send)' -d 'Send this text, or the contents of @FILE, first'
complete -c sockgreet -l who -x -d 'Take the name of the server from the answer'
complete -c sockgreet -l whole -d 'Read up to the end of file'
complete -c sockgreet -s z -l connect -d 'Connect only'
complete -c sockgreet -s c -l count -x -d 'Send this many requests and print statistics'
complete -c sockgreet -s i -l interval -x -d 'Send a request this often (1s)'
complete -c sockgreet -s W -l timeout -x -d 'Wait this long for each answer (5s)'
complete -c sockgreet -s w -l deadline -x -d 'Stop after this time'
complete -c sockgreet -l resolve-once -d 'Look names up once, not again during the run'
complete -c sockgreet -s D -l timestamps -d 'Begin each line with a time stamp'
complete -c sockgreet -l exit-code -x -a 'ping nagios keepalived' -d 'Use the exit statuses of this program'
complete -c sockgreet -s j -l json -d 'Print a JSON object for each event'
complete -c sockgreet -s n -l numeric -d 'Ignored: addresses are always printed as numbers'
complete -c sockgreet -s O -l outstanding -d 'Print a line for requests still outstanding when the next one is sent'
complete -c sockgreet -s q -l quiet -d 'Do not print the greeting; with -c only the statistics'
complete -c sockgreet -s v -l verbose -d 'Print each step and its time on standard error'
complete -c sockgreet -l discover -d 'List the servers that answer a broadcast on the local networks'
complete -c sockgreet -l load -d 'Send many requests at once; report rate, errors and latency'
complete -c sockgreet -l path -d 'Show what the network changes'
complete -c sockgreet -l resolve -d 'Contact no server; print the addresses of each name'
complete -c sockgreet -l watch -d 'Print only changes, and at the end each outage'
complete -c sockgreet -l connections -x -d 'Load: requests at once (16; with --rate at most 1000)'
complete -c sockgreet -l cpus -x -d 'Load: bind threads to these processors'
complete -c sockgreet -l duration -x -d 'Load: start requests for this time (10s)'
complete -c sockgreet -l fail -x -a "'p99<' 'max<' 'errors<' 'rate>' 'answered>='" -d 'Load: a limit for the result'
complete -c sockgreet -l greeting -x -d 'Load: count other answers as errors'
complete -c sockgreet -l plot -r -F -d 'Load: plot latency by percentile (SVG)'
complete -c sockgreet -l rate -x -d 'Load: start this many requests a second'
complete -c sockgreet -l sources -x -d 'Load: send from this many loopback addresses in turn'
complete -c sockgreet -l threads -x -d 'Load: threads'
complete -c sockgreet -s h -l help -d 'Print help'
complete -c sockgreet -s '?' -d 'Print help'
complete -c sockgreet -l usage -d 'Print a short usage message'
complete -c sockgreet -s V -l version -d 'Print the version and features'
