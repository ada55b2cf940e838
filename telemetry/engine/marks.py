"""The constants by which Pulumi's engine marks special values in its JSON."""

UNKNOWN_MARK = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What stands for a value that is not known before something else exists."""
SPECIAL_KEY = "4dabf18193072939515e22adb298388d"
"""The key that says of a mapping that it is a special value, and of which kind."""
SECRET_KIND = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a mark, not a secret
