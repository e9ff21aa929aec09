"""A network leaves torch: as an ONNX file that other programs run, and as a program of a few kilobytes that trains itself.

A torch module and an example of its inputs come in. It is traced by torch's own exporters and leaves as bytes. The libraries that write
and run them, onnx, onnxscript, onnxruntime and executorch, are asked for when they are needed: pip install -r requirements-tools.txt.
"""

import contextlib
import importlib.util
import io
import logging
import pathlib
import tempfile
import warnings

import torch

__all__ = ["TrainingProgram", "run_onnx", "to_onnx", "training_program"]


def to_onnx(model, x, int8=False):
    """The model as the bytes of an ONNX file, its first axis free. int8: weights are bytes with a scale, where
    onnxruntime's tool finds them as they are; what the model reshapes first stays in float32.

    x: an example of the input, of at least two rows. The model is exported in evaluation mode, and left in the mode that it had.
    Raises ImportError where a library is missing.
    """
    _need("onnx", "onnxscript", *["onnxruntime"] * int8)
    with _evaluated(model), tempfile.TemporaryDirectory() as folder, _quiet():
        path = pathlib.Path(folder) / "model.onnx"
        shapes = ({0: torch.export.Dim("rows", min=1)},)
        torch.onnx.export(model, (x,), dynamo=True, dynamic_shapes=shapes, external_data=False, verbose=False).save(path)
        if int8:
            from onnxruntime.quantization import QuantType, quantize_dynamic

            path, small = pathlib.Path(folder) / "int8.onnx", path
            quantize_dynamic(small, path, weight_type=QuantType.QInt8)
        return path.read_bytes()


def run_onnx(content, x):
    """What an ONNX file answers to x, a torch tensor, by onnxruntime on one thread of the CPU; a tensor."""
    _need("onnxruntime")
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return torch.from_numpy(session.run(None, {session.get_inputs()[0].name: x.numpy()})[0])


def training_program(model, loss, x, y):
    """A program for ExecuTorch's runtime, as bytes: forward, loss and backward of the model for batches of the shape of (x, y).

    loss: loss(scores, y), one number. The weights travel inside. `TrainingProgram` runs it. Raises ImportError where executorch is missing.
    """
    _need("executorch")
    with _quiet():
        from executorch.exir import to_edge
        from torch.export.experimental import _export_forward_backward

        whole = torch.export.export(_WithLoss(model, loss), (x, y), strict=True)
        return to_edge(_export_forward_backward(whole)).to_executorch().buffer


class TrainingProgram:
    """A training program in ExecuTorch's runtime, with its SGD; torch computes nothing here.

    content: of `training_program`; x, y: a batch of the shape that it was made for. lr, momentum: of SGD as in torch. step(x, y) does one
    step and returns the loss before it, as a float. Raises RuntimeError for bytes that are no such program and for another kind of batch.
    """

    def __init__(self, content, x, y, lr, momentum=0.0):
        _need("executorch")
        self._kinds = [(tuple(a.shape), a.dtype) for a in (x, y)]
        with _quiet(), _told("These bytes are no training program for such a batch: training_program(model, loss, x, y) makes one"):
            from executorch.extension.training import _load_for_executorch_for_training_from_buffer, get_sgd_optimizer

            self._module = _load_for_executorch_for_training_from_buffer(content)
            self._module.forward_backward("forward", (x, y))  # the runtime knows the names of the weights after a first look
            self._sgd = get_sgd_optimizer(self._module.named_parameters(), lr, momentum, 0, 0, False)

    def step(self, x, y):
        for name, value, kind in zip("xy", (x, y), self._kinds):
            found = (tuple(value.shape), value.dtype) if isinstance(value, torch.Tensor) else type(value).__name__
            if found != kind:
                raise RuntimeError(f"{name} is {found}; this program was made for {kind}: a last batch that is smaller has to be left out.")
        with _told("The program could not compute the loss of this batch: are all of its targets among the classes?"):
            loss, *_ = self._module.forward_backward("forward", (x.contiguous(), y.contiguous()))
        self._sgd.step(self._module.named_gradients())
        return float(loss)


class _WithLoss(torch.nn.Module):
    def __init__(self, model, loss):
        super().__init__()
        self.model, self.loss = model, loss

    def forward(self, x, y):
        scores = self.model(x)
        return self.loss(scores, y), scores.detach().argmax(dim=1)


def _need(*names):
    for name in names:
        if importlib.util.find_spec(name) is None:
            raise ImportError(f"{name} is not installed: pip install -r requirements-tools.txt.")


@contextlib.contextmanager
def _evaluated(model):
    """The model in evaluation mode; each of its parts is left in the mode that it had."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


@contextlib.contextmanager
def _told(sentence):
    """The runtime knows its errors by number."""
    try:
        yield
    except RuntimeError as error:
        raise RuntimeError(f"{sentence} ({error}).") from error


@contextlib.contextmanager
def _quiet():
    """The exporters print their progress and warn of what is not ours to mend."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
