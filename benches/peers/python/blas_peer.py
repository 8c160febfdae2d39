"""OpenBLAS, MKL, BLIS and oneDNN by their C functions: `blas_peer.py openblas`, `mkl`, `blis` or `onednn`. Matrix products alone.

They take the number of threads from `OPENBLAS_NUM_THREADS`, `MKL_NUM_THREADS` and `OMP_NUM_THREADS`; BLIS, as its package has it,
knows one.
"""

import ctypes
import pathlib
import sys
from ctypes import c_char, c_float, c_int, c_int64, c_void_p

import harness
import numpy as np

ROW_MAJOR, NO_TRANSPOSE, TRANSPOSE = 101, 111, 112


def cblas(sgemm, sgemv):
    """The C interface of BLAS."""
    sgemm.argtypes = [c_int] * 6 + [c_float, c_void_p, c_int, c_void_p, c_int, c_float, c_void_p, c_int]
    sgemv.argtypes = [c_int] * 4 + [c_float, c_void_p, c_int, c_void_p, c_int, c_float, c_void_p, c_int]

    def product(m, k, n, a, b, transposed, c):
        if m == 1:
            rows, columns, how = (n, k, NO_TRANSPOSE) if transposed else (k, n, TRANSPOSE)
            return sgemv, (ROW_MAJOR, how, rows, columns, 1, b, columns, a, 1, 0, c, 1)
        how, stride = (TRANSPOSE, k) if transposed else (NO_TRANSPOSE, n)
        return sgemm, (ROW_MAJOR, NO_TRANSPOSE, how, m, n, k, 1, a, k, b, stride, 0, c, n)

    return product


def openblas():
    import scipy_openblas32

    library = ctypes.CDLL(str(next(pathlib.Path(scipy_openblas32.get_lib_dir()).glob("libscipy_openblas*.so"))))
    return cblas(library.scipy_cblas_sgemm, library.scipy_cblas_sgemv)


def installed(pattern):
    """A library that a package has put beside the interpreter."""
    return ctypes.CDLL(str(next((pathlib.Path(sys.prefix) / "lib").glob(pattern))))


def mkl():
    library = installed("libmkl_rt.so.*")
    return cblas(library.cblas_sgemm, library.cblas_sgemv)


def blis():
    import blis.py

    sgemm = ctypes.CDLL(blis.py.__file__).bli_sgemm
    # Two transpositions, three sizes, alpha, and each matrix with the strides of its rows and columns; beta before the last.
    matrix = [c_void_p, c_int64, c_int64]
    sgemm.argtypes = [c_int, c_int, c_int64, c_int64, c_int64, c_void_p, *matrix, *matrix, c_void_p, *matrix]
    one, zero = (ctypes.addressof(SCALARS[at]) for at in (0, 1))

    def product(m, k, n, a, b, transposed, c):
        strides = (1, k) if transposed else (n, 1)
        return sgemm, (0, 0, m, n, k, one, a, k, 1, b, *strides, zero, c, n, 1)

    return product


SCALARS = [c_float(1), c_float(0)]


def onednn():
    library = installed("libdnnl.so.*")
    sgemm = library.dnnl_sgemm
    sgemm.argtypes = [c_char, c_char] + [c_int64] * 3
    sgemm.argtypes += [c_float, c_void_p, c_int64, c_void_p, c_int64, c_float, c_void_p, c_int64]

    def product(m, k, n, a, b, transposed, c):
        how, stride = (b"T", k) if transposed else (b"N", n)
        return sgemm, (b"N", how, m, n, k, 1, a, k, b, stride, 0, c, n)

    return product


PRODUCT = {"openblas": openblas, "mkl": mkl, "blis": blis, "onednn": onednn}[sys.argv[1]]()


def products(bench, *sizes):
    *batch, m, k, n = sizes
    transposed = bench.kind == "linear"
    a = harness.numbers(1, *batch, m, k)
    b = np.ascontiguousarray(harness.weights(2, n, k)[0]) if transposed else harness.numbers(2, *batch, k, n)
    c = np.zeros((*batch, m, n), np.float32)
    # The addresses of the matrices. The arguments are made before, so that less of Python is in the time.
    at = lambda x, i: x.ctypes.data + i * x.shape[-2] * x.shape[-1] * x.itemsize
    calls = []
    for i in range(*batch or [1]):
        function, arguments = PRODUCT(m, k, n, at(a, i), at(b, i), transposed, at(c, i))
        calls.append((function, [kind(argument) for kind, argument in zip(function.argtypes, arguments)]))

    def step():
        for function, arguments in calls:
            function(*arguments)

    bench.run(step, lambda _: c)


harness.each_case({kind: products for kind in ("matmul", "linear", "batch_matmul")})
