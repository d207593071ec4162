#!/bin/bash
# Runs new seeds for as many seconds as asked. Ends at the first seed that violates an invariant.
set -eu
sim=$1 seconds=$2
seed=$(($(date +%s) * 1000))
end=$((SECONDS + seconds))
while [ $SECONDS -lt $end ]; do
        "$sim" --seed "$seed"
        seed=$((seed + 1))
done
