"""A rule as the server's step in Flower, and Flower's clients in one process, so that a run repeats.

In come Flower's own strategy and client app. The strategy chooses clients and aggregates what they send; the rule takes the last point
minus that aggregate as its gradient. Out goes the next point, in the strategy's own records.
"""

import os
import random

os.environ.setdefault("FLWR_TELEMETRY_ENABLED", "0")  # Flower reads it once, when it is imported

import numpy as np
from flwr.app import Array, ArrayRecord, Context, Error, Message, RecordDict
from flwr.serverapp import Grid
from flwr.serverapp.strategy import FedAvg, Strategy
from flwr.supercore.task_identity import TaskIdentity

from gdcore.bridges.leaves import checked, chosen

__all__ = ["LocalGrid", "RuleStrategy", "flower"]

LOST = 1000  # the code of the error that stands for a client that fell silent


def flower(rule, strategy=None, *, others=None):
    """Any rule of gdcore as the server's step of a strategy of Flower: Reddi et al. (2021), arXiv:2003.00295.

    rule: such as gdcore.rules.Adam(lr=0.1); GD(1.0) takes the aggregate itself. strategy: a strategy of flwr.serverapp.strategy that
    chooses the clients and makes the aggregate, FedAvg() without it; FedMedian() or Krum() make the rule robust. others: the rule for
    arrays that are no matrices, if `rule` is for matrices only. Arrays of whole numbers, such as BatchNorm's counter, are rounded to
    whole numbers again. Of rules that keep an answer beside their walk, such as EMA, clients get the walk.
    Raises TypeError for a rule with a second gradient, ValueError for an array that the rule cannot step.
    """
    return RuleStrategy(rule, strategy or FedAvg(), others)


class RuleStrategy(Strategy):
    """See `flower`."""

    def __init__(self, rule, strategy, others=None):
        checked(rule, others)
        self.rule, self.strategy, self.others = rule, strategy, others
        self.arrays, self.memories, self.t = None, {}, 0

    def configure_train(self, server_round, arrays, config, grid):
        self.arrays = {name: array.numpy() for name, array in arrays.items()}
        return self.strategy.configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        """The strategy's aggregate, and the rule's step towards it. A round without a reply is no step."""
        found, metrics = self.strategy.aggregate_train(server_round, replies)
        if found is None:
            return found, metrics
        self.t += 1
        return ArrayRecord({name: Array(self._step(name, array.numpy())) for name, array in found.items()}), metrics

    def _step(self, name, found):
        x = self.arrays[name]
        if not np.issubdtype(x.dtype, np.floating):
            return np.asarray(np.rint(found), dtype=x.dtype)  # the mean of whole numbers is none
        leaf = chosen(self.rule, self.others, x.shape, 0, name)
        new, self.memories[name] = leaf.update(x, x - found, self.t, self.memories.get(name) or leaf.init(x))
        return np.ascontiguousarray(new, dtype=x.dtype)

    def configure_evaluate(self, server_round, arrays, config, grid):
        return self.strategy.configure_evaluate(server_round, arrays, config, grid)

    def aggregate_evaluate(self, server_round, replies):
        return self.strategy.aggregate_evaluate(server_round, replies)

    def summary(self):
        self.strategy.summary()


class LocalGrid(Grid):
    """Flower's network without a network: every client runs in this process when a message is sent to it, one after another.

    app: a ClientApp. clients: how many; client i finds i as context.node_config["partition-id"], and its context.state is kept between
    rounds. seed: of the draw of clients by Flower's strategies, which ask Python's `random`. lost: lost(round, i) says whether client i
    falls silent in that round (its work is done and does not arrive). bytes_sent, bytes_received: the weights' bytes that the server has
    sent and received so far. Start a ServerApp with `server(grid, grid.context())`, or a strategy with `strategy.start(grid, …)`.
    """

    def __init__(self, app, clients, *, seed=0, lost=lambda round, client: False):
        if clients < 1:
            raise ValueError(f"clients is {clients!r}; give at least 1.")
        TaskIdentity.task_id = TaskIdentity.run_id = TaskIdentity.node_id = 1  # a Message asks for its sender
        self.app, self.lost, self.bytes_sent, self.bytes_received = app, lost, 0, 0
        self._replies, self._count = {}, 0
        self._contexts = {i + 1: self.context(i) for i in range(clients)}
        random.seed(seed)

    @staticmethod
    def context(client=-1):
        """What Flower tells an app of itself; −1 is the server."""
        return Context(run_id=1, node_id=client + 1, node_config={"partition-id": client}, state=RecordDict(), run_config={})

    def set_run(self, run):
        """One run only; there is nothing to set."""

    @property
    def run(self):
        return None

    def get_node_ids(self):
        return list(self._contexts)

    def create_message(self, content, message_type, dst_node_id, group_id, ttl=None):
        return Message(content, dst_node_id, message_type, group_id=group_id)

    def push_messages(self, messages):
        ids = []
        for message in messages:
            self._count += 1
            ids.append(str(self._count))
            message.metadata.__dict__["_message_id"] = ids[-1]  # a network would give it one
            self._replies[ids[-1]] = self._answer(message)
        return ids

    def _answer(self, message):
        node = message.metadata.dst_node_id
        self.bytes_sent += _bytes(message)
        reply = self.app(message, self._contexts[node])
        configs = list(message.content.config_records.values())
        if self.lost(configs[0].get("server-round", 0) if configs else 0, node - 1):
            return Message(Error(code=LOST, reason=f"client {node - 1} fell silent"), reply_to=message)
        self.bytes_received += _bytes(reply)
        return reply

    def pull_messages(self, message_ids):
        return [self._replies.pop(i) for i in message_ids]

    def send_and_receive(self, messages, *, timeout=None):
        return self.pull_messages(self.push_messages(messages))


def _bytes(message):
    if message.has_error():
        return 0
    return sum(array.numpy().nbytes for record in message.content.array_records.values() for array in record.values())
