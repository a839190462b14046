"""Keras's array functions over jax.numpy and jax.nn, on arrays and on symbolic tensors.

Left out are the ops of images (`ops.image`, `psnr`, `depth_to_space`, `space_to_depth`, `fold`,
`unfold`), of convolution and pooling, of Fourier transforms and of CTC: this library is for dense
networks.
"""

from rosenblatt.core.faces import table_face

__getattr__, __dir__ = table_face(__name__, "every", modules="linalg nn numpy")
