"""Texts with parts to fill in."""

from string import Template


class Text(Template):
    """Text with placeholders `@@{name}`, since `$` is nginx's own."""

    delimiter = "@@"

    def fill(self, **parts: str) -> str:
        """Return the text with every placeholder replaced."""
        return self.substitute(parts)
