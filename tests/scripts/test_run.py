"""`./run`, in a copy of its own with stand-ins for Python and pip: what it says, and what it leaves behind."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).resolve().parents[2]

# Answers the questions that ./run asks of Python, and makes an environment that holds the program below.
PYTHON = """#!{python}
import pathlib, shutil, sys
{lie}
if sys.argv[1] == "-c":
    exec(sys.argv[2])
elif sys.argv[1:3] == ["-m", "venv"]:
    pathlib.Path(sys.argv[3], "bin").mkdir(parents=True)
    shutil.copy(pathlib.Path(__file__).with_name("installed-python"), pathlib.Path(sys.argv[3], "bin", "python"))
"""

# Notes how it is called and with which settings; installs nothing. PIP_ENDS says how an installation goes.
INSTALLED_PYTHON = """#!/bin/bash
echo "$*" >>calls
case "$*" in
    -V) echo "Python 3.11.2" ;;
    -c*secrets*)
        echo "SECRET_KEY=made-for-the-demo"
        [[ -z ${QUICKER:-} ]] || echo "SECRET_KEY=$QUICKER" >.demo/env ;;
    "-m pip install"*)
        case ${PIP_ENDS:-well} in
            well) ;;
            killed) kill -KILL 0 ;;
            offline) echo "WARNING: Failed to establish a new connection"; echo "ERROR: nothing found"; exit 1 ;;
            badly) echo "something went wrong"; echo "ERROR: the hashes do not match"; exit 1 ;;
        esac ;;
    "-m vpspanel.serving") [[ -z ${UNSAFE:-} ]] ;;
    "-m gunicorn"*) echo $$ >served-by; [[ -z ${METRICS_TOKEN:-} ]] || ls -d "$PROMETHEUS_MULTIPROC_DIR" >counts ;;
    manage.py*) env >settings ;;
esac
"""

SECRET = "mZ4qv8Kx2tB7nR5wJc9yLh3gFd6sPa1eUo0iTkXbVnMqWrYz-_Gj"
SAFE = {"SECRET_KEY": SECRET, "TRUST_PROXY": "on", "ALLOWED_HOSTS": "console.example.com"}

Result = subprocess.CompletedProcess[str]


class Copy:
    """A checkout with ./run and the lists alone, and a Python whose installations take no time."""

    def __init__(self, root: Path) -> None:
        self.root = root / "checkout"
        self.programs = root / "programs"
        self.programs.mkdir(parents=True)
        shutil.copytree(CHECKOUT / "requirements", self.root / "requirements")
        for name in ("run", "pyproject.toml"):
            shutil.copy(CHECKOUT / name, self.root)
        self.python()
        self.program("installed-python", INSTALLED_PYTHON)

    def program(self, name: str, text: str) -> None:
        """Put a program first on the PATH."""
        file = self.programs / name
        file.write_text(text)
        file.chmod(0o755)

    def python(self, lie: str = "") -> None:
        """Put a python3 first on the PATH that believes what `lie` says about it."""
        self.program("python3", PYTHON.format(python=sys.executable, lie=lie))

    def run(self, *arguments: str, **environment: str) -> Result:
        """Call ./run with these arguments and nothing in the environment but these settings."""
        path = f"{self.programs}:/usr/local/bin:/usr/bin:/bin"
        return subprocess.run(
            [self.root / "run", *arguments],
            env={"PATH": path, "HOME": str(self.root)} | environment,
            capture_output=True,
            text=True,
            start_new_session=True,
            check=False,
        )

    def path_without(self, *names: str) -> str:
        """A folder with all programs of the system but these."""
        folder = self.root / f"without-{names[0]}"
        folder.mkdir()
        for place in ("/bin", "/usr/bin"):
            for program in Path(place).iterdir():
                link = folder / program.name
                if program.name not in names and not link.is_symlink():
                    link.symlink_to(program)
        return str(folder)

    @property
    def installations(self) -> int:
        """How often pip was called to install something."""
        return (self.root / "calls").read_text().count("-m pip install")

    @property
    def settings(self) -> dict[str, str]:
        """The environment that manage.py was last started with."""
        return dict(line.split("=", 1) for line in (self.root / "settings").read_text().splitlines())


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


def assert_one_sentence(result: Result, *words: str) -> None:
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1, result.stderr
    for word in words:
        assert word in result.stderr


def test_it_lists_its_commands(copy: Copy) -> None:
    for arguments in ([], ["help"], ["--help"]):
        result = copy.run(*arguments)
        assert result.returncode == 0
        for command in ("demo", "serve", "manage", "test", "lint", "messages", "lock"):
            assert f"./run {command}" in result.stdout


def test_it_says_what_there_is_when_asked_for_what_there_is_not(copy: Copy) -> None:
    result = copy.run("demon")
    assert result.returncode == 2
    assert "no command 'demon'" in result.stderr
    assert "./run demo" in result.stderr


@pytest.mark.parametrize("port", ["abc", "0", "08000", "65536", "99999999999999999999", "80 80"])
def test_it_does_not_take_what_is_no_port(copy: Copy, port: str) -> None:
    assert_one_sentence(copy.run("demo", PORT=port), "PORT is a number", port)
    assert not (copy.root / ".venv").exists()


@pytest.mark.parametrize("command", ["demo", "serve"])
def test_it_installs_nothing_when_the_port_is_used(copy: Copy, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert_one_sentence(copy.run(command, PORT=str(port)), f"port {port} is used", "PORT=")
    assert not (copy.root / ".venv").exists()


@pytest.mark.parametrize(
    ("lie", "words"),
    [
        ("sys.version_info = (3, 10, 12)", "Python 3.11 or newer is needed"),
        ("sys.exit(127)", "Python 3.11 or newer is needed"),
        ("sys.modules['ensurepip'] = None", "apt-get install python3-venv"),
    ],
)
def test_it_says_what_to_install_when_python_is_not_fit(copy: Copy, lie: str, words: str) -> None:
    copy.python(lie)
    assert_one_sentence(copy.run("test"), words)
    assert not (copy.root / ".venv").exists()


@pytest.mark.parametrize(
    ("end", "words"), [("offline", "cannot be reached"), ("badly", "the hashes do not match")]
)
def test_it_leaves_nothing_when_the_packages_cannot_be_installed(copy: Copy, end: str, words: str) -> None:
    assert_one_sentence(copy.run("test", PIP_ENDS=end), words)
    assert not (copy.root / ".venv").exists()


def test_it_keeps_what_works_when_more_cannot_be_installed(copy: Copy) -> None:
    assert copy.run("manage", "check").returncode == 0
    assert_one_sentence(copy.run("test", PIP_ENDS="offline"), "cannot be reached")
    assert copy.run("manage", "check", PIP_ENDS="offline").returncode == 0


def test_it_makes_anew_what_a_killed_installation_left(copy: Copy) -> None:
    assert copy.run("test", PIP_ENDS="killed").returncode == -signal.SIGKILL
    half = copy.root / ".venv" / "half-a-package"
    half.touch()
    assert copy.run("test").returncode == 0
    assert not half.exists()
    assert copy.installations == 2


def test_it_does_not_trust_a_list_that_was_there_when_another_installation_was_killed(copy: Copy) -> None:
    copy.run("manage", "check")
    copy.run("test", PIP_ENDS="killed")
    assert copy.run("manage", "check").returncode == 0
    assert copy.installations == 3


def test_it_does_not_install_twice(copy: Copy) -> None:
    assert copy.run("test").returncode == 0
    assert copy.run("test").returncode == 0
    assert copy.installations == 1


def test_it_installs_again_when_a_list_or_python_has_changed(copy: Copy) -> None:
    copy.run("test")
    with (copy.root / "requirements" / "test.txt").open("a") as changed:
        changed.write("# one more line\n")
    copy.run("test")
    assert copy.installations == 2
    python = copy.root / ".venv" / "bin" / "python"
    python.write_text(python.read_text().replace("3.11.2", "3.12.1"))
    copy.run("test")
    assert copy.installations == 3


def test_it_does_not_trust_an_old_stamp_after_another_list_was_installed(copy: Copy) -> None:
    before = (copy.root / "requirements" / "test.txt").read_text()
    copy.run("test")
    (copy.root / "requirements" / "test.txt").write_text(before + "# other versions\n")
    copy.run("test")
    (copy.root / "requirements" / "test.txt").write_text(before)
    copy.run("test")
    assert copy.installations == 3


@pytest.mark.parametrize("command", ["demo", "manage", "test"])
def test_the_translations_are_compiled_before_they_are_needed(copy: Copy, command: str) -> None:
    copy.run(command, "check", PORT="1")
    calls = (copy.root / "calls").read_text().splitlines()
    compiled = calls.index("-m vpspanel.catalogues compile")
    assert any(call.startswith(("manage.py", "-m pytest")) for call in calls[compiled:])


def test_it_says_what_to_install_when_strings_cannot_be_collected(copy: Copy) -> None:
    path = f"{copy.programs}:{copy.path_without('xgettext')}"
    copy.run("messages")
    assert_one_sentence(copy.run("messages", PATH=path), "apt-get install gettext")
    assert "-m vpspanel.catalogues update" in (copy.root / "calls").read_text()


def test_the_demo_keeps_its_secret_from_start_to_start_and_from_others(copy: Copy) -> None:
    copy.run("demo", PORT="1")
    made = copy.root / ".demo" / "env"
    assert made.stat().st_mode & 0o777 == 0o600
    assert made.parent.stat().st_mode & 0o777 == 0o700
    made.write_text(made.read_text().replace("made-for-the-demo", "kept"))
    copy.run("demo", PORT="1")
    assert copy.settings["SECRET_KEY"] == "kept"
    assert copy.settings["DATABASE_URL"] == "sqlite:///.demo/db.sqlite3"
    assert copy.settings["PORT"] == "1"


def test_two_first_demos_at_once_have_one_secret(copy: Copy) -> None:
    copy.run("demo", PORT="1", QUICKER="from-the-other")
    assert copy.settings["SECRET_KEY"] == "from-the-other"
    assert [file.name for file in (copy.root / ".demo").iterdir()] == ["env"]


def test_the_demo_does_not_take_over_settings_of_a_real_console(copy: Copy) -> None:
    real = {
        "SECRET_KEY": "real",
        "DATABASE_URL": "real",
        "VPS_API_TOKEN": "real",
        "VPS_API_NEW": "real",
        "OIDC_NAME": "real",
        "DEBUG": "on",
    }
    copy.run("demo", PORT="1", **real)
    assert "real" not in copy.settings.values()
    assert "DEBUG" not in copy.settings


def test_every_setting_of_the_console_is_kept_from_the_demo() -> None:
    read = re.compile(r'\b(?:read|environment|switch|number|count|names)(?:\.\w+)*\(\s*"([A-Z_]+)"')
    names = {name for file in (CHECKOUT / "vpspanel").glob("*.py") for name in read.findall(file.read_text())}
    forgotten = (CHECKOUT / "run").read_text().partition("unset ")[2].partition("}\n")[0].split()
    assert {"SECRET_KEY", "TRUST_PROXY"} <= names
    assert {name for name in names if not name.startswith("VPS_API_")} <= set(forgotten)


def test_manage_works_on_the_demos_data_and_says_so_when_no_other_is_named(copy: Copy) -> None:
    assert copy.run("manage", "check", SECRET_KEY="mine").stdout == ""  # it may be written to a file
    copy.run("demo", PORT="1")
    result = copy.run("manage", "check")
    assert "works on the demo's data" in result.stderr
    assert result.stdout == ""
    assert copy.settings["SECRET_KEY"] == "made-for-the-demo"
    result = copy.run("manage", "check", SECRET_KEY="mine")
    assert result.stderr == ""
    assert copy.settings["SECRET_KEY"] == "mine"


def test_serve_looks_at_its_settings_before_it_does_anything(copy: Copy) -> None:
    assert copy.run("serve", PORT="1", UNSAFE="yes").returncode == 1
    assert (copy.root / "calls").read_text().splitlines()[-1] == "-m vpspanel.serving"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"SECRET_KEY": ""}, "set SECRET_KEY to a secret of at least 50"),
        ({"SECRET_KEY": SECRET[:49]}, "set SECRET_KEY to a secret of at least 50"),
        ({"SECRET_KEY": "abc" * 20}, "set SECRET_KEY to a secret of at least 50"),
        ({"SECRET_KEY_FALLBACKS": f"{SECRET},short"}, "SECRET_KEY_FALLBACKS holds earlier values"),
        ({"DEBUG": "on"}, "DEBUG is on"),
        ({"TRUST_PROXY": "off"}, "TRUST_PROXY=on"),
        ({"ALLOWED_HOSTS": ""}, "set ALLOWED_HOSTS"),
        ({"ALLOWED_HOSTS": "console.example.com,*"}, "set ALLOWED_HOSTS"),
        ({"CSRF_TRUSTED_ORIGINS": "http://console.example.com"}, "start with https://"),
        ({"WEB_WORKERS": "2"}, "needs CACHE_URL"),
        ({"WEB_WORKERS": "0.5"}, "WEB_WORKERS is a whole number"),
        ({"WEB_THREADS": "0"}, "WEB_THREADS is a whole number"),
        ({"CACHE_URL": "memcached://host"}, "CACHE_URL is the address of a Redis"),
        ({"DATABASE_URL": "sqlite://:memory:"}, "DATABASE_URL names no file"),
        ({"DATABASE_URL": "sqlite:////dev/null/db.sqlite3"}, "DATABASE_URL is in /dev/null"),
        ({"DATABASE_URL": "mysql://host/name"}, "DATABASE_URL is an address like"),
        ({"STATIC_ROOT": "/dev/null/static"}, "STATIC_ROOT is in /dev/null/static"),
        ({"VPS_API_URL": "http://vps.example.com/api"}, "VPS_API_URL starts with https://"),
        ({"VPS_API_PROXY": "proxy:3128"}, "VPS_API_PROXY is an address like"),
        ({"LOG_FORMAT": "xml"}, "LOG_FORMAT is text or json"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL is DEBUG"),
    ],
)
def test_serve_refuses_what_is_not_safe_with_one_sentence(settings: dict[str, str], words: str) -> None:
    assert_one_sentence(looked_at(settings), words)


def test_serve_refuses_the_secret_of_the_demo(tmp_path: Path) -> None:
    (tmp_path / ".demo").mkdir()
    (tmp_path / ".demo" / "env").write_text(f"SECRET_KEY={SECRET}\nDATABASE_URL=sqlite:///db\n")
    assert_one_sentence(looked_at({}, tmp_path), "SECRET_KEY is the demo's")


def test_serve_takes_what_is_safe(tmp_path: Path) -> None:
    more = {"WEB_WORKERS": "2", "CACHE_URL": "redis://127.0.0.1:6379/0", "SECRET_KEY_FALLBACKS": SECRET}
    for settings in ({}, more):
        result = looked_at(settings, tmp_path)
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def looked_at(settings: dict[str, str], folder: Path = CHECKOUT) -> Result:
    """What `./run serve` says of its settings, when these are not as they should be."""
    return subprocess.run(
        [sys.executable, "-m", "vpspanel.serving"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT)} | SAFE | settings,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_signals_to_serve_reach_the_server_itself(copy: Copy) -> None:
    """Its process is the one that was started: nothing stands between who stops it and gunicorn."""
    with subprocess.Popen(
        [copy.root / "run", "serve"],
        env={"PATH": f"{copy.programs}:/usr/local/bin:/usr/bin:/bin", "PORT": "1"},
        stdout=subprocess.DEVNULL,
    ) as started:
        assert started.wait(60) == 0
    assert (copy.root / "served-by").read_text() == f"{started.pid}\n"


def test_processes_that_count_have_a_folder_of_their_own_in_common(copy: Copy) -> None:
    folders = []
    for _ in range(2):
        copy.run("serve", PORT="1", METRICS_TOKEN="any", TMPDIR=str(copy.root))
        folders.append((copy.root / "counts").read_text().strip())
    assert len(set(folders)) == 2 and all(Path(folder).parent == copy.root for folder in folders)


def test_the_browser_tests_are_not_skipped_in_silence(copy: Copy) -> None:
    without_debians = f"{copy.programs}:{copy.path_without('chromium', 'chromium-headless-shell')}"
    for name in ("chromium", "chromium-headless-shell"):
        copy.program(name, "#!/bin/sh\n")
        assert "browser tests are skipped" not in copy.run("test", PATH=without_debians).stdout
        (copy.programs / name).unlink()
    assert "browser tests are skipped" in copy.run("test", PATH=without_debians).stdout
