"""Every kind of harm that `faults.py` does to a running shop: each a function that returns when the harm is over."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.running_shop import HEAL_TIMEOUT_S, Shop, interrupt, wait_until

OUTAGE_S = 8.0
HUNG_S = 75.0  # `up` gives a silent worker 60 s


@contextlib.contextmanager
def client_of_valkey() -> Iterator[object]:
    import redis

    from config.services.paths import home_directory, socket_directory

    with contextlib.closing(
        redis.Redis(unix_socket_path=str(socket_directory(home_directory()) / "valkey.sock"))
    ) as it:
        yield it


def fill_broker(shop: Shop) -> None:
    with client_of_valkey() as client:
        client.config_set("maxmemory", 1)
        time.sleep(OUTAGE_S)
        client.config_set("maxmemory", 256 * 2**20)


def make_broker_read_only(shop: Shop) -> None:
    with client_of_valkey() as client:
        client.execute_command("REPLICAOF", "127.0.0.1", "1")
        time.sleep(OUTAGE_S)
        client.execute_command("REPLICAOF", "NO", "ONE")


def pause_broker(shop: Shop) -> None:
    with client_of_valkey() as client:
        client.client_pause(int(OUTAGE_S * 1000))
    time.sleep(OUTAGE_S)


def take_slots(shop: Shop) -> None:
    """Take every connection that Postgres has left."""
    import psycopg

    from config.services.paths import socket_directory

    taken = []
    with contextlib.suppress(psycopg.OperationalError):
        while True:
            taken.append(psycopg.connect(host=str(socket_directory(shop.home)), user="kindred", dbname="kindred"))
    time.sleep(OUTAGE_S)
    for connection in taken:
        connection.close()


def fill_disk(shop: Shop) -> None:
    """Leave no room on the disk of the home for a while."""
    if not os.path.ismount(shop.home):
        raise NotImplementedError("needs root, to give the shop a small disk of its own")
    filler = shop.home / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 2**20)
    time.sleep(OUTAGE_S)
    filler.unlink()


def kill_everything(shop: Shop) -> None:
    """Kill the supervisor alone: all others have to go with it, and systemd starts it again."""
    shop.process.kill()
    shop.start_again()


def hang(name: str) -> Callable[[Shop], None]:
    def stop_then_wait(shop: Shop) -> None:
        process = shop.find(name)
        process.suspend()
        wait_until(lambda: not process.is_running() or process.status() == "zombie", timeout_s=2 * HUNG_S)

    return stop_then_wait


def interrupt_embedding(shop: Shop) -> None:
    """Interrupt `embed_products` twice, once by Ctrl-C and once by kill -9; the third run ends."""
    from catalog.models import Product

    Product.objects.bulk_create(Product(sku=f"B{time.time_ns()}-{n}", title=f"Brass hook {n}") for n in range(300))
    for end in (interrupt, lambda process: process.kill() or process.wait()):
        command = shop.manage("embed_products")
        time.sleep(8)
        end(command)
    expect_success(shop.manage("embed_products"))


def import_twice_at_once(shop: Shop) -> None:
    file = shop.home.parent / f"{shop.home.name}.csv"
    file.write_text("sku,title\n" + "".join(f"T{n},Pine tray {n}\n" for n in range(500)))
    for command in [shop.manage("import_products", str(file)) for _ in range(2)]:
        expect_success(command)


def migrate_while_serving(shop: Shop) -> None:
    """Run `migrate`, and hold for three seconds the lock that a migration of the products takes."""
    from django.db import connection, transaction

    expect_success(shop.manage("migrate"))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE catalog_product IN ACCESS EXCLUSIVE MODE")
        time.sleep(3)


def store_poison_picture(shop: Shop) -> None:
    """Put files that are no pictures where the picture of a product was: a disk or a copy may do that."""
    from django.core.files.base import ContentFile
    from PIL import Image

    from catalog.models import Product, ProductImage

    for number, content in enumerate((b"", b"GIF89a" + b"\xff" * 500)):
        product = Product.objects.create(sku=f"X{time.time_ns()}", title=f"Copper pan {number}")
        picture = io.BytesIO()
        Image.effect_noise((64, 64), 50 + number).save(picture, "PNG")
        image = ProductImage(product=product, file=ContentFile(picture.getvalue(), name="pan.png"))
        image.save()
        Path(image.file.path).write_bytes(content)


def expect_success(command: subprocess.Popen[bytes]) -> None:
    status = command.wait(timeout=HEAL_TIMEOUT_S)
    if status:
        raise RuntimeError(f"{' '.join(command.args[1:3])} ended with status {status}")


def kill(name: str) -> Callable[[Shop], None]:
    return lambda shop: shop.kill(name)


KILLS = {f"kill -9 {name}": kill(name) for name in ("web", "worker", "valkey", "postgres")}
OUTAGES = {
    "broker full": fill_broker, "broker read-only": make_broker_read_only, "broker paused": pause_broker,
    "Postgres slots gone": take_slots,
}  # fmt: skip
OTHERS = {
    "disk full": fill_disk, "supervisor killed": kill_everything, "worker hangs": hang("worker"),
    "embed_products interrupted": interrupt_embedding, "two importers at once": import_twice_at_once,
    "migrate while serving": migrate_while_serving, "poison picture": store_poison_picture,
}  # fmt: skip
