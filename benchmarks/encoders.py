"""Items per second of the encoders beside their bare forward pass, and how long they take to start.

    python benchmarks/encoders.py                   the default encoders, by one processor and by all
    python benchmarks/encoders.py --texts hf:intfloat/e5-base --pictures made:vit-b-16

`made:bert-base`, `made:vit-b-16` and `made:resnet-50` are networks of these sizes with random weights: they cost what
trained ones do. Each row is measured in a process of its own: rounds through the encoder (files and texts in, vectors
out), rounds of a bare loop (as many threads decode, each batch is run and waited for, and nothing else is done), and
rounds of the network alone on batches prepared beforehand, in turns; the best round of each counts, so that other work
on the machine disturbs their ratios little. `of bare` should be 90 % or more: by the clock, and in CPU time where other
work shares the processors. `ratio` is how many times as long the encoder takes as its network, by both as well.
`roofline` is what the device could do at best (roofline.py), known of networks that torch runs. The last column is the
CPU time that the process takes at rest after a batch, in percent of a core: threads that wait spinning would show. On a
GPU every encoder runs by torch there, in batches of the sizes that it chooses unless --batch-size says otherwise.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path
from typing import Any

from encoder_rounds import PictureRounds, Rounds, TextRounds, forward

PROJECT = Path(__file__).resolve().parent.parent
ROUNDS = 5
RATIO_BOUND = 1.15  # of the time of an encoder to that of its network alone
BARE_PERCENT = 90  # of the bare loop's items that the encoder should do at least
REST_S, REST_PERCENT = 2.0, 1.0
TEXTS = ["packaged:e5-small", "packaged:e5-small?runtime=torch"]
PICTURES = ["packaged:efficientnet-lite2", "packaged:efficientnet-lite2?runtime=torch"]


def main() -> None:
    arguments = parse_arguments()
    if arguments.one:
        print(json.dumps(measure(arguments)))
        return
    all_processors = arguments.threads or len(os.sched_getaffinity(0))
    processors = [all_processors] if arguments.one_row else sorted({1, all_processors})
    print(
        f"{'encoder':48} {'cpus':>4} {'device':>6} {'start s':>8} {'items/s':>9} {'bare/s':>9} "
        f"{'of bare':>7} {'of CPU':>6} {'forward/s':>9} {'ratio':>6} {'of CPU':>6} {'roofline/s':>10} {'rest %':>6} "
        f"(bounds {BARE_PERCENT} %, {BARE_PERCENT} %, {RATIO_BOUND}, {RATIO_BOUND}, {REST_PERCENT})"
    )
    for modality, specs in (("text", arguments.texts), ("image", arguments.pictures)):
        for spec in specs:
            for threads in processors:
                row = in_new_process(arguments, spec=spec, modality=modality, threads=threads)
                print(
                    f"{spec:48} {threads:4} {row['device']:>6} {row['start_s']:8.2f} {row['items_per_s']:9.1f} "
                    f"{row['bare_per_s']:9.1f} {100 * row['items_per_s'] / row['bare_per_s']:6.0f}% "
                    f"{row['bare_cpu_percent']:5.0f}% "
                    f"{row['forward_per_s']:9.1f} {row['forward_per_s'] / row['items_per_s']:6.2f} "
                    f"{row['cpu_ratio']:6.2f} {row['roofline_per_s'] or '-':>10} {row['rest_percent']:6.2f}",
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
    parser.add_argument("--batch-size", type=int, help="default: what suits the device")
    parser.add_argument("--items", type=int, default=256, help="texts and pictures of a round, default: %(default)s")
    parser.add_argument("--one-row", action="store_true", help="leave out the rows by one processor")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--modality", help=argparse.SUPPRESS)
    return parser.parse_args()


def in_new_process(arguments: argparse.Namespace, *, spec: str, modality: str, threads: int) -> dict[str, Any]:
    """Measure one encoder in a fresh process that may use `threads` processors."""
    command = [sys.executable, __file__, "--one", spec, "--modality", modality, "--threads", str(threads)]
    command += ["--items", str(arguments.items)]
    command += ["--batch-size", str(arguments.batch_size)] if arguments.batch_size else []
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=PROJECT)
    row: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return row


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return how long the encoder takes to start, and its items and bare forward passes per second."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: arguments.threads])
    sys.path.insert(0, str(PROJECT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if arguments.one.startswith("made:"):
        return measure_made(arguments)
    return measure_rounds(*start_encoder(arguments))


def start_encoder(arguments: argparse.Namespace) -> tuple[Rounds, float]:
    """Return what an encoder is to do, and the seconds until it had encoded its first text or picture."""
    files = read_pictures(arguments.items) if arguments.modality == "image" else []
    started = time.perf_counter()
    from embeddings.encoders.registry import get_image_encoder, get_text_encoder

    if arguments.modality == "text":
        texts = get_text_encoder(arguments.one)
        texts.encode_texts(["warm up"])
        start_s = time.perf_counter() - started
        return TextRounds(texts, read_texts(arguments.items), arguments.batch_size), start_s
    pictures = get_image_encoder(arguments.one)
    pictures.encode_images(files[:1])
    start_s = time.perf_counter() - started
    return PictureRounds(pictures, files, arguments.batch_size), start_s


def measure_rounds(rounds: Rounds, start_s: float) -> dict[str, Any]:
    """Return the figures of a row."""
    device, roofline = judge_device(rounds)
    (items_s, items_cpu_s), (bare_s, bare_cpu_s), (forward_s, forward_cpu_s) = best_in_turns(
        rounds.whole, rounds.bare, lambda: forward(rounds.network, rounds.batches)
    )
    return {
        "device": device,
        "start_s": start_s,
        "items_per_s": rounds.count / items_s,
        "bare_per_s": rounds.count / bare_s,
        "bare_cpu_percent": 100 * bare_cpu_s / items_cpu_s,
        "forward_per_s": rounds.count / forward_s,
        "roofline_per_s": roofline,
        "cpu_ratio": items_cpu_s / forward_cpu_s,
        "rest_percent": measure_rest(),
    }


def measure_made(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the figures of a network with random weights."""
    from made_networks import save_made

    with tempfile.TemporaryDirectory() as directory:
        save_made(arguments.one.removeprefix("made:"), Path(directory), texts=read_texts(2000))
        arguments.one = f"dir:{directory}"
        return measure_rounds(*start_encoder(arguments))


def judge_device(rounds: Rounds) -> tuple[str, int | None]:
    """Return where the network runs, and how many items a second that could do at best where torch runs it."""
    if not hasattr(rounds.network, "on_device"):
        return "cpu", None
    from roofline import Cost, measure_cost, measure_rates

    device = rounds.network.on_device.device
    costs = [measure_cost(rounds.network, batch) for batch in rounds.batches]
    whole = Cost(*(sum(column) for column in zip(*map(astuple, costs), strict=True)))
    return device.place.type, round(whole.items_per_s(measure_rates(device.place, device.half)))


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
