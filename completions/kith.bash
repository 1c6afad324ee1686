# Bash completion for kith. Source it, or install it as
# /usr/share/bash-completion/completions/kith.

# Offers the values of one member in a list that the daemon gives: _kith_offer SOCKET MEMBER COMMAND...
# Not by `compgen -W`: that expands its words as the shell does, and a name is not ours to run.
# Names with escapes in them are left out. Silent without a daemon: completion never complains.
_kith_offer() {
    local socket=$1 member=$2 word
    shift 2
    while IFS= read -r word; do
        [[ $word == "$current"* && $word != *\\* ]] && COMPREPLY+=("$(printf '%q' "$word")")
    done < <(kith ${socket:+--api "$socket"} --json "$@" 2>/dev/null |
        sed -n "s/^ *\"$member\": \"\(.*\)\",\{0,1\}\$/\1/p")
}

_kith_files() {
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
}

_kith() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local group="" action="" socket="" word index
    local embedded="" count=0 # of the words behind the action
    COMPREPLY=()
    for ((index = 1; index < COMP_CWORD; index++)); do
        word=${COMP_WORDS[index]}
        case $word in
        --api)
            socket=${COMP_WORDS[++index]}
            ;;
        --data | --config | --seed | --listen | --profile | --cloud | --color | --passphrase-file | --password-file | \
            --out | --payload | --payload-out | --to | --delegation | --identity | --graph | --timeout | --expires | \
            --comment | --address | --classifier | --name | --type | --attr | --node | --as | --limit | --last | \
            --creator | --title | --scope | --node-name | --peer-id | --sync-first | --max-records | \
            --max-records-each | --max-bytes-each)
            ((index++))
            ;;
        --embedded) embedded=1 ;;
        -*) ;;
        *)
            if [[ -z $group ]]; then
                group=$word
            elif [[ -z $action ]]; then
                action=$word
            else
                ((count++))
            fi
            ;;
        esac
    done

    case $previous in
    --api | --data | --config | --passphrase-file | --password-file | --out | --payload | --payload-out | --delegation)
        _kith_files
        return
        ;;
    --to)
        [[ $group == graph ]] || _kith_files # there it is an address
        return
        ;;
    --scope)
        mapfile -t COMPREPLY < <(compgen -W "global site link" -- "$current")
        return
        ;;
    --color)
        mapfile -t COMPREPLY < <(compgen -W "auto always never" -- "$current")
        return
        ;;
    --identity)
        _kith_offer "$socket" name identity list
        return
        ;;
    --cloud)
        _kith_offer "$socket" name cloud list
        return
        ;;
    --profile)
        mapfile -t COMPREPLY < <(compgen -W "modern windows" -- "$current")
        return
        ;;
    --graph)
        _kith_offer "$socket" name graph list
        return
        ;;
    --seed | --listen | --timeout | --expires | --comment | --address | --classifier | --name | --type | --attr | \
        --node | --as | --limit | --last | --creator | --title | --node-name | --peer-id | --sync-first | \
        --max-records | --max-records-each | --max-bytes-each)
        return
        ;;
    esac

    local words="" globals="--api --json --color --embedded --help --version"
    [[ -n $embedded ]] && globals+=" --data --config --seed --listen --no-ssdp --profile --cloud"
    case "$group $action" in
    " ") words="status name identity cloud graph record watch send chat" ;;
    "name ") words="publish delegate unpublish list resolve" ;;
    "identity ") words="create list show card rename export import delete default" ;;
    "cloud ") words="list status peers" ;;
    "graph ") words="create open connect close delete list status digest nodes neighbours" ;;
    "record ") words="add update delete get list search export import" ;;
    "graph create") words="--title --comment --scope --max-records --max-records-each --max-bytes-each --node-name --peer-id --relaxed --in-memory --no-listen --no-names --published-only --published-rules --sync-first" ;;
    "graph open") words="--node-name --peer-id --relaxed --in-memory --no-listen --no-names --published-only --published-rules --sync-first" ;;
    "graph connect") words="--to --timeout" ;;
    "graph delete") words="--yes" ;;
    "record add") words="--type --attr --expires --refresh --timeout" ;;
    "record update") words="--graph --attr --no-attrs --expires --timeout" ;;
    "record delete") words="--graph --timeout" ;;
    "record get") words="--graph --payload-out --timeout" ;;
    "record list") words="--type --creator --limit --newest --timeout" ;;
    "record search") words="--limit --timeout" ;;
    "record export") words="--force --timeout" ;;
    "watch "*) words="--type" ;;
    "send "*) words="--node --accept --out" ;;
    "chat "*) words="--as --last --expires --timeout" ;;
    "name publish") words="--identity --unsecured --address --comment --payload --cloud --delegation --passphrase-file" ;;
    "name delegate") words="--to --expires --out --force --passphrase-file" ;;
    "identity card") words="--out" ;;
    "name resolve") words="--timeout --payload-out --cloud --all --nearest" ;;
    "identity create") words="--classifier --profile --no-passphrase --passphrase-file" ;;
    "identity export") words="--out --force --password-file --passphrase-file" ;;
    "identity import") words="--name --password-file --no-passphrase --passphrase-file" ;;
    "identity delete") words="--yes" ;;
    esac
    if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$words $globals" -- "$current")
        return
    fi
    case "$group $action" in
    "identity import")
        _kith_files
        return
        ;;
    "record update")
        ((count > 0)) && _kith_files
        return
        ;;
    "record add" | "record export" | "record import")
        if ((count > 0)); then _kith_files; else _kith_offer "$socket" name graph list; fi
        return
        ;;
    "send "*)
        if [[ -n $action ]]; then _kith_files; else _kith_offer "$socket" name graph list; fi
        return
        ;;
    "identity show" | "identity card" | "identity rename" | "identity export" | "identity delete" | "identity default")
        _kith_offer "$socket" name identity list
        return
        ;;
    "name unpublish")
        _kith_offer "$socket" peer_name name list
        return
        ;;
    "graph connect" | "graph close" | "graph delete" | "graph status" | "graph digest" | "graph nodes" | "graph neighbours" | \
        "record list" | "record search" | "watch "* | "chat "*)
        ((count > 0)) || [[ $group != record && $group != graph && -n $action ]] || _kith_offer "$socket" name graph list
        return
        ;;
    "cloud status" | "cloud peers")
        _kith_offer "$socket" name cloud list
        return
        ;;
    esac
    [[ $words == -* ]] && words="" # options, and none was begun
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _kith kith
