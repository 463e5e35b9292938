"""Read files that a parameter names; every fault is one sentence with the parameter and the file."""

import csv
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from met_culture.common.errors import UserError
from met_culture.common.paths import main_checkout

LFS = b"version https://git-lfs"  # start of the pointer that replaces the file in a clone without Git LFS
MAX_LINE = 5_000_000  # characters; a longer line is cut
SHOWN = 200  # characters of a header that an error quotes


def named_file(key: str, name: str) -> Path:
    """Return the path of the file that a parameter names, relative to the checkout.

    Args:
        key: The parameter, for errors.
        name: Its value.

    Raises:
        UserError: The name is too long, or begins with `~` and a user that this machine does not have.
    """
    try:
        file = Path(name).expanduser()
        # In an experiment's copy of the checkout, Git has put the version of a file there that DVC has hashed.
        here = Path.cwd() / file
        return here if here.exists() else main_checkout() / file
    except (RuntimeError, OSError) as error:
        fault = getattr(error, "strerror", None) or error
        raise UserError(f"{key}: {name[:100]!r} is not a valid path ({fault}); correct it.") from None


def check_start(key: str, file: Path) -> bytes:
    """Return the first bytes of a file.

    Args:
        key: Parameter that names the file, for errors.
        file: Its path.

    Raises:
        UserError: It cannot be read, or is no file, the pointer of Git LFS or a web page.
    """
    try:
        if file.exists() and not file.is_file():  # opening a named pipe would wait for its writer
            raise UserError(f"{key}: {file} is a folder or a device; give the path of a file.")
        with file.open("rb") as opened:
            start = opened.read(512)
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        raise UserError(f"{key}: {file} cannot be read ({getattr(error, 'strerror', None) or error}).") from None
    if start.startswith(LFS):
        raise UserError(f"{key}: {file} is a Git LFS pointer; run `git lfs pull` in its repository.")
    if start.lstrip()[:1] == b"<":
        raise UserError(f"{key}: {file} is a web page; give the address of the file itself.")
    return start


def csv_rows(key: str, file: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a CSV file in UTF-8, each with the number of its last line; the header is the first.

    Blank rows are left out.

    Args:
        key: Parameter that names the file, for errors.
        file: Its path.

    Raises:
        UserError: The file cannot be read, is not UTF-8, or a row is not CSV.
    """
    check_start(key, file)
    with file.open(encoding="utf-8-sig", newline="") as opened:
        rows = csv.reader(iter(partial(opened.readline, MAX_LINE), ""))
        try:
            for row in rows:
                if row:
                    yield rows.line_num, row
        except csv.Error as error:
            raise UserError(f"{key}: {file}, line {rows.line_num}: {error}; correct the row.") from None
        except UnicodeDecodeError:
            raise UserError(f"{key}: {file} is not UTF-8; save it as CSV in UTF-8.") from None


def column_position(key: str, file: Path, header: list[str], name: str, hint: str) -> int:
    """Return the position of a column that must be in the header once.

    Args:
        key: Parameter that names the file, for errors.
        file: Its path.
        header: Names of the columns.
        name: Name of the wanted column.
        hint: What the user can do, for errors.

    Raises:
        UserError: The header has no such column, or several.
    """
    count = header.count(name)
    if count != 1:
        columns = " ".join(", ".join(header).split())[:SHOWN] or "none"
        raise UserError(
            f"{key}: {file} has {count or 'no'} column{'s' * (count > 1)} {name!r}, and needs one "
            f"(its columns: {columns}); {hint}."
        )
    return header.index(name)
