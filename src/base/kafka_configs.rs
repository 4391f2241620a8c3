//! Shell functions that change settings with `kafka-configs.sh`: the fixed part of the scripts of a wave.

/// What both scripts begin with. They run a few changes side by side: each takes a second or two, most of it Java's start.
pub const HEAD: &str = r#": "${BOOTSTRAP:?set it to host:port of a broker}"
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
"#;

/// Takes settings off; older tools refuse that where one of them is not set.
pub const FORGET: &str = r#"forget() { # brokers|topics NAME KEYS
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
"#;

/// Sets some settings and takes one off, as one change: up to 3.9 the tool reads all settings of a broker and writes them back,
/// and a broker under `ZooKeeper` may not know yet of the change before. Older tools refuse to take off what is not set.
pub const GIVE_BACK: &str = r#"give_back() { # brokers|topics NAME SETTINGS KEY
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
"#;

/// Sets the throttled replicas of a topic.
pub const LISTS: &str = r#"lists() { # TOPIC LEADERS FOLLOWERS
  alter topics "$1" --add-config \
    "leader.replication.throttled.replicas=[$2],follower.replication.throttled.replicas=[$3]"
}
"#;

/// Sets the rates of a broker, or that of `RATE` in their place.
pub const RATES: &str = r#"rates() { # BROKER SENDING RECEIVING
  alter brokers "$1" --add-config \
    "leader.replication.throttled.rate=${RATE:-$2},follower.replication.throttled.rate=${RATE:-$3}"
}
"#;

/// The same for copies between the log dirs of a broker.
pub const LOG_DIR_RATES: &str = r#"rates() { # BROKER RATE
  alter brokers "$1" --add-config "replica.alter.log.dirs.io.max.bytes.per.second=${RATE:-$2}"
}
"#;

/// What both scripts end with: the exit code tells whether all changes were made.
pub const END: &str = "join\nexit \"$failed\"\n";

/// Bytes that the value of a setting may have: what a text of Kafka's protocol holds. No tool can set a longer list.
pub const VALUE_BYTES_MAX: usize = 32_767;

/// A word of the shell, whatever stands in it.
pub fn quoted(text: &str) -> String {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_plain {
        return text.to_owned();
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for (at, part) in text.split('\'').enumerate() {
        quoted.push_str(if at > 0 { r"'\''" } else { "" });
        quoted.push_str(part);
    }
    quoted.push('\'');
    quoted
}
