"""A shop: it takes the common weights, steps some times on its own pictures, and sends weights back, never a picture."""

from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp

from .data import gradient, loss, of_shop

app = ClientApp()


@app.train()
def train(message, context):
    settings = message.content["config"]
    x, y = of_shop(context.node_config["partition-id"])
    w = message.content["arrays"]["w"].numpy()
    for _ in range(settings["steps"]):
        w = w - settings["lr"] * gradient(w, x, y)
    metrics = MetricRecord({"num-examples": len(x), "loss": loss(w, x, y)})
    return Message(RecordDict({"arrays": ArrayRecord({"w": Array(w)}), "metrics": metrics}), reply_to=message)
