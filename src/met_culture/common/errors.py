"""The error that every command prints as one sentence."""


class UserError(Exception):
    """An error that the user can fix; the message names the file, key or URL and says what to do."""
