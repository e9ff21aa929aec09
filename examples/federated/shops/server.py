"""The server: Flower's FedAvg chooses the shops and takes the mean, and a rule of gdcore steps towards it."""

import json
import pathlib

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, MetricRecord
from flwr.serverapp import ServerApp
from flwr.serverapp.strategy import FedAvg

import gdcore.rules as R
from gdcore.bridges import flower

from .data import SHOPS, accuracy

app = ServerApp()


@app.main()
def main(grid, context):
    found = train(grid, context.run_config["rounds"])
    pathlib.Path(context.run_config["out"]).write_text(json.dumps(found))


def train(grid, rounds):
    """{accuracy: after each round, weights: their sum of squares after each round}"""
    seen = {"accuracy": [], "weights": []}

    def look(round, arrays):
        w = arrays["w"].numpy()
        seen["accuracy"].append(accuracy(w))
        seen["weights"].append(float((w**2).sum()))
        return MetricRecord({"accuracy": seen["accuracy"][-1]})

    average = FedAvg(fraction_evaluate=0.0, min_train_nodes=SHOPS, min_available_nodes=SHOPS)
    start, settings = ArrayRecord({"w": Array(np.zeros((65, 10)))}), ConfigRecord({"lr": 0.5, "steps": 10})
    flower(R.Adam(lr=0.2), average).start(grid, start, num_rounds=rounds, train_config=settings, evaluate_fn=look)
    return seen
