"""The arithmetic of TensorFlow's tensors: what their module spells otherwise than NumPy, or does not do with plain numbers."""

import contextlib
import contextvars

import tensorflow as tf
from tensorflow import eye, matmul, sqrt  # noqa: F401  (part of this world's arithmetic)

OWN = True  # its functions are called with our signatures
bfloat16 = tf.bfloat16
_usual = contextvars.ContextVar("the type of a choice between two plain numbers", default=tf.float32)


@contextlib.contextmanager
def numbers_are(kind):
    """Within it, `where(condition, 1.0, 0.0)` is of this type: TensorFlow does not mix types."""
    token = _usual.set(tf.as_dtype(kind))
    try:
        yield
    finally:
        _usual.reset(token)


def sign(x):
    return tf.sign(x)


def _alike(*values):
    """Numbers become tensors of the type of those that are tensors already."""
    kind = next((v.dtype for v in values if tf.is_tensor(v)), _usual.get())
    return [v if tf.is_tensor(v) else tf.constant(v, kind) for v in values]


def maximum(a, b):
    return tf.maximum(*_alike(a, b))


def minimum(a, b):
    return tf.minimum(*_alike(a, b))


def where(condition, a, b):
    return tf.where(condition, *_alike(a, b))


def norm(x):
    return tf.norm(x)


def rms(x):
    return tf.sqrt(tf.reduce_mean(x * x))


def mean(x, axis=None):
    return tf.reduce_mean(x, axis, keepdims=axis is not None)


def total(x):
    return tf.reduce_sum(x)


def transpose(x):
    return tf.linalg.matrix_transpose(x)


def inverse_root(a, p):
    values, vectors = tf.linalg.eigh(tf.cast(a, tf.float64))
    values = tf.maximum(values, 2.0**-52 * tf.reduce_max(tf.abs(values)))
    return tf.cast(tf.matmul(vectors * values ** (-1 / p), vectors, transpose_b=True), a.dtype)


def full_like(x, value):
    return tf.fill(tf.shape(x), tf.cast(value, x.dtype))


def machine_eps(x):
    import ml_dtypes

    return float(ml_dtypes.finfo(x.dtype.as_numpy_dtype).eps)


def cast(x, dtype):
    return tf.cast(x, dtype)


def shape(x):
    return tuple(x.shape)


def size(x):
    return x.shape.num_elements()
