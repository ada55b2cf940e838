"""Files of the user's own in the project, which settings name."""

from pathlib import Path


def texts_of(path: str, *endings: str) -> dict[str, str]:
    """Return the texts of a file, or of all files with such an ending in a folder and below, by their paths.

    Args:
        path: from the project on.
        endings: such as `.json`.

    Raises:
        ValueError: there is no such text.
    """
    root, known = Path(path), " or ".join(endings)
    if root.is_absolute():
        raise ValueError(
            f"must begin at the project, such as ./mine{endings[0]}, so that every checkout shows the same"
        )
    found = sorted(each for each in root.rglob("*") if each.suffix in endings) if root.is_dir() else [root]
    if not found:
        raise ValueError(f"is a folder without a file whose name ends in {known}; correct the path")
    if root.suffix not in endings and not root.is_dir():
        raise ValueError(f"must be a folder, or a file whose name ends in {known}; correct the path")
    return {str(each): text_of(each) for each in found}


def text_of(path: Path) -> str:
    """Return the text of a file. Raises ValueError: there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:  # the latter where it is no text, and of a path with a NUL
        raise ValueError(f"{path}: cannot be read ({type(error).__name__}); correct the path") from error
