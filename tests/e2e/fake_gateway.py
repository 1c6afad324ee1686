#!/usr/bin/env python3
"""A gateway that forwards a port, as far as those see it who ask it to.

    fake_gateway.py nat-pmp --address 192.168.77.1 --outside 203.0.113.7 --log FILE
    fake_gateway.py upnp    --address 192.168.77.1 --outside 203.0.113.7 --log FILE

Speaks NAT-PMP (RFC 6886) or UPnP IGD and writes what it was asked, one JSON object on a line. It
keeps a table of forwardings and moves no datagram.
"""
import argparse
import http.server
import json
import re
import socket
import struct
import threading

NAT_PMP_PORT = 5351
SSDP_PORT = 1900
HTTP_PORT = 5000
OUTSIDE_PORT_STEP = 10_000  # by NAT-PMP it gives another port than it was asked for

SERVICE = "urn:schemas-upnp-org:service:WANIPConnection:1"
DEVICE = "urn:schemas-upnp-org:device:InternetGatewayDevice:1"

DESCRIPTION = f"""<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0">
<specVersion><major>1</major><minor>0</minor></specVersion>
<device><deviceType>{DEVICE}</deviceType><friendlyName>gateway</friendlyName><UDN>uuid:1</UDN>
<deviceList><device><deviceType>urn:schemas-upnp-org:device:WANDevice:1</deviceType><UDN>uuid:2</UDN>
<serviceList><service>
<serviceType>urn:schemas-upnp-org:service:WANCommonInterfaceConfig:1</serviceType>
<serviceId>urn:upnp-org:serviceId:WANCommonIFC1</serviceId>
<SCPDURL>/common.xml</SCPDURL><controlURL>/common</controlURL><eventSubURL>/common</eventSubURL>
</service></serviceList>
<deviceList><device><deviceType>urn:schemas-upnp-org:device:WANConnectionDevice:1</deviceType>
<UDN>uuid:3</UDN><serviceList><service><serviceType>{SERVICE}</serviceType>
<serviceId>urn:upnp-org:serviceId:WANIPConn1</serviceId>
<SCPDURL>/connection.xml</SCPDURL><controlURL>/connection</controlURL>
<eventSubURL>/connection</eventSubURL></service></serviceList></device></deviceList>
</device></deviceList></device></root>
"""


class Gateway:
    def __init__(self, arguments: argparse.Namespace):
        self.address = arguments.address
        self.outside = arguments.outside
        self._log = arguments.log
        self._lock = threading.Lock()

    def say(self, **what) -> None:
        with self._lock, open(self._log, "a", encoding="ascii") as log:
            log.write(json.dumps(what) + "\n")

    # NAT-PMP ------------------------------------------------------------------------------------

    def serve_nat_pmp(self) -> None:
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind((self.address, NAT_PMP_PORT))
        self.say(event="ready")
        while True:
            question, source = server.recvfrom(64)
            answer = self.answer_nat_pmp(question)
            if answer:
                server.sendto(answer, source)

    def answer_nat_pmp(self, question: bytes) -> bytes:
        if question == b"\0\0":  # 3.2
            return struct.pack(">BBHI4s", 0, 128, 0, 1, socket.inet_aton(self.outside))
        if len(question) != 12 or question[:2] != b"\0\1":
            return b""
        inside, wanted, lifetime = struct.unpack(">HHI", question[4:])  # 3.3
        self.say(event="forward" if lifetime else "remove", port=inside, lifetime=lifetime)
        outside = inside + OUTSIDE_PORT_STEP if lifetime else 0
        return struct.pack(">BBHIHHI", 0, 129, 0, 1, inside, outside, lifetime)

    # UPnP ---------------------------------------------------------------------------------------

    def serve_upnp(self) -> None:
        gateway = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # noqa: N802
                self.reply(DESCRIPTION)

            def do_POST(self) -> None:  # noqa: N802
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                action = self.headers["SOAPAction"].strip('"').split("#")[1]
                self.reply(gateway.answer_soap(action, body))

            def reply(self, text: str) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/xml")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                pass

        server = http.server.ThreadingHTTPServer((self.address, HTTP_PORT), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        search = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        search.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        search.bind(("", SSDP_PORT))
        search.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                          socket.inet_aton("239.255.255.250") + socket.inet_aton(self.address))
        self.say(event="ready")
        while True:
            question, source = search.recvfrom(2048)
            if DEVICE.encode() in question:
                search.sendto((f"HTTP/1.1 200 OK\r\nST: {DEVICE}\r\nUSN: uuid:1::{DEVICE}\r\n"
                               f"LOCATION: http://{self.address}:{HTTP_PORT}/device.xml\r\n"
                               "EXT:\r\nCACHE-CONTROL: max-age=120\r\n\r\n").encode(), source)

    def answer_soap(self, action: str, body: str) -> str:
        def argument(name: str) -> str:
            found = re.search(f"<{name}>([^<]*)</{name}>", body)
            return found.group(1) if found else ""

        values = ""
        if action == "GetStatusInfo":
            values = "<NewConnectionStatus>Connected</NewConnectionStatus>"
        elif action == "GetExternalIPAddress":
            values = f"<NewExternalIPAddress>{self.outside}</NewExternalIPAddress>"
        elif action == "AddPortMapping":
            self.say(event="forward", port=int(argument("NewExternalPort")),
                     lifetime=int(argument("NewLeaseDuration")),
                     client=argument("NewInternalClient"), protocol=argument("NewProtocol"))
        elif action == "DeletePortMapping":
            self.say(event="remove", port=int(argument("NewExternalPort")), lifetime=0)
        return ('<?xml version="1.0"?><s:Envelope '
                'xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
                f'<u:{action}Response xmlns:u="{SERVICE}">{values}</u:{action}Response>'
                "</s:Body></s:Envelope>")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("protocol", choices=["nat-pmp", "upnp"])
    parser.add_argument("--address", required=True)
    parser.add_argument("--outside", required=True)
    parser.add_argument("--log", required=True)
    arguments = parser.parse_args()
    gateway = Gateway(arguments)
    if arguments.protocol == "nat-pmp":
        gateway.serve_nat_pmp()
    else:
        gateway.serve_upnp()


if __name__ == "__main__":
    main()
