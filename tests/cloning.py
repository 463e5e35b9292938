"""Git clones with DVC in which tests run the project's commands."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from support import ROOT

BIN = Path(sys.executable).parent
SETTINGS = {
    "source: sample": "source: ../museum",
    "image_size: 150": "image_size: 48",
    "epochs: 50": "epochs: 2",
    "bootstrap_samples: 2000": "bootstrap_samples: 100",
}


class Clone:
    """A Git clone with DVC, its own source code first on the path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = os.environ | {
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(folder / "src"),
            "GIT_CONFIG_GLOBAL": os.devnull,  # ignores the developer's settings of branches and signatures
            "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.org",
            "GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@example.org",
        }  # fmt: skip

    def run(self, *command: str, code: int = 0) -> str:
        """Run a command and return what it prints, stderr included."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=400,
        )
        assert done.returncode == code, f"{' '.join(command)} gave {done.returncode}:\n{done.stdout[-3000:]}"
        return done.stdout

    def repro(self, *options: str) -> list[str]:
        """Run `dvc repro` and return the stages that ran, not those restored from the run cache."""
        return re.findall(r"Running stage '(\w+)'", self.run("dvc", "repro", *options))

    @property
    def lock(self) -> str:
        return (self.folder / "dvc.lock").read_text()


def working_tree(folder: Path) -> Clone:
    """Return a clone of the working tree, uncommitted changes included, without the results of earlier runs."""
    listed = subprocess.run(
        ["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.rstrip("\0").split("\0"):
        if (ROOT / name).is_file() and name != "dvc.lock" and not name.startswith(("metrics/", "plots/")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    clone = Clone(folder)
    clone.run("git", "init", "-q")
    clone.run("git", "add", ".")
    clone.run("git", "commit", "-qm", "Clone")
    return clone
