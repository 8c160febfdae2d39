"""Writes all-MiniLM-L6-v2 as ONNX, of the fused operators that ONNX Runtime has: `export.py FOLDER FILE`.

The layers are those of benches/peers, for one text without padding. The weights are in a file beside the graph, which is mapped;
inside the graph they would be copied.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper
from safetensors.numpy import load_file

sys.path.append(str(Path(__file__).resolve().parents[2] / "peers" / "python"))
from onnxruntime_peer import join, make_model, minilm_layers, node

folder, file = sys.argv[1], Path(sys.argv[2])
saved = load_file(f"{folder}/model.safetensors")
tables = {"words": saved["embeddings.word_embeddings.weight"]}
tables["places"] = saved["embeddings.position_embeddings.weight"] + saved["embeddings.token_type_embeddings.weight"][0]
lookup = [
    node("Shape", ["ids"], ["length"], start=1, end=2),
    node("Slice", ["places", "begin", "length"], ["used"]),
    node("Gather", ["words", "ids"], ["found"]),
    node("Add", ["found", "used"], ["embedded"]),
]
mean = [
    node("ReduceMean", ["x6", "axis"], ["mean"], keepdims=0),
    node("ReduceL2", ["mean", "axis"], ["norm"], keepdims=1),
    node("Div", ["mean", "norm"], ["y"]),
]
constants = {"begin": np.array([0]), "axis": np.array([1])}
nodes, weights = join([(lookup, tables | constants), *minilm_layers(saved), (mean, {})])
ids = helper.make_tensor_value_info("ids", TensorProto.INT64, [1, "tokens"])
y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 384])
beside = file.with_suffix(".bin")
# It would be appended to.
beside.unlink(missing_ok=True)
onnx.save(make_model(nodes, [ids], [y], weights), file, save_as_external_data=True, location=beside.name)
