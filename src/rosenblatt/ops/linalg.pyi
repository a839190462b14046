# Written by tools/stubs.py.

from rosenblatt.ops import cholesky as cholesky
from rosenblatt.ops import cholesky_inverse as cholesky_inverse
from rosenblatt.ops import det as det
from rosenblatt.ops import eig as eig
from rosenblatt.ops import eigh as eigh
from rosenblatt.ops import inv as inv
from rosenblatt.ops import jvp as jvp
from rosenblatt.ops import lstsq as lstsq
from rosenblatt.ops import lu_factor as lu_factor
from rosenblatt.ops import matrix_rank as matrix_rank
from rosenblatt.ops import norm as norm
from rosenblatt.ops import pinv as pinv
from rosenblatt.ops import qr as qr
from rosenblatt.ops import solve as solve
from rosenblatt.ops import solve_triangular as solve_triangular
from rosenblatt.ops import svd as svd
