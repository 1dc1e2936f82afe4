"""`keras.ops.linalg`: linear algebra, under the names that it also has in `keras.ops`."""

from .forward_mode import jvp as jvp
from .linear_algebra import norm as norm
from .matrices import cholesky as cholesky
from .matrices import cholesky_inverse as cholesky_inverse
from .matrices import det as det
from .matrices import eig as eig
from .matrices import eigh as eigh
from .matrices import inv as inv
from .matrices import lstsq as lstsq
from .matrices import lu_factor as lu_factor
from .matrices import matrix_rank as matrix_rank
from .matrices import pinv as pinv
from .matrices import qr as qr
from .matrices import solve as solve
from .matrices import solve_triangular as solve_triangular
from .matrices import svd as svd
