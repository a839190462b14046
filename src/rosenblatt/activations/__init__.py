"""Activation functions: plain functions of arrays that also accept symbolic tensors."""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "functions": "celu deserialize elu exponential gelu get glu hard_shrink hard_sigmoid "
        "hard_silu hard_swish=hard_silu hard_tanh leaky_relu linear log_sigmoid "
        "log_softmax mish relu relu6 selu serialize sigmoid silu soft_shrink "
        "softmax softplus softsign sparse_plus sparse_sigmoid sparsemax squareplus "
        "swish=silu tanh tanh_shrink threshold",
        "steps": "heaviside sign",
    },
)
