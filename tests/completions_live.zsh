# SPDX-License-Identifier: MIT
# completions_live.zsh DIRECTORY LINE: prints what zsh offers for the last word of the line, one candidate a line.
# zsh completes at a terminal only, so one is made; there an interactive shell reads the second half of this file.

if [[ ! -o interactive ]]; then
    zmodload zsh/zpty
    directory=$1
    zpty shell "zsh -f -i"
    zpty -w shell "source ${(q)0} ${(q)directory}"
    while zpty -r shell line && [[ $line != *shell\ ready* ]]; do :; done
    zpty -w -n shell "$2"$'\t'
    while zpty -r shell line && [[ $line != *all\ offered* ]]; do
        [[ $line != *offered:\ * ]] || print -r -- ${${line##*offered: }%%[[:cntrl:]]*}
    done
    zpty -d shell
    return 0
fi

fpath=($1 $fpath)
autoload -U compinit
compinit -u -D
bindkey '^I' complete-word
unset HISTFILE

# Every candidate goes through compadd; called with -O, it puts those that match into an array.
compadd()
{
    local -a offered suffix

    if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
        builtin compadd "$@"
        return
    fi
    builtin compadd -O offered "$@"
    zparseopts -E S:=suffix
    print -rl -- "" ${offered/#/offered: }
    builtin compadd "$@"
}

tell_end()
{
    print
    print "all offered"
}
comppostfuncs=(tell_end)
PROMPT=
print "shell" ready
