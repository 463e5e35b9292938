"""The error that every command shows as one sentence."""


class UserError(Exception):
    """A mistake that the user can mend: one sentence that names the file, key or URL and says what to do."""
