"""The transformer with the weights of a Marian model: which array goes where."""

import torch

from gdcore.models.transformer import Transformer

__all__ = ["from_marian"]


def from_marian(arrays, dropout=0.0):
    """A `Transformer` with the weights of `gdcore.data.read_marian`: tied embeddings, 8 heads, an SSRU in the decoder.

    Raises KeyError, with the name of the array, for a model of another kind.
    """
    layers = {part: len({name.split("_")[1] for name in arrays if name.startswith(f"{part}_l")}) for part in ("encoder", "decoder")}
    vocabulary, d = arrays["Wemb"].shape
    state = {"embedding.weight": arrays["Wemb"], "bias": arrays["decoder_ff_logit_out_b"][0]}
    for i in range(layers["encoder"]):
        state |= _attention(arrays, f"encoder.{i}.0", f"encoder_l{i + 1}_self")
        state |= _feed_forward(arrays, f"encoder.{i}.1", f"encoder_l{i + 1}_ffn")
    for i in range(layers["decoder"]):
        state |= _recurrence(arrays, f"decoder.{i}.0", f"decoder_l{i + 1}_rnn")
        state |= _attention(arrays, f"decoder.{i}.1", f"decoder_l{i + 1}_context")
        state |= _feed_forward(arrays, f"decoder.{i}.2", f"decoder_l{i + 1}_ffn")
    model = Transformer(vocabulary, d, len(state["encoder.0.1.widen.bias"]), 8, layers["encoder"], layers["decoder"], dropout)
    model.load_state_dict({name: torch.tensor(array) for name, array in state.items()})
    return model


def _attention(arrays, to, name):
    parts = {"query": "q", "key": "k", "value": "v", "out": "o"}
    state = {f"{to}.{part}.weight": arrays[f"{name}_W{letter}"].T for part, letter in parts.items()}
    return state | {f"{to}.{part}.bias": arrays[f"{name}_b{letter}"][0] for part, letter in parts.items()} | _norm(arrays, to, f"{name}_Wo")


def _feed_forward(arrays, to, name):
    return {f"{to}.widen.weight": arrays[f"{name}_W1"].T, f"{to}.widen.bias": arrays[f"{name}_b1"][0],
            f"{to}.narrow.weight": arrays[f"{name}_W2"].T, f"{to}.narrow.bias": arrays[f"{name}_b2"][0],
            **_norm(arrays, to, f"{name}_ffn")}  # fmt: skip


def _recurrence(arrays, to, name):
    return {f"{to}.new.weight": arrays[f"{name}_W"].T, f"{to}.gate.weight": arrays[f"{name}_Wf"].T,
            f"{to}.gate.bias": arrays[f"{name}_bf"][0], **_norm(arrays, to, f"{name}_ffn")}  # fmt: skip


def _norm(arrays, to, name):
    return {f"{to}.norm.weight": arrays[f"{name}_ln_scale"][0], f"{to}.norm.bias": arrays[f"{name}_ln_bias"][0]}
