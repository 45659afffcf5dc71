"""Items per second of the encoders beside their bare forward pass, and how long they take to start.

    python benchmarks/encoders.py                   the default encoders, by one processor and by all
    python benchmarks/encoders.py --texts hf:intfloat/e5-base --pictures hf:facebook/dinov2-base

Each row is measured in a process of its own: rounds through the encoder (files and texts in, vectors out) and rounds of
its network alone on batches prepared beforehand, in turns; the best round of each counts, so that other work on the
machine disturbs their ratio little: how many times as long the encoder takes as its network, by the clock and in CPU
time. The last column is the CPU time that the process takes at rest after a batch, in percent of a core: threads that
wait spinning would show. On a GPU every encoder runs by torch there.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
ROUNDS = 5
RATIO_BOUND = 1.15  # of the time of an encoder to that of its network alone
REST_S, REST_PERCENT = 2.0, 1.0
TEXTS = ["packaged:e5-small", "packaged:e5-small?runtime=torch"]
PICTURES = ["packaged:efficientnet-lite2", "packaged:efficientnet-lite2?runtime=torch"]


def main() -> None:
    arguments = parse_arguments()
    if arguments.one:
        print(json.dumps(measure(arguments)))
        return
    processors = sorted({1, arguments.threads or len(os.sched_getaffinity(0))})
    print(
        f"{'encoder':48} {'cpus':>4} {'device':>6} {'start s':>8} {'items/s':>9} {'forward/s':>9} "
        f"{'ratio':>6} {'of CPU':>6} {'rest %':>6} (bounds {RATIO_BOUND}, {RATIO_BOUND}, {REST_PERCENT})"
    )
    for modality, specs in (("text", arguments.texts), ("image", arguments.pictures)):
        for spec in specs:
            for threads in processors:
                row = in_new_process(arguments, spec=spec, modality=modality, threads=threads)
                print(
                    f"{spec:48} {threads:4} {row['device']:>6} {row['start_s']:8.2f} {row['items_per_s']:9.1f} "
                    f"{row['forward_per_s']:9.1f} {row['forward_per_s'] / row['items_per_s']:6.2f} "
                    f"{row['cpu_ratio']:6.2f} {row['rest_percent']:6.2f}",
                    flush=True,
                )


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--texts", nargs="*", default=TEXTS, metavar="SPEC", help="encoders of texts; default: the shop's"
    )
    parser.add_argument(
        "--pictures", nargs="*", default=PICTURES, metavar="SPEC", help="encoders of pictures; default: the shop's"
    )
    parser.add_argument("--threads", type=int, default=0, help="processors of the second row (default: all)")
    parser.add_argument("--batch-size", type=int, default=32, help="default: %(default)s")
    parser.add_argument("--items", type=int, default=256, help="texts and pictures of a round, default: %(default)s")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--modality", help=argparse.SUPPRESS)
    return parser.parse_args()


def in_new_process(arguments: argparse.Namespace, *, spec: str, modality: str, threads: int) -> dict[str, Any]:
    """Measure one encoder in a fresh process that may use `threads` processors."""
    command = [sys.executable, __file__, "--one", spec, "--modality", modality, "--threads", str(threads)]
    command += ["--batch-size", str(arguments.batch_size), "--items", str(arguments.items)]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=PROJECT)
    row: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return row


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return how long the encoder takes to start, and its items and bare forward passes per second."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: arguments.threads])
    sys.path.insert(0, str(PROJECT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    started = time.perf_counter()
    from embeddings.encoders.device import has_cuda
    from embeddings.encoders.registry import get_image_encoder, get_text_encoder

    if arguments.modality == "text":
        encoder = get_text_encoder(arguments.one)
        encoder.encode_texts(["warm up"])
        start_s = time.perf_counter() - started
        whole, bare = text_rounds(encoder, read_texts(arguments.items), arguments.batch_size)
    else:
        files = read_pictures(arguments.items)
        encoder = get_image_encoder(arguments.one)
        encoder.encode_images(files[:1])
        start_s = time.perf_counter() - started
        whole, bare = picture_rounds(encoder, files, arguments.batch_size)
    (items_s, items_cpu_s), (forward_s, forward_cpu_s) = best_in_turns(whole, bare)
    is_onnx = type(getattr(encoder, "network", None)).__name__.endswith("Onnx")
    return {
        "device": "cuda" if has_cuda() and not is_onnx else "cpu",
        "start_s": start_s,
        "items_per_s": arguments.items / items_s,
        "forward_per_s": arguments.items / forward_s,
        "cpu_ratio": items_cpu_s / forward_cpu_s,
        "rest_percent": measure_rest(),
    }


def best_in_turns(*jobs: Callable[[], object]) -> list[tuple[float, float]]:
    """Return the seconds of each job's best round, on the clock and of CPU time; the jobs take turns."""
    wall_s, cpu_s = [float("inf")] * len(jobs), [float("inf")] * len(jobs)
    for _ in range(ROUNDS):
        for i, job in enumerate(jobs):
            started, cpu_started = time.perf_counter(), time.process_time()
            job()
            wall_s[i] = min(wall_s[i], time.perf_counter() - started)
            cpu_s[i] = min(cpu_s[i], time.process_time() - cpu_started)
    return list(zip(wall_s, cpu_s, strict=True))


def measure_rest() -> float:
    """Return the CPU time of this process while it does nothing, in percent of a core."""
    started = time.process_time()
    time.sleep(REST_S)
    return 100 * (time.process_time() - started) / REST_S


def text_rounds(encoder: Any, texts: list[str], batch_size: int) -> tuple[Callable[[], object], Callable[[], object]]:
    network = getattr(encoder, "_texts", encoder).network
    ordered = sorted(texts, key=lambda text: len(text.encode()))
    batches = [network.tokenize(ordered[i : i + batch_size]) for i in range(0, len(ordered), batch_size)]
    return lambda: encoder.encode_texts(texts, batch_size=batch_size), lambda: forward(network, batches)


def picture_rounds(
    encoder: Any, files: list[Any], batch_size: int
) -> tuple[Callable[[], object], Callable[[], object]]:
    from embeddings.encoders.pictures import load_picture

    network = getattr(encoder, "_pictures", encoder).network
    prepared = [network.prepare(load_picture(file, wanted_side=network.wanted_side)) for file in files]
    batches = [network.collate(prepared[i : i + batch_size]) for i in range(0, len(prepared), batch_size)]
    return lambda: encoder.encode_images(files, batch_size=batch_size), lambda: forward(network, batches)


def forward(network: Any, batches: list[Any]) -> None:
    """Run the network over prepared batches, the next one started before the last one is fetched."""
    waiting = None
    for batch in batches:
        following = network.encode(batch)
        if waiting is not None:
            waiting()
        waiting = following
    if waiting is not None:
        waiting()


def read_texts(count: int) -> list[str]:
    """Return distinct texts of the demo catalogue: titles, and titles with descriptions."""
    with (PROJECT / "demo" / "homeware" / "products.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    texts = [f"{n} {row['title']}" for n in range(1 + count // 2 // len(rows)) for row in rows][: count // 2]
    texts += [f"{n} {row['title']}. {row['description']}" for n in range(1 + count // len(rows)) for row in rows]
    return texts[:count]


def read_pictures(count: int) -> list[Callable[[], bytes]]:
    """Return loaders of the demo catalogue's pictures, again from the first where there are too few."""
    paths = sorted((PROJECT / "demo" / "homeware" / "images").iterdir())
    return [paths[i % len(paths)].read_bytes for i in range(count)]


if __name__ == "__main__":
    main()
