# Writes tests/golden/tfd.mat and tfd-plain.mat, the first with arrays compressed: SciPy's savemat, of arrays named as those of the Toronto Face
# Database. Face n has the value (37 n + 11 row + 3 column) mod 256; faces are 6 x 5, so that nothing may be turned by mistake.
import numpy as np
from scipy import io

n, r, c = np.ogrid[:20, :6, :5]
arrays = {
    "title": "faces",
    "cells": np.array(["a", 3.5], dtype=object),
    "images": ((37 * n + 11 * r + 3 * c) % 256).astype(np.uint8),
    "folds": np.array([[(i + f) % 4 for f in range(5)] for i in range(20)], dtype=np.float64),  # stored as bytes, as MATLAB does
    "labs_ex": np.array([[i % 7 + 1 if i % 4 else -1] for i in range(20)], dtype=np.int16),
    "labs_id": np.arange(20, dtype=np.int32)[:, None],
    "wave": np.array([0.5, -2.25, 1e300]),
    "single": np.float32([[1.5, 2.5]]),
    "turned": np.array([1 + 2j]),
}
for name, packed in (("tfd.mat", True), ("tfd-plain.mat", False)):
    io.savemat(name, arrays, do_compression=packed)
