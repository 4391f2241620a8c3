#!/bin/sh
# Throttles wave 002. It may be run again.
# With `brokers` behind it, it sets the rates alone; RATE=1000000 in front gives every broker that rate, in bytes/s.
: "${BOOTSTRAP:?set it to host:port of a broker}"
failed=0 running=0 pids=''
join() {
  for pid in $pids; do wait "$pid" || failed=1; done
  running=0 pids=''
}
started() { # counts what the line has sent into the background
  pids="$pids $!" running=$((running + 1))
  [ "$running" -lt "${JOBS:-4}" ] || join
}
alter() { # brokers|topics NAME OPTION VALUE …
  of=$1 name=$2 && shift 2
  kafka-configs.sh --bootstrap-server "$BOOTSTRAP" --command-config "${CLIENT:-/dev/null}" \
    --alter --entity-type "$of" --entity-name "$name" "$@"
}
rates() { # BROKER SENDING RECEIVING
  alter brokers "$1" --add-config \
    "leader.replication.throttled.rate=${RATE:-$2},follower.replication.throttled.rate=${RATE:-$3}"
}
lists() { # TOPIC LEADERS FOLLOWERS
  alter topics "$1" --add-config \
    "leader.replication.throttled.replicas=[$2],follower.replication.throttled.replicas=[$3]"
}
rates 1 50000000 50000000 & started
rates 2 50000000 50000000 & started
rates 7 50000000 50000000 & started
rates 10 50000000 50000000 & started
rates 1001 50000000 50000000 & started
rates 1002 50000000 50000000 & started
rates 1003 50000000 50000000 & started
if [ "${1:-}" != brokers ]; then
  lists a-b '10:1002,10:1003,10:7,11:7,2:1001,2:1003,3:7' '10:1,2:2' & started
  lists a-b-3 '0:1002,0:1004' '0:10,0:2' & started
fi
join
exit "$failed"
