"""Lets piper-tts compute with a given number of threads: it has no setting for that, and takes
as many as the machine has cores."""

import onnxruntime


def limit(threads: int) -> None:
    """Every session made from now on computes with so many threads."""
    default_options = onnxruntime.SessionOptions

    def options() -> onnxruntime.SessionOptions:
        made = default_options()
        made.intra_op_num_threads = threads
        return made

    onnxruntime.SessionOptions = options
