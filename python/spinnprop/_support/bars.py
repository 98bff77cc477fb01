"""How far work is: a bar at a terminal or in a notebook, otherwise a line now and then."""

from __future__ import annotations

import math
import sys
import time
from typing import Any, Dict, Mapping, Optional

#: Seconds between lines, except for the first and the last.
_PAUSE = 1.0


class Bar:
    """Shows how far work is. Does nothing unless `shown`.

    Whole things are counted (`total` is an int, `noun` names one of them), an amount is measured (`total` is a float,
    `noun` its unit).
    """

    def __init__(
        self, total: float, noun: str, description: str = "", shown: bool = True, begun: int = 0
    ) -> None:
        self._total, self._noun, self._description = total, noun, description
        self._has_lines, self._last = False, -math.inf
        self._bar: Any = None
        if shown and (sys.stderr.isatty() or "ipykernel" in sys.modules):
            from tqdm.auto import tqdm

            done = f"{{n:.0f}}/{{total}} {noun}s" if isinstance(total, int) else f"{{n:.3f}}/{{total}} {noun}"
            style = f"{{l_bar}}{{bar}}| {done} [{{elapsed}}<{{remaining}}{{postfix}}]"
            self._bar = tqdm(total=total, initial=begun, desc=description or None, bar_format=style)
        else:
            self._has_lines = shown

    def move(self, to: float, numbers: Optional[Mapping[str, str]] = None) -> None:
        """To what is done, with numbers in words; None: those there are."""
        if self._bar is not None:
            if numbers is not None:
                self._bar.set_postfix(numbers, refresh=False)
            self._bar.update(to - self._bar.n)
        elif self._has_lines and (to >= self._total or time.monotonic() - self._last >= _PAUSE):
            self._last = time.monotonic()
            done = f"{self._noun} {to} of {self._total}" if isinstance(self._total, int) else f"{to:.3f} of {self._total} {self._noun}"
            before = f"{self._description}, " if self._description else ""
            after = ": " + ", ".join(" ".join(pair) for pair in numbers.items()) if numbers else ""
            print(f"{before}{done}{after}", file=sys.stderr, flush=True)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.close()


class EpochBar(Bar):
    """A bar of epochs, as the progress callable of a trainer."""

    def __init__(self, n_epochs: int, description: str = "", shown: bool = True) -> None:
        super().__init__(n_epochs, "epoch", description, shown)

    def __call__(self, progress: Dict[str, Any]) -> None:
        if not progress["epoch_finished"]:
            if self._bar is not None:
                self.move(progress["epoch"] + progress["done"] / max(1, progress["total"]))
            return
        numbers = {"loss": f"{progress['loss']:.3f}", "accuracy": f"{100 * progress['accuracy']:.1f} %"}
        if not math.isnan(progress["validation_accuracy"]):
            numbers["validation"] = f"{100 * progress['validation_accuracy']:.1f} %"
        if progress["skipped"] > 0:
            numbers["no answer"] = f"{100 * progress['skipped']:.1f} %"
        self.move(progress["epoch"] + 1, numbers)
