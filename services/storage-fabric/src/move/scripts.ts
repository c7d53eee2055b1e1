/**
 * What runs in the pods of a move: rsync (Debian's), the receiver as daemon, the sender as client. The stream is
 * encrypted by the tunnel between clusters; who may speak to the daemon is decided by a password made for this move.
 */
import { PORT } from "./model.ts";

export const RECEIVE = `
set -eu
umask 077
printf 'mover:%s\\n' "$RSYNC_PASSWORD" > /tmp/secrets
cat > /tmp/rsyncd.conf <<CONF
uid = 0
gid = 0
use chroot = false
numeric ids = true
max connections = 4
[data]
path = /data
read only = false
auth users = mover
secrets file = /tmp/secrets
CONF
exec rsync --daemon --no-detach --port=${PORT} --config=/tmp/rsyncd.conf --log-file=/dev/stdout
`;

/**
 * Attributes, hard links, ACLs and owners by number; what a break left is gone on with. Codes 5, 10, 12, 30 and 35 are a
 * receiver that is away for now (rsync(1)), 24 files that vanished under a running application.
 * FINAL=1: every byte is read and compared on both sides, then once more without writing: nothing may differ.
 */
export const SEND = `
set -uo pipefail
to="rsync://mover@$RECEIVER:${PORT}/data/"
options="-aHAX --numeric-ids --delete --inplace --partial --exclude=/lost+found --timeout=30 --contimeout=10"
[ "$FINAL" = 1 ] && options="$options --checksum"
while true; do
  rsync $options --info=progress2,stats2 --no-inc-recursive /data/ "$to" 2>&1 | stdbuf -oL tr '\\r' '\\n' | tee /tmp/log
  code=\${PIPESTATUS[0]}
  case $code in
    0) break ;;
    24) [ "$FINAL" = 1 ] || break ;;
    5|10|12|30|35) ;;
    *) tail -n 3 /tmp/log > /dev/termination-log; exit "$code" ;;
  esac
  echo "interrupted (rsync $code), goes on"
  sleep 1
done
if [ "$FINAL" = 1 ]; then
  differs=$(rsync $options --dry-run --itemize-changes /data/ "$to") || exit $?
  if [ -n "$differs" ]; then echo "still different: $differs" | head -c 1000 | tee /dev/termination-log; exit 1; fi
fi
echo "bytes=$(sed -n 's/^Total bytes sent: //p' /tmp/log | tr -d ,. | tail -n 1)" | tee /dev/termination-log
`;
