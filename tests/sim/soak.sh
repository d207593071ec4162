#!/bin/bash
# Universes from seeds that nobody has tried, as long as asked. Ends at the first that is violated.
set -eu
sim=$1 seconds=$2
seed=$(($(date +%s) * 1000))
end=$((SECONDS + seconds))
while [ $SECONDS -lt $end ]; do
        "$sim" --seed "$seed"
        seed=$((seed + 1))
done
