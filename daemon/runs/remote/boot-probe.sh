# Behind script-head.sh. Says which boot this is, and whether the one before it ended in order. What
# matters most comes first: a file system whose journal had to be replayed was not unmounted,
# whatever else was logged.
boot=$(cat /proc/sys/kernel/random/boot_id)

replayed() {
        { dmesg || journalctl -k -b 0 --no-pager; } 2>/dev/null |
                grep -Eq 'EXT[34]-fs .*: (recovery complete|orphan cleanup)|XFS .*: Ending recovery|BTRFS.*: start tree-log replay'
}

shut_down() {
        journalctl -b -1 -n 50 -o cat --no-pager 2>/dev/null |
                grep -Eq 'Journal stopped|Reached target .*(Reboot|Power Off|Power-Off|Shutdown)|systemd-shutdown' ||
                last -x -n 20 2>/dev/null | awk '/^reboot/ { n++ } n == 1 && /^shutdown/ { found = 1 } END { exit !found }'
}

if replayed; then
        clean=no
elif shut_down; then
        clean=yes
else
        clean=unknown
fi
echo "amid-boot: boot-id=$boot clean=$clean"
