#!/bin/bash
# A sweep on a real Slurm, started on this machine for the occasion. Needs root and the packages
#   slurmctld slurmd slurm-client slurm-wlm-basic-plugins munge
# An array of 8 tasks; one is told to stop, exits with 75 and is requeued; then the results are
# merged and compared with those of an uninterrupted run.
#   tests/slurm.sh [directory of the programs, default build/release/bin]
set -euo pipefail
bin=$(realpath "${1:-build/release/bin}")
work=$(mktemp -d)
chmod 755 "$work"
export SLURM_CONF=$work/slurm.conf PATH=$bin:$PATH
pids=()
finish() {
  kill "${pids[@]}" 2>/dev/null || true
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
slurmd -c -D > "$work/slurmd.out" 2>&1 & pids+=($!)
for _ in $(seq 60); do
  [ "$(sinfo -h -o %t 2>/dev/null)" = idle ] && break
  sleep 0.5
done
sinfo

cd "$work"
vime-sweep plan sweep eta=0.05,0.1 --seeds 1-4 --set iterations=60 --set bnn.updates=15000
vime-sweep slurm sweep --submit -- --output="$work/task-%a.log" --ntasks=1
job=$(squeue -h -o %F | head -1)
# Preempt the first task that runs: its steps get the signal and write a checkpoint.
for _ in $(seq 100); do
  [ -s "$(ls sweep/*/metrics.jsonl 2>/dev/null | head -1)" ] && break
  sleep 0.1
done
first=$(squeue -h -t R -o %i | head -1)
scancel --signal=USR1 "$first"
echo "told task $first to stop"
for _ in $(seq 300); do
  [ -z "$(squeue -h -j "$job" 2>/dev/null)" ] && break
  sleep 1
done
vime-sweep status sweep
vime-sweep merge sweep --require-complete --out merged.jsonl
[ "$(wc -l < merged.jsonl)" = 8 ]
resumed=$(grep -l '"from_iteration": [1-9]' sweep/*/run.json | wc -l)
echo "runs that went on from a checkpoint: $resumed"
[ "$resumed" -ge 1 ]
# The same sweep without Slurm and without interruption.
vime-sweep plan plain eta=0.05,0.1 --seeds 1-4 --set iterations=60 --set bnn.updates=15000 >/dev/null
vime-sweep run plain --jobs "$(nproc)"
for run in sweep/*/; do
  cmp "$run/policy.json" "plain/$(basename "$run")/policy.json"
done
echo "Slurm: ok"
