"""Check that the folder of temporary files has room before it is filled."""

import shutil
import tempfile

from met_culture.common.errors import UserError


def check_disk(size: int, content: str) -> None:
    """Check that `size` bytes fit into the folder of temporary files.

    Raises:
        UserError: They do not; it says what `content` they are.
    """
    folder = tempfile.gettempdir()
    if shutil.disk_usage(folder).free < size:
        raise UserError(
            f"{folder} has no room for {size:,} bytes of {content}; set TMPDIR to a folder on a larger disk."
        )
