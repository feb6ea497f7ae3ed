"""`manage.py runsimulator`: a simulated VPS.org on this machine, until Ctrl-C or SIGTERM."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from servers.simulator import Simulator


class Command(BaseCommand):
    help = "Runs a simulated VPS.org on loopback. Its servers are forgotten when it ends."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8001, help="0 takes a free one")
        parser.add_argument("--token", default="vps_simulated", help="the API token that opens its account")
        parser.add_argument("--speed", type=float, default=20.0, help="simulated seconds in a real one")
        parser.add_argument("--extra", type=int, default=0, help="servers more than the usual two dozen")
        parser.add_argument("--latency", type=float, default=0.0, help="least seconds of each answer")

    def handle(self, *args: Any, **options: Any) -> None:
        simulator = Simulator(
            options["token"], extra=options["extra"], speed=options["speed"], latency=options["latency"]
        )
        ended = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ended.set())
        try:
            base = simulator.start(options["port"])
        except OSError as problem:
            raise CommandError(f"Port {options['port']} cannot be used: {problem.strerror}.") from problem
        self.stdout.write(base)
        self.stdout.flush()
        ended.wait()
        simulator.stop()
