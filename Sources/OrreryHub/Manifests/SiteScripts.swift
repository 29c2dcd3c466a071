/// The programs of the site's own jobs, for any POSIX shell with GNU find and coreutils. A test runs them in a real tree.
enum SiteScripts {
    /// Arguments: `list` or `delete`, then for each tree five: its directory, the pattern of the directories in it that are
    /// swept, their depth, the age in minutes, and the age and the size of what goes earlier as `MINUTES:BYTES` or `-`.
    ///
    /// No symbolic link is ever followed (`-P`): it is removed itself when it is old, what it leads to is not touched. Nor is
    /// another file system entered. What was unpacked, copied or moved with an old time is new all the same: the time of the last
    /// change of its name or rights (`ctime`), which nobody can set, has to be as old.
    static let purge = """
        set -eu
        # That of busybox knows other words, and would stop half way.
        find --version 2>/dev/null | grep -q GNU || {
            echo "this image has no GNU find: name an environment whose image has it with --environment" >&2
            exit 1
        }
        case "$1" in
        delete) action='-print -delete' ;;
        *) action='-print' ;;
        esac
        shift
        now=$(date +%s)
        old() { echo "! -newermt @$((now - 60 * $1)) ! -newerct @$((now - 60 * $1))"; }
        sweep() {
            find -P "$1" -xdev -mindepth 1 ! -type d $(old "$2") $action
            if [ "$3" != - ]; then
                find -P "$1" -xdev -mindepth 1 ! -type d -size "+${3#*:}c" $(old "${3%:*}") $action
            fi
            find -P "$1" -depth -xdev -mindepth 1 -type d -empty $(old "$2") $action
        }
        while [ $# -ge 5 ]; do
            [ -d "$1" ] || { echo "there is no $1" >&2; exit 1; }
            if [ "$3" -eq 0 ]; then
                sweep "$1" "$4" "$5"
            else
                list=$(mktemp)
                find -P "$1" -xdev -mindepth "$3" -maxdepth "$3" -type d -path "$1/$2" >"$list"
                while IFS= read -r directory; do sweep "$directory" "$4" "$5"; done <"$list"
                rm -f "$list"
            fi
            shift 5
        done

        """

    /// Arguments: the directory of the trees, and a file with a line for each directory that is wanted: tree, uid, gid, path.
    /// What is there already is never given to somebody else, and no symbolic link is followed.
    static let provision = """
        set -eu
        umask 022
        wrong=0
        refuse() { echo "refused: $1" >&2; wrong=1; }
        while read -r tree uid gid path; do
            directory=$1/$tree
            rest=$path
            while [ "${rest#*/}" != "$rest" ]; do
                directory=$directory/${rest%%/*}
                rest=${rest#*/}
                [ -L "$directory" ] && break
                [ -d "$directory" ] || mkdir "$directory"
            done
            if [ -L "$directory" ]; then
                refuse "$directory is a symbolic link"
                continue
            fi
            directory=$directory/$rest
            if [ -L "$directory" ]; then
                refuse "$directory is a symbolic link"
                continue
            fi
            [ -e "$directory" ] || mkdir -m 0700 "$directory"
            owner=$(stat -c %u:%g "$directory")
            if [ "$owner" = "$uid:$gid" ] && [ -d "$directory" ]; then
                continue
            fi
            # Only an empty one of this job's own, which it has just made or left behind unfinished.
            if [ "${owner%%:*}" = "$(id -u)" ] && rmdir "$directory" 2>/dev/null; then
                mkdir -m 0700 "$directory"
                chown -h "$uid:$gid" "$directory"
                echo "made $directory for $uid:$gid"
            else
                refuse "$directory belongs to $owner"
            fi
        done <"$2"
        exit "$wrong"

        """
}
