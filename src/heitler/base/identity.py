"""Whose the commits are that DVC makes, where git knows no name and no address.

DVC keeps an experiment as a commit, and puts changed files aside as another. A newcomer's git has
neither `user.name` nor `user.email`: DVC refuses every experiment that finds a changed file. And a
user whom the system has no name for, as in containers, loses an experiment at its end. Our commands
lend a name to the one program that they start, by git's own variables; what is configured stays.

`python -m heitler.base.identity COMMAND...` runs a command with it, such as `dvc exp run`.
"""

import getpass
import os
import subprocess
import sys

NAME, ADDRESS = "Heitler", "heitler@localhost"
LOGIN_VARIABLES = ("LOGNAME", "USER", "LNAME", "USERNAME")
"""Where Python, and with it DVC's git, looks for a user's name before it asks the system."""
REMEDY = 'git config --global user.name "YOUR NAME"; git config --global user.email YOU@EXAMPLE.ORG'


def with_identity() -> dict[str, str]:
    """This process's environment, in which DVC can commit."""
    return os.environ | lent_identity()


def lent_identity() -> dict[str, str]:
    """The variables that are lent: none for who told git a name and an address."""
    lent = {} if has_login() else {"USER": NAME.lower()}
    name, address = _configured("user.name"), _configured("user.email")
    if not (name and address):
        for who in ("AUTHOR", "COMMITTER"):
            lent[f"GIT_{who}_NAME"] = name or NAME
            lent[f"GIT_{who}_EMAIL"] = address or ADDRESS
    return {key: value for key, value in lent.items() if not os.environ.get(key)}


def has_login() -> bool:
    """Whether variables or the system name this user; DVC's git wants one in any case."""
    try:
        return bool(getpass.getuser())
    except (KeyError, OSError):
        return False


def _configured(key: str) -> str:
    """The value in git's files, those of this folder's repository among them."""
    try:
        done = subprocess.run(["git", "config", "--get", key], capture_output=True, text=True)
    except OSError:
        return ""  # no git: DVC says more about that
    return done.stdout.strip()


def tell_what_dvc_wants() -> None:
    """Say in an experiment's first stage what the next one will be refused for."""
    if "DVC_EXP_NAME" in os.environ and lent_identity():
        print(
            "Note: git knows no name and address of yours. DVC commits this experiment all the "
            f"same, but starts none where a file is changed. Tell git both: {REMEDY}",
            flush=True,
        )


def main() -> None:
    """Become the command."""
    command = sys.argv[1:]
    os.execvpe(command[0], command, with_identity())


if __name__ == "__main__":
    main()
