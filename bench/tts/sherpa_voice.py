"""A Piper voice as sherpa-onnx reads it: the same weights, with its metadata and a token table."""

import json
import shutil
from pathlib import Path

# Fields of ONNX's ModelProto and of its StringStringEntryProto, and protobuf's wire type.
METADATA_PROPS, KEY, VALUE = 14, 1, 2
LENGTH_DELIMITED = 2


def convert(voice: Path, folder: Path) -> tuple[Path, Path]:
    """Writes the model and its tokens to `folder`.

    A repeated field of a protobuf message may be continued at its end, so the metadata is
    appended and the weights stay as they are, byte for byte.
    """
    config = json.loads(voice.with_name(voice.name + ".json").read_text(encoding="utf-8"))
    metadata = {
        "model_type": "vits",
        "comment": "piper",
        "language": config.get("language", {}).get("name_english", "English"),
        "voice": config["espeak"]["voice"],
        "has_espeak": "1",
        "n_speakers": str(config["num_speakers"]),
        "sample_rate": str(config["audio"]["sample_rate"]),
    }
    folder.mkdir(parents=True, exist_ok=True)
    model, tokens = folder / voice.name, folder / "tokens.txt"
    shutil.copyfile(voice, model)
    with model.open("ab") as end:
        for key, value in metadata.items():
            entry = _field(KEY, key.encode()) + _field(VALUE, value.encode())
            end.write(_field(METADATA_PROPS, entry))
    tokens.write_text("".join(
        f"{phoneme} {ids[0]}\n" for phoneme, ids in config["phoneme_id_map"].items()
    ), encoding="utf-8")
    return model, tokens


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | LENGTH_DELIMITED) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
