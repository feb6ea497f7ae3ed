"""The fleet that a new simulator shows: every state, and what strains a page. The same in every run."""

import random
from datetime import UTC, datetime, timedelta

from .catalogue import LOCATIONS, PLANS, SYSTEMS
from .world import CHANGES, SimulatedServer

LONG_NAME = "customer-portal-staging-environment-for-the-spring-release-1"
LONG_HOSTNAME = "reports-generator-primary.internal-tools-and-services.finance-team-north.example"

# kept: automatic backups; cpu: percent; mem: MB; disk and net (traffic): GB; "-": null; LONG: see above.
_FLEET = """
name         hostname              status    address       location   plan os kept   since cpu   mem disk  net
shop-web-1   www1.example.com      active    192.0.2.11    eu-central    2  6  yes 2025-02  41  5210   61 1220
shop-web-2   www2.example.com      active    192.0.2.12    eu-central    2  6  yes 2025-02  38  4980   59 1190
shop-db      shopdb.example.com    active    192.0.2.13    eu-central    5  3  yes 2025-02  55 27800  112  640
mail-01      mail.example.com      active    203.0.113.25  us-east       1  3  yes 2025-03  12  2900   64  210
mail-02      mail2.example.com     stopped   203.0.113.26  us-east       1  3   no 2025-03   8  1800   40   95
db-main      db.example.org        active    198.51.100.5  us-west       4  3  yes 2025-03  62 13900  210  880
db-replica   db2.example.org       rebooting 198.51.100.6  us-east       4  3  yes 2025-03  20  9100  208  905
backup-vault backup.example.org    active    198.51.100.9  ap-south      2  3   no 2025-04   6  1400  138 3100
wiki         wiki.example.org      active    192.0.2.40    eu-central    3  6  yes 2025-05   4   610   11   38
intranet     -                     stopped   192.0.2.41    eu-central    1  5   no 2025-06   9  1500   22   12
vpn-gateway  vpn.example.org       active    203.0.113.77  us-west       3  3   no 2025-06  17   420    5  890
builder-1    -                     starting  203.0.113.80  us-west       4  6   no 2025-08  88 12100  150  420
builder-2    -                     stopping  203.0.113.81  us-west       4  6   no 2025-08  71 10800  147  405
monitoring   status.example.net    active    198.51.100.30 us-east       1  3  yes 2025-09  22  2600   31  160
old-shop     old.example.com       suspended 192.0.2.60    eu-central    1  1   no 2024-11  15  2000   44   70
reports      LONG                  active    192.0.2.66    ap-south      2  2  yes 2025-11  33  4700   90  230
LONG         -                     active    192.0.2.71    ap-south      1  6   no 2026-01  26  2200   28   64
office-apps  office.example.net    active    198.51.100.44 us-east       4  8  yes 2026-02  29 11700  190  350
analytics    analytics.example.net active    198.51.100.47 us-east       6  7  yes 2026-04  77 98300  870 5400
game-night   play.example.net      suspended 203.0.113.140 ap-south      2  5   no 2026-05  50  5600   70 2050
moving-house -                     migrating 203.0.113.151 us-west       1  5   no 2026-07  14  1700   19   44
"""


def documented() -> list[SimulatedServer]:
    """The two servers of the documented example answers.

    The examples of the list and of the detail give 12345 two dates of change; here it is the detail's.
    """
    return [
        SimulatedServer(
            id=12345,
            name="web-server-01",
            hostname="web01.example.com",
            ip_address="203.0.113.10",
            ipv6_address="2001:0db8::1",
            location="us-west",
            plan=PLANS[1],
            os=SYSTEMS[5],
            backups_enabled=True,
            created_at=datetime(2025, 1, 10, 14, 30, tzinfo=UTC),
            updated_at=datetime(2025, 1, 16, 15, 45, tzinfo=UTC),
            cpu_percent=23.5,
            memory_used=2048,
            disk_used=35.0,
            bandwidth_used=450.0,
        ),
        SimulatedServer(
            id=12346,
            name="db-server-01",
            hostname="db01.example.com",
            ip_address="203.0.113.11",
            ipv6_address="2001:db8::2",
            location="us-east",
            plan=PLANS[2],
            os=SYSTEMS[3],
            backups_enabled=True,
            created_at=datetime(2025, 1, 12, 9, 15, tzinfo=UTC),
            updated_at=datetime(2025, 1, 16, 8, 45, tzinfo=UTC),
            cpu_percent=38.0,
            memory_used=6100,
            disk_used=96.0,
            bandwidth_used=310.0,
        ),
    ]


def fleet(now: datetime) -> list[SimulatedServer]:
    """Two dozen servers; the documented ones first, the last one ordered a minute and a half before `now`."""
    servers = documented()
    for number, line in enumerate(_FLEET.split("\n")[2:-1]):
        name, host, status, address, location, plan, system, kept, since, cpu, memory, disk, traffic = (
            line.split()
        )
        created_at = datetime.strptime(since, "%Y-%m").replace(day=3 + number, hour=9, minute=17, tzinfo=UTC)
        updated_at = created_at + timedelta(days=2 * number, hours=5)
        if status in CHANGES or status == "migrating":
            updated_at = now - timedelta(seconds=5)
        servers.append(
            SimulatedServer(
                id=12348 + 3 * number,
                name=LONG_NAME if name == "LONG" else name,
                hostname={"-": None, "LONG": LONG_HOSTNAME}.get(host, host),
                status=status,
                ip_address=address,
                ipv6_address=f"2001:db8:2::{number + 1:x}" if number % 3 else None,
                location=location,
                plan=PLANS[int(plan)],
                os=SYSTEMS[int(system)],
                backups_enabled=kept == "yes",
                created_at=created_at,
                updated_at=updated_at,
                cpu_percent=float(cpu),
                memory_used=int(memory),
                disk_used=float(disk),
                bandwidth_used=float(traffic),
            )
        )
    ordered_at = now - timedelta(seconds=90)
    servers.append(
        SimulatedServer(
            id=12415,
            name="shop-web-3",
            status="provisioning",
            hostname="www3.example.com",
            ip_address="192.0.2.14",
            ipv6_address="2001:db8:2::14",
            location="eu-central",
            plan=PLANS[2],
            os=SYSTEMS[6],
            backups_enabled=True,
            created_at=ordered_at,
            updated_at=ordered_at,
            cpu_percent=5.0,
            memory_used=600,
            disk_used=3.0,
            bandwidth_used=0.0,
        )
    )
    return servers


def more(count: int) -> list[SimulatedServer]:
    """Any number of servers more, for work with big lists. Their addresses repeat after 254."""
    chance = random.Random(2025)  # nosec B311 # guards nothing
    servers = []
    for number in range(1, count + 1):
        role = chance.choice(("web", "api", "worker", "cache", "db", "mail"))
        plan = PLANS[chance.choice((1, 1, 2, 3, 4))]
        created_at = datetime(2025, 2, 1, tzinfo=UTC) + timedelta(minutes=chance.randrange(500_000))
        servers.append(
            SimulatedServer(
                id=20000 + number,
                name=f"{role}-{number:04}",
                status=chance.choices(("active", "stopped", "suspended"), (90, 8, 2))[0],
                hostname=f"{role}-{number:04}.example.net",
                ip_address=f"198.51.100.{number % 254 + 1}",
                ipv6_address=f"2001:db8:3::{number:x}",
                location=chance.choice(LOCATIONS),
                plan=plan,
                os=SYSTEMS[chance.choice((3, 5, 6, 7))],
                backups_enabled=chance.random() < 0.6,
                created_at=created_at,
                updated_at=created_at + timedelta(days=chance.randrange(60)),
                cpu_percent=float(chance.randrange(2, 80)),
                memory_used=chance.randrange(plan.memory // 8, plan.memory),
                disk_used=float(chance.randrange(3, plan.storage)),
                bandwidth_used=float(chance.randrange(plan.bandwidth)),
            )
        )
    return servers
