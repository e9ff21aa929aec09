"""Where data comes from: a package that is installed, a folder of the system, the user's cache, or, once, the network.

A file is named together with its checksum, and what does not have it is never used. Whatever is missing, cut short or damaged ends
in one DataError that says what to do.
"""

import hashlib
import importlib.util
import os
import pathlib

__all__ = ["DataError", "cached", "check", "folder", "packaged"]


class DataError(RuntimeError):
    """Data that is not there, or is not what it should be."""


def folder():
    """The cache: the folder that the environment variable GDCORE_DATA names, else gdcore's own among the user's caches."""
    import pooch

    return pathlib.Path(os.environ.get("GDCORE_DATA") or pooch.os_cache("gdcore"))


def cached(name, url, md5, remedy=""):
    """The path of the file `name` in the cache, after a download from `url` if it is not there yet or is damaged.

    The download goes to a file beside and takes its place when it is whole, so an interrupted one leaves nothing, and two programs may
    ask at once. md5: the checksum its publisher gives, in hex. remedy: what else helps, a sentence. Raises DataError.
    """
    import pooch

    logger, place = pooch.get_logger(), folder()
    level = logger.level
    logger.setLevel("WARNING")  # it would print the path of the cache into the notebook
    try:
        return pathlib.Path(pooch.retrieve(url, f"md5:{md5}", fname=name, path=place, progressbar=False))
    except ValueError as error:  # pooch's word for a wrong checksum
        raise DataError(f"What came from {url} is not the expected {name} (another checksum): try again later. {remedy}".strip()) from error
    except Exception as error:  # requests, urllib3 and the system each have their own
        raise DataError(f"{name} is not on this machine yet, and could not be fetched from {url} ({_short(error)}): connect once to the "
                        f"network, or put the file into {place}. {remedy}".strip()) from error
    finally:
        logger.setLevel(level)


def packaged(package, inside, sha256=None):
    """The path of a file inside an installed package that carries data.

    package: its name for `import`; inside: the path in it; sha256: its checksum in hex, tested where one is given. Raises DataError.
    """
    name = package.replace("_", "-")
    spec = importlib.util.find_spec(package)
    if spec is None:
        raise DataError(f"The data comes with the package {name}, which is not installed: pip install {name}.")
    path = pathlib.Path(spec.submodule_search_locations[0]) / inside
    if not path.is_file():
        raise DataError(f"The package {name} holds no {inside}: pip install --force-reinstall {name}.")
    if sha256:
        check(path.read_bytes(), sha256, f"{inside} of the package {name}", f"pip install --force-reinstall {name}")
    return path


def check(content, sha256, what, remedy):
    """Raise DataError unless the bytes have the checksum; `what` they are and the `remedy` are put into its sentence."""
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise DataError(f"{what} is damaged or cut short: {len(content):,} bytes with the checksum {found[:8]}…, expected {sha256[:8]}…. "
                        f"Remedy: {remedy}.")


def _short(error):
    """The kind of an error and the beginning of what it says."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:117]}…" if len(text) > 120 else f"{type(error).__name__}: {text}"
