"""Progress of training: a bar for a terminal, lines for a file."""

from __future__ import annotations

import math
import sys
import time
from types import TracebackType
from typing import Any, Dict, Optional, Type


class EpochBar:
    """A tqdm bar that counts epochs, as the progress callable of a trainer. Does nothing unless `shown`."""

    def __init__(self, n_epochs: int, description: str = "", shown: bool = True) -> None:
        self._bar: Any = None
        if shown:
            from tqdm.auto import tqdm

            style = "{l_bar}{bar}| {n:.0f}/{total} epochs [{elapsed}<{remaining}{postfix}]"
            self._bar = tqdm(total=n_epochs, desc=description or None, bar_format=style)

    def __call__(self, progress: Dict[str, Any]) -> None:
        if self._bar is None:
            return
        position = progress["epoch"] + progress["done"] / max(1, progress["total"])
        if progress["epoch_finished"]:
            position = progress["epoch"] + 1
            numbers = {"loss": f"{progress['loss']:.3f}", "accuracy": f"{100 * progress['accuracy']:.1f} %"}
            if not math.isnan(progress["validation_accuracy"]):
                numbers["validation"] = f"{100 * progress['validation_accuracy']:.1f} %"
            if progress["skipped"] > 0:
                numbers["no answer"] = f"{100 * progress['skipped']:.1f} %"
            self._bar.set_postfix(numbers, refresh=False)
        self._bar.update(position - self._bar.n)

    def __enter__(self) -> EpochBar:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        value: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        if self._bar is not None:
            self._bar.close()


class EpochLines:
    """Writes a line to the error stream after an epoch, but none within a second of the last. Does nothing unless `shown`."""

    def __init__(self, n_epochs: int, shown: bool = True) -> None:
        self._n_epochs = n_epochs
        self._shown = shown
        self._last = -math.inf

    def __call__(self, progress: Dict[str, Any]) -> None:
        if not self._shown or not progress["epoch_finished"]:
            return
        now, epoch = time.monotonic(), progress["epoch"] + 1
        if now - self._last < 1 and epoch < self._n_epochs:
            return
        self._last = now
        validation = progress["validation_accuracy"]
        more = "" if math.isnan(validation) else f", validation {100 * validation:.1f} %"
        print(
            f"epoch {epoch} of {self._n_epochs}: loss {progress['loss']:.3f}, accuracy {100 * progress['accuracy']:.1f} %{more}",
            file=sys.stderr,
            flush=True,
        )
