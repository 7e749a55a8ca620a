"""The network all-MiniLM-L6-v2 as an ONNX graph, made from its published weights.

The graph takes the token ids of one text, without padding, and gives its unit vector. One text at a
time is as fast as batches (the matrices are large enough), needs no mask, and makes the vector of a
text independent of its neighbours. Fused operators for attention and for the residual with its norm
were measured to be slower on CPUs than the plain ones.

In int8, weights are quantised per column and activations per matrix while running; the mean cosine
to fp32 is 0.994, and 0.992 on x86 processors without VNNI, whose int8 products saturate. Changing
anything here means raising `minilm_files.RECIPE`.
Sources: https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2 and
https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from backend.documents.embedding.minilm_files import Precision

LAYERS, HEADS, HEAD_SIZE, DIMENSIONS = 6, 12, 32, 384
NORM_EPSILON = 1e-12
MICROSOFT = "com.microsoft"
IR_VERSION, OPSET = 9, 20

Weights = Mapping[str, NDArray[np.float32]]


def minilm_graph(weights: Weights, precision: Precision) -> onnx.ModelProto:
    """Make the graph: `input_ids` int64 of shape (tokens,) in, `vector` float32 of shape (384,) out.

    `weights` are named as in the published file; raise KeyError when one is missing.
    """
    network = _Network(weights, precision)
    hidden = network.embeddings("input_ids")
    for layer in range(LAYERS):
        hidden = network.layer(hidden, f"encoder.layer.{layer}.")
    network.pooled(hidden, "vector")
    return network.model()


class _Nodes:
    """Nodes and constants in the order they were made; every value is named after its node."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: NDArray[Any]) -> str:
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def integers(self, *values: int) -> str:
        name = "_".join(["integers", *map(str, values)])
        return self.constant(name, np.array(values, dtype=np.int64))

    def add(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:  # noqa: ANN401
        return self.several(1, kind, *inputs, domain=domain, **attributes)[0]

    def several(
        self,
        count: int,
        kind: str,
        *inputs: str,
        domain: str = "",
        **attributes: Any,  # noqa: ANN401 - as the operator has them
    ) -> list[str]:
        outputs = [f"{kind}_{len(self.nodes)}_{at}" for at in range(count)]
        self.nodes.append(
            helper.make_node(kind, list(inputs), outputs, domain=domain, **attributes)
        )
        return outputs


class _Network(_Nodes):
    """The parts of BERT as MiniLM has them."""

    def __init__(self, weights: Weights, precision: Precision) -> None:
        super().__init__()
        self._weights = weights
        self._int8 = precision == "int8"

    def embeddings(self, ids: str) -> str:
        """Look up words and positions; every token is of the first type."""
        words = self._words(ids)
        places = (
            self._weights["embeddings.position_embeddings.weight"]
            + self._weights["embeddings.token_type_embeddings.weight"][0]
        )
        count = self.add("Shape", ids)
        zero = self.integers(0)
        first = self.add("Slice", self.constant("positions", places), zero, count, zero)
        return self._norm(self.add("Add", words, first), "embeddings.LayerNorm")

    def layer(self, hidden: str, prefix: str) -> str:
        """One layer: attention, then the feed-forward part, each added to what came in."""
        context = self._attention(hidden, prefix + "attention.self.")
        attended = self._dense(context, prefix + "attention.output.dense")
        hidden = self._norm(
            self.add("Add", attended, hidden), prefix + "attention.output.LayerNorm"
        )
        wide = self.add("Gelu", self._dense(hidden, prefix + "intermediate.dense"))
        narrow = self._dense(wide, prefix + "output.dense")
        return self._norm(self.add("Add", narrow, hidden), prefix + "output.LayerNorm")

    def pooled(self, hidden: str, name: str) -> None:
        """The sum over tokens at unit length, which is the mean at unit length."""
        total = self.add("ReduceSum", hidden, self.integers(0), keepdims=0)
        self.nodes.append(helper.make_node("LpNormalization", [total], [name], axis=0, p=2))

    def model(self) -> onnx.ModelProto:
        """Close the graph and check it."""
        ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["tokens"])
        vector = helper.make_tensor_value_info("vector", TensorProto.FLOAT, [DIMENSIONS])
        constants = list(self.constants.values())
        graph = helper.make_graph(self.nodes, "minilm", [ids], [vector], constants)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
        made = helper.make_model(graph, opset_imports=opsets, producer_name="steward")
        made.ir_version = IR_VERSION
        onnx.checker.check_model(made)
        return made

    def _words(self, ids: str) -> str:
        table = self._weights["embeddings.word_embeddings.weight"]
        if not self._int8:
            return self.add("Gather", self.constant("words", table), ids)
        rows, scales = quantised(table.T)
        whole = self.add("Gather", self.constant("words", rows.T), ids)
        scale = self.add("Gather", self.constant("words.scale", scales[:, None]), ids)
        return self.add("Mul", self.add("Cast", whole, to=TensorProto.FLOAT), scale)

    def _attention(self, hidden: str, prefix: str) -> str:
        """Query, key and value in one product; the scale of attention is part of the query's weights."""
        names = [f"{prefix}{part}" for part in ("query", "key", "value")]
        matrix = np.concatenate([self._weights[f"{name}.weight"] for name in names]).T
        bias = np.concatenate([self._weights[f"{name}.bias"] for name in names])
        scale = np.ones(3 * DIMENSIONS, dtype=np.float32)
        scale[:DIMENSIONS] = HEAD_SIZE**-0.5
        joint = self._product(hidden, f"{prefix}joint", matrix * scale, bias * scale)
        split = self.add("Reshape", joint, self.integers(0, 3 * HEADS, HEAD_SIZE))
        by_head = self.add("Transpose", split, perm=[1, 0, 2])
        query, key, value = self.several(3, "Split", by_head, axis=0, num_outputs=3)
        scores = self.add("FusedMatMul", query, key, domain=MICROSOFT, transB=1)
        mixed = self.add("MatMul", self.add("Softmax", scores, axis=-1), value)
        by_token = self.add("Transpose", mixed, perm=[1, 0, 2])
        return self.add("Reshape", by_token, self.integers(0, DIMENSIONS))

    def _dense(self, hidden: str, name: str) -> str:
        return self._product(
            hidden, name, self._weights[f"{name}.weight"].T, self._weights[f"{name}.bias"]
        )

    def _product(
        self, hidden: str, name: str, matrix: NDArray[np.float32], bias: NDArray[np.float32]
    ) -> str:
        added = self.constant(f"{name}.bias", bias)
        if not self._int8:
            product = self.add("MatMul", hidden, self.constant(f"{name}.matrix", matrix))
            return self.add("Add", product, added)
        whole, scales = quantised(matrix)
        return self.add(
            "DynamicQuantizeMatMul",
            hidden,
            self.constant(f"{name}.matrix", whole),
            self.constant(f"{name}.scale", scales),
            self.constant(f"{name}.zero", np.zeros(len(scales), dtype=np.int8)),
            added,
            domain=MICROSOFT,
        )

    def _norm(self, hidden: str, name: str) -> str:
        weight = self.constant(f"{name}.weight", self._weights[f"{name}.weight"])
        bias = self.constant(f"{name}.bias", self._weights[f"{name}.bias"])
        return self.add("LayerNormalization", hidden, weight, bias, axis=-1, epsilon=NORM_EPSILON)


def quantised(matrix: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Quantise each column to whole numbers of -127 to 127; give them and the size of one step."""
    scales = np.abs(matrix).max(axis=0) / np.float32(127)
    scales[scales == 0] = 1
    whole = np.clip(np.rint(matrix / scales), -127, 127).astype(np.int8)
    return whole, scales.astype(np.float32)
