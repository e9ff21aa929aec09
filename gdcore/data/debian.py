"""Files that Debian's packages carry, without installing them: fetched and checked by apt-get, unpacked into the cache."""

import io
import pathlib
import subprocess
import tarfile
import tempfile

from gdcore.data.store import DataError, folder

__all__ = ["unpacked"]


def unpacked(packages, ending):
    """{package: the folder in the cache that holds its files with this ending, as they would lie under /}.

    What is not there yet is fetched by apt-get, which tests signature and checksum, and unpacked by dpkg; neither needs to be root. A
    package appears when it is whole, so an interruption leaves nothing, and two programs may ask at once. Raises DataError.
    """
    place = folder() / "debian"
    found = {package: place / f"{package}{ending}" for package in packages}
    missing = [package for package in packages if not found[package].is_dir()]
    if missing:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place) as beside:
            _run(["apt-get", "download", *missing], beside, missing)
            for package in missing:
                archive = _run(["dpkg", "--fsys-tarfile", next(pathlib.Path(beside).glob(f"{package}_*.deb")).name], beside, missing)
                _extract(archive, pathlib.Path(beside, package), ending)
                _appear(pathlib.Path(beside, package), found[package])
    return found


def _extract(archive, where, ending):
    where.mkdir()
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extraction_filter = getattr(tarfile, "data_filter", lambda member, path: member)  # not in the first releases of Python 3.11
        files.extractall(where, [file for file in files if file.isfile() and file.name.endswith(ending)])


def _appear(folder, place):
    try:
        folder.rename(place)
    except OSError:
        if not place.is_dir():  # else another program was first
            raise


def _run(command, where, packages):
    """What the command prints, as bytes."""
    names = ", ".join(packages)
    try:
        return subprocess.run(command, cwd=where, check=True, capture_output=True).stdout
    except FileNotFoundError as error:
        raise DataError(f"Files of these packages of Debian are wanted: {names}; but {command[0]} is not on this machine. Use Debian or "
                        f"Ubuntu, or install the programs in your system's way.") from error
    except subprocess.CalledProcessError as error:
        lines = error.stderr.decode(errors="replace").splitlines()
        said = " ".join([line for line in lines if line.startswith("E:")] or lines[-1:])
        raise DataError(f"{command[0]} could not bring {names} ({said}): connect once to the network, run `apt-get update` as root, and "
                        f"try again.") from error
