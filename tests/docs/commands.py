"""Commands of the pages that cannot be run in a test: whoever reads their arguments says whether they are right."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import yaml
from django.core.management import get_commands, load_command_class

from tests.docs.blocks import PROJECT, Block, join_lines

SETTING = re.compile(r"[A-Z][A-Z0-9_]*=\S+")
OPTION = re.compile(r"--[a-z][a-z-]*")


def check_command(command: str) -> None:
    """Fail where the program would not take the arguments. Raises AssertionError or the program's own error."""
    words = shlex.split(command)
    while SETTING.fullmatch(words[0]):
        words.pop(0)
    if words[:2] == ["python", "manage.py"]:
        name = words[2]
        load_command_class(get_commands()[name], name).create_parser("manage.py", name).parse_args(words[3:])
    elif words[0] == "python" and words[1].endswith(".py"):
        check_script(words[1:])
    elif words[0] == "celery":
        run_quietly("celery", *words[1:], "--help")  # an option that it does not know fails before that is shown
    elif words[0] == "gunicorn":
        run_quietly("gunicorn", *words[1:], "--check-config")
    elif words[:2] == ["pip", "install"]:
        check_install(words[2:])
    elif words[:3] == ["python", "-m", "pytest"]:
        assert all((PROJECT / path).exists() for path in words[3:])
    else:
        raise AssertionError(f"nothing here knows how to check: {command}")


def check_commands(block: Block) -> None:
    for line in join_lines(block.text):
        for command in line.split(" && "):
            check_command(command)


def check_script(words: list[str]) -> None:
    """The options of a script of ours are those that its help names, and it is given all that it cannot do without."""
    helped = run_quietly(words[0], "--help")
    assert [word for word in words if OPTION.fullmatch(word) and word not in helped] == []
    assert [option for option in read_needed(helped.split("\n\n")[0]) if option not in words] == []


def read_needed(usage: str) -> list[str]:
    """Return the options that stand in no brackets, innermost ones first: `--home HOME [--only A [A ...]]`."""
    while (less := re.sub(r"\[[^][]*\]", "", usage)) != usage:
        usage = less
    return OPTION.findall(usage)


def check_install(words: list[str]) -> None:
    """What is to be installed are our lists, or packages in the versions of our lists."""
    pinned = set((PROJECT / "requirements.txt").read_text().splitlines())
    if "-r" in words:
        assert (PROJECT / words[words.index("-r") + 1]).exists()
        return
    packages = [word for word in words if "==" in word]
    assert packages
    assert [package for package in packages if package not in pinned] == []


def check_set_up(block: Block) -> None:
    """The start of a fresh copy: what follows the copy and its environment, which need a network."""
    for line in join_lines(block.text):
        for command in line.split(" && "):
            if not re.match(r"git clone |cd |python3 -m venv |\. ", command):
                check_command(command)


def check_server(block: Block) -> None:
    """The steps of docs/production.md: our commands, files, lists and settings are there. The rest is Debian's."""
    told = re.findall(r"> /etc/kindred/kindred\.env <<END\n(.+?)^END$", block.text, re.DOTALL | re.MULTILINE)
    settings = (PROJECT / "docs" / "operations.md").read_text()
    assert [
        name for name in re.findall(r"^(\w+)=", "".join(told), re.MULTILINE) if f"| `{name}` |" not in settings
    ] == []
    text = re.sub(r"<<'?END'?\n.+?^END$", "", block.text, flags=re.DOTALL | re.MULTILINE)
    for command in [command for line in join_lines(text) for command in line.split(" && ")]:
        words = shlex.split(command)
        if words[0] == "kindred":
            check_command(f"python manage.py {shlex.join(words[1:])}")
        elif words[:2] == [".venv/bin/pip", "install"]:
            check_install(words[2:])
        elif words[1:4] == ["-m", "compileall", "-q"]:
            assert sorted(words[4:]) == sorted(path.parent.name for path in PROJECT.glob("*/apps.py"))
        assert [word for word in words if word.startswith("ops/") and not (PROJECT / word).exists()] == []


def check_synopsis(block: Block) -> None:
    """`python manage.py import_products FILE [--images DIR] ...` names no option that the command does not have."""
    words = block.text.split()
    assert words[:2] == ["python", "manage.py"]
    parser = load_command_class(get_commands()[words[2]], words[2]).create_parser("manage.py", words[2])
    named = OPTION.findall(block.text)
    assert named
    assert [option for option in named if option not in parser._option_string_actions] == []


def check_compose(block: Block) -> None:
    """What is exported is what compose.yaml cannot do without."""
    needed = set(re.findall(r"\$\{(\w+):\?", (PROJECT / "compose.yaml").read_text()))
    assert set(re.findall(r"(\w+)=", block.text)) == needed
    assert "web" in yaml.safe_load((PROJECT / "compose.yaml").read_text())["services"]


def run_quietly(*words: str) -> str:
    """Run a program of this environment, or a script of ours; return what it says. Fails where it does."""
    script = words[0].endswith(".py")
    program = [sys.executable] if script else [str(Path(sys.executable).with_name(words[0]))]
    done = subprocess.run([*program, *(words if script else words[1:])], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
