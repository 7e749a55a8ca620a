from __future__ import annotations

import subprocess
import sys


def test_a_server_that_has_searched_nothing_has_not_loaded_what_searches_need():
    """numpy, FAISS and the language model cost memory that only users of documents pay."""
    code = (
        "import sys; import backend.documents.search, backend.documents.index.user_index;"
        "print(sorted({'numpy', 'faiss', 'py3langid', 'onnxruntime'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
