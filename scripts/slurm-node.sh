#!/bin/sh
# A Slurm cluster of one node on this machine, for the tests of `hemosynth sweep --launcher slurm`: no systemd, no cgroups, no accounting.
# As root on Debian or Ubuntu (apt-get install --no-install-recommends slurm-wlm munge):
#   scripts/slurm-node.sh start        and then, as it says: export SLURM_CONF=...
#   scripts/slurm-node.sh fail         kills the node's daemon with all of its jobs, as a power cut would
#   scripts/slurm-node.sh recover      brings the node back
#   scripts/slurm-node.sh stop
# Its files lie in $SLURM_NODE (default /var/tmp/slurm-node), its conf among them.
set -eu
root=${SLURM_NODE:-/var/tmp/slurm-node}
export SLURM_CONF="$root/slurm.conf"
host=$(hostname -s)

configure() {
  rm -rf "$root/state" "$root/spool" # a fresh cluster
  mkdir -p "$root/state" "$root/spool" "$root/munge"
  chown munge "$root/munge"
  chmod 755 "$root" "$root/munge"
  cat >"$SLURM_CONF" <<CONF
ClusterName=one
SlurmctldHost=$host
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$root/munge/socket
StateSaveLocation=$root/state
SlurmdSpoolDir=$root/spool
SlurmctldPidFile=$root/slurmctld.pid
SlurmdPidFile=$root/slurmd.pid
SlurmctldLogFile=$root/slurmctld.log
SlurmdLogFile=$root/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=2000
SchedulerParameters=batch_sched_delay=0,bf_interval=5,sched_interval=5
ReturnToService=2
SlurmdTimeout=20
KillWait=5
MinJobAge=${SLURM_NODE_MIN_JOB_AGE:-60}
GresTypes=gpu
NodeName=$host CPUs=$(nproc) RealMemory=$(($(awk '/MemTotal/ {print $2}' /proc/meminfo) / 1024 * 9 / 10)) Gres=gpu:2 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
  printf 'Name=gpu File=/dev/null\nName=gpu File=/dev/zero\n' >"$root/gres.conf" # stand for two: what jobs ask for is tested without one
}

until_answers() {
  for _ in $(seq 120); do
    if sinfo -h -o %T 2>/dev/null | grep -q '^\(idle\|mixed\|allocated\|completing\)'; then return; fi
    sleep 0.5
  done
  echo "the node does not answer; see $root/slurmctld.log and $root/slurmd.log" >&2
  exit 1
}

# Ends a daemon by the process id that it wrote down.
end() {
  if [ -f "$root/$1.pid" ]; then kill "$2" "$(cat "$root/$1.pid")" 2>/dev/null || true; fi
}

# The processes of all jobs: those below a slurmstepd of this node.
job_processes() {
  for step in $(pgrep -f "^slurmstepd: \[" || true); do
    echo "$step"
    below "$step"
  done
}
below() {
  for child in $(pgrep -P "$1" || true); do
    echo "$child"
    below "$child"
  done
}

case ${1:-} in
start)
  if [ -f "$SLURM_CONF" ] && scontrol ping 2>/dev/null | grep -q UP; then
    echo "it runs already: export SLURM_CONF=$SLURM_CONF"
    exit
  fi
  configure
  setpriv --reuid munge --regid munge --clear-groups munged --socket "$root/munge/socket" \
    --pid-file "$root/munge/munged.pid" --log-file "$root/munge/munged.log" --seed-file "$root/munge/seed"
  slurmctld
  slurmd
  until_answers
  echo "export SLURM_CONF=$SLURM_CONF"
  ;;
fail)
  end slurmd -KILL
  for process in $(job_processes); do kill -KILL "$process" 2>/dev/null || true; done
  scontrol update nodename="$host" state=down reason="power cut"
  ;;
recover)
  slurmd
  scontrol update nodename="$host" state=resume 2>/dev/null || true
  until_answers
  ;;
stop)
  end slurmd -TERM
  end slurmctld -TERM
  end munge/munged -TERM
  ;;
*)
  sed -n '2,9s/^# \{0,1\}//p' "$0"
  exit 2
  ;;
esac
