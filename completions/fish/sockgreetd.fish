# SPDX-License-Identifier: MIT
# Completion of sockgreetd(8) in fish.

# The endpoints that the word may become: addresses of this machine, and Unix sockets.
function __fish_sockgreetd_endpoints
    set -l word (commandline -ct | string replace -r '^(--listen=|-l)' '')
    set -l addresses localhost (command ip -o address show 2>/dev/null | string replace -rf '.* inet6? ([^ /]*).*' '$1')
    switch $word
        case 'unix:*' 'unix-dgram:*'
            set -l scheme (string split -m 1 : -- $word)[1]
            __fish_complete_path (string replace -r '^[^:]*:' '' -- $word) | string replace -r '^' "$scheme:"
        case 'tcp://*' 'udp://*'
            set -l scheme (string split -m 1 : -- $word)[1]
            printf '%s\n' $scheme://$addresses
        case '*'
            printf '%s\n' $addresses
            printf '%s\t%s\n' tcp:// 'over TCP' udp:// 'over UDP' unix: 'Unix stream socket' unix-dgram: 'Unix datagram socket'
    end
end

complete -c sockgreetd -f
complete -c sockgreetd -s c -l config -r -F -d 'Configuration instead of the compiled-in one'
complete -c sockgreetd -s t -l test -d 'Check the configuration and exit'
complete -c sockgreetd -s T -l print -d 'Print the effective configuration and exit'
complete -c sockgreetd -s l -l listen -x -a '(__fish_sockgreetd_endpoints)' -d 'Endpoint instead of the configured listeners'
complete -c sockgreetd -s f -l stderr -d 'Log to standard error'
complete -c sockgreetd -s V -l version -d 'Print version and build options'
complete -c sockgreetd -s h -l help -d 'Print help'
