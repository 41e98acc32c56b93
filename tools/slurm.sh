#!/usr/bin/env bash
# A SLURM of this machine alone, for tests, as root: its own key, ports, logs and state in a folder;
# no systemd, no control groups, nothing in /etc.
#
#   bash tools/slurm.sh start FOLDER   then: export SLURM_CONF=FOLDER/slurm.conf
#   bash tools/slurm.sh stop FOLDER    ends what `start` has started, and nothing else
set -euo pipefail
action=$1
mkdir -p "$2"
folder=$(cd "$2" && pwd)
export SLURM_CONF=$folder/slurm.conf PATH=$PATH:/usr/sbin

write_configuration() {
  local node memory
  node=$(hostname -s)
  memory=$(awk '/MemTotal/ {print int($2 / 1024 * 0.9)}' /proc/meminfo)
  cat >"$SLURM_CONF" <<CONFIGURATION
ClusterName=test
SlurmctldHost=$node(127.0.0.1)
SlurmctldPort=$1
SlurmdPort=$2
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
MailProg=/bin/true
ReturnToService=2
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
NodeName=$node NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=$memory State=UNKNOWN
PartitionName=test Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONFIGURATION
}

# Two ports that nobody listens on, from the range that the system does not give out by itself.
free_ports() {
  local port found=()
  for port in $(shuf -i 20000-30000 -n 50); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || found+=("$port")
    [ ${#found[@]} -lt 2 ] || break
  done
  echo "${found[@]}"
}

start() {
  local ports
  mkdir -p "$folder"/{munge,state,spool}
  chmod 700 "$folder/munge"
  (umask 277 && head -c 1024 /dev/urandom >"$folder/munge/key")
  read -r -a ports <<<"$(free_ports)"
  write_configuration "${ports[@]}"
  munged --force --key-file="$folder/munge/key" --socket="$folder/munge/socket" \
    --pid-file="$folder/munged.pid" --log-file="$folder/munged.log" \
    --seed-file="$folder/munge/seed"
  slurmctld -c -f "$SLURM_CONF"
  slurmd -f "$SLURM_CONF"
  for _ in $(seq 100); do
    [ "$(sinfo -h -o %t 2>/dev/null)" = idle ] && return
    sleep 0.2
  done
  echo "SLURM did not become ready:" >&2
  tail -n 20 "$folder"/*.log >&2
  stop
  return 1
}

# The process that a daemon has written down, if it still runs and is that daemon.
running() {
  local file=$folder/$1.pid pid
  [ -s "$file" ] || return 1
  pid=$(cat "$file")
  [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$1" ] && echo "$pid"
}

stop() {
  local daemon pid
  scancel --quiet --user="$(id -un)" 2>/dev/null || true
  for daemon in slurmd slurmctld munged; do
    if pid=$(running $daemon); then kill "$pid"; fi
  done
  for _ in $(seq 50); do
    { running slurmd || running slurmctld || running munged; } >/dev/null || return 0
    sleep 0.2
  done
  echo "Some of SLURM's processes did not end; see $folder." >&2
  return 1
}

case $action in
  start | stop) "$action" ;;
  *) echo "usage: slurm.sh start|stop FOLDER" >&2 && exit 2 ;;
esac
