#!/bin/sh
# Takes off what was set for wave 002, and nothing else; what stood there before comes back. It may be run again.
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
forget() { # brokers|topics NAME KEYS
  if said=$(alter "$1" "$2" --delete-config "$3" 2>&1); then
    printf '%s\n' "$said"
    return
  fi
  case $said in
    *'Invalid config(s)'*) ;; # one of them is not set
    *)
      printf '%s\n' "$said" >&2
      return 1
      ;;
  esac
  case $3 in
    *,*) forget "$1" "$2" "${3%,*}" && forget "$1" "$2" "${3#*,}" ;;
  esac
}
give_back() { # brokers|topics NAME SETTINGS KEY
  if said=$(alter "$1" "$2" --add-config "$3" --delete-config "$4" 2>&1); then
    printf '%s\n' "$said"
    return
  fi
  case $said in
    *'Invalid config(s)'*) alter "$1" "$2" --add-config "$3" ;; # it is not set
    *)
      printf '%s\n' "$said" >&2
      return 1
      ;;
  esac
}
forget brokers 1 leader.replication.throttled.rate,follower.replication.throttled.rate & started
give_back brokers 2 'leader.replication.throttled.rate=[7000000]' follower.replication.throttled.rate & started
forget brokers 7 leader.replication.throttled.rate,follower.replication.throttled.rate & started
forget brokers 10 leader.replication.throttled.rate,follower.replication.throttled.rate & started
forget brokers 1001 leader.replication.throttled.rate,follower.replication.throttled.rate & started
forget brokers 1002 leader.replication.throttled.rate,follower.replication.throttled.rate & started
alter brokers 1003 --add-config 'leader.replication.throttled.rate=[5000000],follower.replication.throttled.rate=[6000000]' & started
give_back topics a-b 'leader.replication.throttled.replicas=[11:7,2:1003,3:7]' follower.replication.throttled.replicas & started
forget topics a-b-3 leader.replication.throttled.replicas,follower.replication.throttled.replicas & started
join
exit "$failed"
