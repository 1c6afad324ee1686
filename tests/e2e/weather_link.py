#!/usr/bin/python3
"""A link with delay and loss, in user space: for machines whose kernel has no netem.

    weather_link.py NAMESPACE DEVICE NAMESPACE DEVICE [--delay MS] [--jitter MS] [--loss SHARE]

Makes a TAP device in each of two network namespaces (names of /run/netns) and carries every frame
from one to the other, late, or not at all. Says "ready" once both are there. Ends with its parent,
or when a device goes.
"""
import argparse
import ctypes
import fcntl
import heapq
import os
import random
import select
import signal
import struct
import sys
import time

CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
TUNSETIFF = 0x400454CA
IFF_TAP = 0x0002
IFF_NO_PI = 0x1000

FRAME_SIZE_MAX = 2048   # Ethernet's 1514 and room
FRAMES_MAX = 4096       # under way in both directions; further ones are lost, as in any queue
_libc = ctypes.CDLL(None, use_errno=True)


def open_tap(namespace: str, device: str) -> int:
    with open(f"/run/netns/{namespace}", "rb") as handle:
        if _libc.setns(handle.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"setns {namespace}")
    tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", device.encode(), IFF_TAP | IFF_NO_PI))
    return tap


class Weather:
    """Which frames arrive, and when."""

    def __init__(self, delay: float, jitter: float, loss: float, seed: int):
        self.delay, self.jitter, self.loss = delay, jitter, loss
        self.chance = random.Random(seed)

    def arrival(self, now: float) -> float | None:
        if self.chance.random() < self.loss:
            return None
        return now + self.delay + self.chance.random() * self.jitter


def carry(taps: tuple[int, int], weather: Weather) -> None:
    other = {taps[0]: taps[1], taps[1]: taps[0]}
    under_way: list[tuple[float, int, int, bytes]] = []
    number = 0  # keeps frames of one instant in their order
    while True:
        wait = max(0.0, under_way[0][0] - time.monotonic()) if under_way else None
        ready, _, _ = select.select(taps, [], [], wait)
        now = time.monotonic()
        for tap in ready:
            frame = os.read(tap, FRAME_SIZE_MAX)
            due = weather.arrival(now)
            if due is not None and len(under_way) < FRAMES_MAX:
                heapq.heappush(under_way, (due, number, other[tap], frame))
                number += 1
        while under_way and under_way[0][0] <= now:
            _, _, tap, frame = heapq.heappop(under_way)
            try:
                os.write(tap, frame)
            except OSError:
                pass  # the other end is down: a lost frame


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    for name in ("namespace", "device", "other_namespace", "other_device"):
        arguments.add_argument(name)
    arguments.add_argument("--delay", type=float, default=0, help="milliseconds, each way")
    arguments.add_argument("--jitter", type=float, default=0, help="up to so many more")
    arguments.add_argument("--loss", type=float, default=0, help="share of the frames, 0 to 1")
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    try:
        taps = (open_tap(given.namespace, given.device),
                open_tap(given.other_namespace, given.other_device))
    except OSError as error:
        print(f"weather_link: {error}", file=sys.stderr)
        return 1
    print("ready", flush=True)
    try:
        carry(taps, Weather(given.delay / 1000, given.jitter / 1000, given.loss, given.seed))
    except OSError:
        return 0  # a device is gone, and the link with it
    return 0


if __name__ == "__main__":
    sys.exit(main())
