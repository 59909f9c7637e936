# Watches over one throw-away folder; run as: sh -c SCRIPT watchdog FOLDER FAREWELL_SIGNAL
#
# Each line on standard input is the number of a signal for every process that works in the folder; the answer
# is a line. The end of standard input, which comes when the test process closes it or dies, stops those
# processes and removes the folder.
#
# A process belongs to the folder when its current directory is in it. Servers inherit that to all that they
# start, even to what leaves its process group or outlives its parent, and PostgreSQL, Redis and Chromium
# overwrite their environment, so that nothing else marks them as surely.

folder=$1
farewell=$2
continue_signal=18
kill_signal=9

cd /
trap '' HUP INT TERM PIPE

workers() {
    find /proc/[0-9]*/cwd -maxdepth 0 -lname "$folder*" 2>/dev/null
}

# Passes over the processes until nobody is new: a server may be starting another while we look.
signal_all() {
    signalled=' '
    found=yes
    while [ "$found" ]; do
        found=
        for link in $(workers); do
            pid=${link#/proc/}
            pid=${pid%/cwd}
            case $signalled in
            *" $pid "*) ;;
            *)
                kill "-$1" "$pid" 2>/dev/null
                signalled="$signalled$pid "
                found=yes
                ;;
            esac
        done
    done
}

# Waits for the last process to end, for so many hundredths of a second.
wait_until_gone() {
    patience=$1
    while [ "$(workers)" ]; do
        [ "$patience" -gt 0 ] || return 1
        patience=$((patience - 1))
        sleep 0.01
    done
}

while read -r signal; do
    signal_all "$signal"
    [ "$signal" != "$kill_signal" ] || wait_until_gone 500
    echo signalled
done

signal_all "$farewell"
# A paused process gets the farewell only when it goes on.
signal_all "$continue_signal"
wait_until_gone 150 || {
    signal_all "$kill_signal"
    wait_until_gone 150
}
rm -rf -- "$folder"
