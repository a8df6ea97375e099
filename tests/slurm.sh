#!/bin/bash
# A sweep on a real Slurm, started on this machine for the occasion. Needs root and the packages
#   slurmctld slurmd slurm-client slurm-wlm-basic-plugins munge
# An array of 4 tasks with 2 runs each; one is told to stop, exits with 75 and is requeued; then the
# node dies under its tasks, comes back, and Slurm requeues them; the results are merged and compared
# with those of an uninterrupted run.
#   tests/slurm.sh [directory of the programs, default build/release/bin]
set -euo pipefail
bin=$(realpath "${1:-build/release/bin}")
work=$(mktemp -d)
chmod 755 "$work"
export SLURM_CONF=$work/slurm.conf PATH=$bin:$PATH
pids=()
finish() {
  local status=$?
  if [ "$status" != 0 ]; then
    squeue --long || true
    sinfo --long || true
    tail -n 20 "$work"/*.log "$work"/sweep/*/run.json || true
  fi >&2
  kill "${pids[@]}" 2>/dev/null || true
  [ -f "$work/node.pid" ] && kill -9 "$(cat "$work/node.pid")" 2>/dev/null || true
  [ -f "$work/munged.pid" ] && kill "$(cat "$work/munged.pid")" 2>/dev/null || true
  sleep 1
  rm -rf "$work"
}
trap finish EXIT

host=$(hostname -s)
mkdir "$work/state" "$work/spool"
dd if=/dev/urandom of="$work/munge.key" bs=1024 count=1 status=none
chmod 400 "$work/munge.key"
munged --force --key-file="$work/munge.key" --socket="$work/munge.socket" \
  --pid-file="$work/munged.pid" --log-file="$work/munged.log" --seed-file="$work/munged.seed"
cat > "$work/slurm.conf" <<CONF
ClusterName=vime
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge.socket,cred_expire=5
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
SlurmctldPort=16817
SlurmdPort=16818
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SlurmdTimeout=5
SchedulerParameters=sched_interval=2,bf_interval=2
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
RequeueExit=75
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
printf 'CgroupPlugin=cgroup/v1\nCgroupAutomount=no\n' > "$work/cgroup.conf"
slurmctld -c -D > "$work/slurmctld.out" 2>&1 & pids+=($!)

# wait_for SECONDS COMMAND: until the command succeeds.
wait_for() {
  local seconds=$1
  shift
  for _ in $(seq $((5 * seconds))); do
    "$@" && return
    sleep 0.2
  done
  echo "waited $seconds s in vain for: $*" >&2
  return 1
}
node_is() { sinfo -h -o %t 2> /dev/null | grep -q "$1"; }
# The node: processes of its own, which end together when the first of them does.
start_node() {
  unshare --fork --pid --mount-proc --kill-child slurmd "$@" -D >> "$work/slurmd.out" 2>&1 &
  echo $! > "$work/node.pid"
  disown
}
start_node -c
wait_for 30 node_is '^idle$'
sinfo

cd "$work"
settings=("eta=0.05,0.1" --seeds 1-4 --set iterations=60 --set bnn.updates=50000)
vime-sweep plan sweep "${settings[@]}"
vime-sweep slurm sweep --submit --array-size 4 -- --output="$work/task-%a.log" --ntasks=1
job=$(squeue -h -o %F | head -1)
# Preempt a task: all processes of its step get the signal, and the runs write checkpoints. A task
# may end before the signal comes, so until one has stopped.
any_line() { [ -s "$(ls sweep/*/metrics.jsonl 2> /dev/null | head -1)" ]; }
wait_for 30 any_line
a_run_has_stopped() {
  grep -qsE '"status": "interrupted"|"from_iteration": [1-9]' sweep/*/run.json
}
preempt_a_task() {
  a_run_has_stopped && return
  # The task that began last. scancel tries for a long while to signal a task that is ending.
  timeout 2 scancel --signal=TERM "$(squeue -h -t R -o %i --sort=-S | head -1)" 2> /dev/null || true
  sleep 0.5
  return 1
}
wait_for 30 preempt_a_task
echo "a task was told to stop, and stopped"

# The node dies under its tasks, which had no time for a checkpoint.
a_run_has_begun() {
  local run
  for run in $(grep -ls '"status": "running"' sweep/*/run.json); do
    [ "$(wc -l < "${run%run.json}metrics.jsonl")" -ge 30 ] || return 0
  done
  return 1
}
wait_for 30 a_run_has_begun
kill -9 "$(cat "$work/node.pid")"
sleep 0.2
killed=$(grep -l '"status": "running"' sweep/*/run.json)  # nobody is left to write another status
echo "killed the node under ${killed//$'\n'/ }"
wait_for 30 node_is '^down'
start_node
wait_for 30 node_is '^[^d]'
job_is_done() { [ -z "$(squeue -h -j "$job" 2> /dev/null)" ]; }
wait_for 300 job_is_done
vime-sweep status sweep
vime-sweep merge sweep --require-complete --out merged.jsonl
[ "$(wc -l < merged.jsonl)" = 8 ]
resumed=$(grep -l '"from_iteration": [1-9]' sweep/*/run.json | wc -l)
echo "runs that went on from a checkpoint: $resumed"
[ "$resumed" -ge 1 ]
for run in $killed; do
  [ "$(grep -c '"from_iteration"' "$run")" -ge 2 ] || { echo "$run was not run again" >&2; exit 1; }
done
# The same sweep without Slurm and without interruption.
vime-sweep plan plain "${settings[@]}" > /dev/null
vime-sweep run plain --jobs "$(nproc)"
for run in sweep/*/; do
  cmp "$run/policy.json" "plain/$(basename "$run")/policy.json"
done
echo "Slurm: ok"
