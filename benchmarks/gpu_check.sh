#!/bin/sh
# One run on a machine with a GPU: does encoding there give the right vectors, survive what a GPU may do, and how fast is
# it? Needs what requirements-dev.txt names, with a build of torch for CUDA, and nothing of a network. Under 8 minutes.
#
#     sh benchmarks/gpu_check.sh [FILE]
#
# Prints a table and, with FILE, keeps it there as well. Ends with 1 where a test failed or there is no GPU.
set -u
cd "$(dirname "$0")/.." || exit 1
report=${1:-/dev/null}
home=$(mktemp -d) && trap 'rm -rf "$home"' EXIT
export KINDRED_HOME="$home" PYTHONUNBUFFERED=1

say() { echo "$@" | tee -a "$report"; }

say "$(date -u +%F) $(git rev-parse --short HEAD 2>/dev/null)"
python - <<'PYTHON' 2>&1 | tee -a "$report"
import os
import torch
from embeddings.encoders.device import list_gpus
if not torch.cuda.is_available():
    print(f"torch {torch.__version__} finds no GPU: install a build for CUDA, and see nvidia-smi."); raise SystemExit
for number in range(torch.cuda.device_count()):
    card = torch.cuda.get_device_properties(number)
    print(f"{card.name}, {card.total_memory / 2**30:.0f} GiB, capability {card.major}.{card.minor}")
print(f"torch {torch.__version__}, {len(os.sched_getaffinity(0))} processors, GPUs for workers: {list_gpus()}")
PYTHON
python -c 'import sys, torch; sys.exit(not torch.cuda.is_available())' || exit 1

failed=0
say "Vectors, graphs, memory (tests):"
timeout 150 python -m pytest tests/embeddings -q -p no:cacheprovider -k "on_a_gpu" -rs 2>&1 | tail -8 | tee "$home/tests"
cat "$home/tests" >>"$report"
grep -Eq '[0-9]+ passed' "$home/tests" && ! grep -Eq 'failed|error|no CUDA device' "$home/tests" || failed=1

say "Items a second:"
for batch in "" "--batch-size 32"; do # what the device chooses, and what a processor takes
    # shellcheck disable=SC2086
    timeout 100 python benchmarks/encoders.py --one-row --items 4096 $batch \
        --texts packaged:e5-small made:bert-base --pictures 2>&1 | tee -a "$report"
done
timeout 120 python benchmarks/encoders.py --one-row --items 1024 \
    --texts --pictures packaged:efficientnet-lite2 made:vit-b-16 2>&1 | tee -a "$report"
exit $failed
