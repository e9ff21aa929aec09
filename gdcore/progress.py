"""A progress bar for whoever watches."""

import sys

__all__ = ["bar"]


def bar(progress, total, unit="step"):
    """A progress bar that shows itself after a second, or one that does nothing: a context with update(n) and set_postfix_str(text).

    progress: True or False; None shows it if there is somebody to see it. total: how many `unit`s there are.
    Raises ImportError for True without tqdm.
    """
    if progress is False or (progress is None and not somebody_is_there()):
        return NoBar()
    try:
        from tqdm.auto import tqdm
    except ImportError:
        if progress:
            raise ImportError("progress=True needs tqdm: install it with `pip install tqdm`, or leave progress out.") from None
        return NoBar()
    return tqdm(total=total, unit=unit, leave=False, delay=0 if progress else 1)


def somebody_is_there():
    """Whether a person watches: at a terminal, or at a notebook that allows input, as no program that runs notebooks does."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if (kernel := getattr(shell, "kernel", None)) is not None:
        return bool(kernel.get_parent().get("content", {}).get("allow_stdin"))
    return sys.stderr is not None and sys.stderr.isatty()


class NoBar:
    """What nobody sees."""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False

    def update(self, n=1):
        pass

    def set_postfix_str(self, text, refresh=True):
        pass
