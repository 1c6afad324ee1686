"""What arrives at hosts, recorded as it is on the wire: one raw socket in each one's namespace."""
import pathlib
import select
import socket
import struct
import threading
import time

from net import Host, _enter_network

_ETH_P_ALL = 0x0003
_PACKET_OUTGOING = 4    # of our own machine; its receiver records it
_PCAP_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)  # Ethernet
_FRAME_SIZE_MAX = 65535
_POLL_SECONDS = 0.1


class Capture:
    """Records from its making until `write()`. Every host is in a namespace of its own."""

    def __init__(self, hosts: list[Host]):
        self._frames: list[tuple[float, bytes]] = []
        self._is_over = threading.Event()
        self._sockets = [self._open(host) for host in hosts]
        self._thread = threading.Thread(target=self._record)
        self._thread.start()

    @staticmethod
    def _open(host: Host) -> socket.socket:
        made: list[socket.socket | OSError] = []

        def make() -> None:
            try:
                _enter_network(host.namespace)
                made.append(socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                          socket.htons(_ETH_P_ALL)))
                made[0].bind(("eth0", _ETH_P_ALL))
                made[0].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            except OSError as error:
                made[:] = [error]

        # A namespace belongs to a thread, and a socket stays where it was made.
        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        if isinstance(made[0], OSError):
            raise made[0]
        return made[0]

    def _record(self) -> None:
        while not self._is_over.is_set():
            for ready in select.select(self._sockets, [], [], _POLL_SECONDS)[0]:
                frame, address = ready.recvfrom(_FRAME_SIZE_MAX)
                if address[2] != _PACKET_OUTGOING:
                    self._frames.append((time.time(), frame))

    def write(self, path: pathlib.Path) -> pathlib.Path:
        """Ends the recording and writes it as a pcap file."""
        self._is_over.set()
        self._thread.join()
        for each in self._sockets:
            each.close()
        with open(path, "wb") as file:
            file.write(_PCAP_HEADER)
            for when, frame in self._frames:
                file.write(struct.pack("<IIII", int(when), int(when % 1 * 1e6), len(frame),
                                       len(frame)) + frame)
        return path
