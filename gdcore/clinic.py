"""The clinic: recorded trainings, most of them sick. Order tests, pay for each, and say what it is.

`examples/clinic.py` made the records; here they are only read. A patient's diagnosis is kept as a checksum, so that nobody stumbles on it.
"""

import base64
import functools
import hashlib
import json
import zlib
from pathlib import Path

__all__ = ["PRICES", "TESTS", "WRONG", "Finding", "Patient", "diagnoses", "patient", "patients"]

FILE = Path(__file__).with_name("clinic.json")
WRONG = 10  # minutes lost by a wrong diagnosis

# test: (minutes it costs, what it shows)
TESTS = {
    "curves": (1, "training and validation loss, and validation accuracy, every ten steps"),
    "first loss": (1, "the loss before the first step, beside ln 10 of a network that knows nothing"),
    "rates": (1, "the learning rate that each step really had"),
    "gradients": (2, "the length of the gradient of each weight matrix"),
    "updates": (2, "how far a step moves each weight matrix, as a share of its length"),
    "units": (2, "the share of units behind a ReLU that give 0 for a whole batch"),
    "twice": (2, "the validation part evaluated twice in a row"),
    "batch": (3, "what the network is given: sizes of inputs, classes in the order they come, twenty labels judged by eye"),
    "overlap": (3, "how many validation examples stand among the training examples"),
    "fresh data": (3, "accuracy on examples that nobody has touched"),
    "gradient check": (4, "the gradient at a step beside that of the mean cross-entropy of the same examples: length and angle"),
    "one batch": (5, "the same program on a single batch, again and again: can it learn 32 examples by heart?"),
    "double precision": (5, "the same program in float64"),
    "rate sweep": (8, "the same program at rates from a thousandth to a thousand times its own"),
}
PRICES = {name: price for name, (price, _) in TESTS.items()}


@functools.cache
def _stored():
    return json.loads(FILE.read_text("utf-8"))


def diagnoses():
    """The names of all diagnoses, "healthy" among them."""
    return tuple(_stored()["diagnoses"])


def patients():
    """The numbers of all patients."""
    return range(1, len(_stored()["patients"]) + 1)


def patient(number):
    """A fresh file of the patient with this number. Raises ValueError for a number that is not on the list."""
    return Patient(number)


class Finding(dict):
    """What a test found: numbers under their names, and in words as its text."""

    def __init__(self, test, numbers, text):
        super().__init__(numbers)
        self.test, self.text = test, text

    def __repr__(self):
        return self.text


class Patient:
    """A recorded training. complaint: why somebody came. ordered: the tests so far. bill: minutes so far."""

    def __init__(self, number):
        if isinstance(number, bool) or number not in patients():
            raise ValueError(f"There is no patient {number!r}; they are numbered from 1 to {len(patients())}.")
        self.number, self._file = number, _stored()["patients"][number - 1]
        self.complaint = self._file["complaint"]
        self.ordered, self.wrong = [], 0

    @property
    def bill(self):
        """Minutes spent: the price of each test, once, and ten for each wrong diagnosis."""
        return sum(PRICES[test] for test in self.ordered) + WRONG * self.wrong

    def order(self, test):
        """Do a test, pay for it if it is new, and return its `Finding`. Raises ValueError for a test that is not on the list."""
        if test not in PRICES:
            raise ValueError(f"There is no test {test!r}; there are {', '.join(PRICES)}.")
        if test not in self.ordered:
            self.ordered.append(test)
        numbers = self._file["tests"][test]
        return Finding(test, numbers, WORDS[test](numbers))

    def diagnose(self, diagnosis):
        """Say what it is: (right, a sentence). A wrong diagnosis costs ten minutes. Raises ValueError for one that is not on the list."""
        if diagnosis not in diagnoses():
            raise ValueError(f"There is no diagnosis {diagnosis!r}; there are {', '.join(diagnoses())}.")
        if checksum(self.number, diagnosis) != self._file["diagnosis"]:
            self.wrong += 1
            return False, f"Patient {self.number} has something else. The bill is {self.bill} minutes."
        return True, f"Patient {self.number}: {diagnosis}, for {self.bill} minutes. {unveiled(self._file['why'])}"


def checksum(number, diagnosis):
    return hashlib.sha256(f"patient {number}: {diagnosis}".encode()).hexdigest()[:16]


def veiled(text):
    """A text that nobody reads by accident."""
    return base64.b64encode(zlib.compress(text.encode("utf-8"), 9)).decode()


def unveiled(text):
    return zlib.decompress(base64.b64decode(text)).decode("utf-8")


# -- findings in words -------------------------------------------------------------------------------------------------------------


def _short(value):
    return "no number" if value is None else f"{value:.3g}"


def _at(values, steps, count=5):
    """A few of the values, with their steps."""
    last = len(values) - 1
    return ", ".join(f"{_short(values[round(i * last / (count - 1))])} at {steps[round(i * last / (count - 1))]}" for i in range(count))


def _by_layer(numbers):
    names = [name for name in numbers if name != "steps"]
    return "\n".join(f"{name}: {_at(numbers[name], numbers['steps'])}" for name in names)


def _curves(n):
    lines = ["training loss", "validation loss", "validation accuracy"]
    return "\n".join(f"{name}: {_at(n[name], n['steps'])}" for name in lines)


def _batch(n):
    return (f"inputs of a training batch: mean {_short(n['mean'])}, standard deviation {_short(n['std'])}, largest {_short(n['largest'])}; "
            f"of validation: mean {_short(n['validation mean'])}, standard deviation {_short(n['validation std'])}\n"
            f"largest input in any batch of the run: {_short(n['largest of all'])}\n"
            f"classes of the first 24 examples: {' '.join(map(str, n['classes']))}\n"
            f"labels that fit the picture: {n['labels that fit']} of 20")


WORDS = {
    "curves": _curves,
    "first loss": lambda n: f"{_short(n['loss'])} before the first step; ln 10 is {n['ln 10']:.3g}",
    "rates": lambda n: f"learning rate: {_at(n['rate'], n['steps'])}",
    "gradients": _by_layer,
    "updates": _by_layer,
    "units": lambda n: f"share that gives 0: {_at(n['dead'], n['steps'])}" if "dead" in n else "there is no ReLU in this network",
    "twice": lambda n: f"accuracy {n['first']:.4f}, then {n['second']:.4f}",
    "batch": _batch,
    "overlap": lambda n: f"{n['shared']} of {n['validation']} validation examples are training examples",
    "fresh data": lambda n: f"accuracy {n['fresh']:.3f} on fresh examples, {n['validation']:.3f} on validation",
    "gradient check": lambda n: f"{_short(n['length'])} times as long as it should be; cosine of the angle between {_short(n['cosine'])}",
    "one batch": lambda n: f"loss on the one batch: {_at(n['loss'], n['steps'])}",
    "double precision": lambda n: f"loss as it is: {_at(n['as it is'], n['steps'])}\nloss in float64: {_at(n['float64'], n['steps'])}",
    "rate sweep": lambda n: "validation accuracy at the end: " + ", ".join(f"{_short(a)} at {f:g} × the rate" for f, a in n["accuracy"]),
}  # fmt: skip
