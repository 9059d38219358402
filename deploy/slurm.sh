#!/usr/bin/env bash
# A Dask cluster of one worker a task, and one run of meio on it:
#     sbatch deploy/slurm.sh CATALOGUE.yaml OUTPUT
# Catalogue, output and the folder this is submitted from must be on a disk that all nodes share. Submitted again after
# a time limit or a lost node, it goes on from the last round.
#SBATCH --job-name=meio
#SBATCH --ntasks=32
#SBATCH --cpus-per-task=1
#SBATCH --mem-per-cpu=4G
#SBATCH --time=04:00:00
set -euo pipefail
scenario=$1
output=$2

export NUMBA_NUM_THREADS=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
meeting=$(mktemp -d "$PWD/.dask-XXXXXX") # where the scheduler says its address
finish() {
    kill "${workers:-}" 2> /dev/null && wait "$workers" || true
    kill "${scheduler:-}" 2> /dev/null && wait "$scheduler" || true
    rm -rf "$meeting"
}
trap finish EXIT

dask scheduler --port 0 --no-dashboard --scheduler-file "$meeting/scheduler.json" &
scheduler=$!
until address=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["address"])' \
    "$meeting/scheduler.json" 2> /dev/null); do
    sleep 1
done
srun --kill-on-bad-exit=0 dask worker --nthreads 1 --memory-limit 4GB --no-dashboard --death-timeout 60 \
    --local-directory "${TMPDIR:-/tmp}" "$address" &
workers=$!

meio plan "$scenario" --output "$output" --executor "dask=$address" --resume
