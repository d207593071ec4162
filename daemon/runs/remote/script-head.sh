# First part of every script that runs as root on an instance: nothing of the environment it is
# started in decides what it executes, reads or writes. POSIX sh, old and small systems included.
#
# PATH has system directories only; unset -f takes away what a bash imports as functions.
set +aefvxC -u
umask 077
unset IFS ENV BASH_ENV CDPATH GLOBIGNORE GREP_OPTIONS TMPDIR LD_PRELOAD LD_LIBRARY_PATH
unset -f awk base64 cat date dmesg find flock grep journalctl kill last ls mkdir mv printf read rm \
        rmdir setsid sh sleep systemctl systemd-run tail timeout true wc '[' test echo cd command
PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
HOME=~root
case $HOME in
/*) ;;
*) HOME=/root ;;
esac
export PATH LC_ALL HOME
cd /
